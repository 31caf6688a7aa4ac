package link

import (
	"errors"
	"time"
)

// Where a network carried nothing for a while, TCP tries again after about as long a while: a connection that was in use
// brings nothing for as long again, while new ones do. No answer of the kernel shows it, as that comes from the other
// direction. What shows it is a PING, whose answer waits behind all that the publisher has said: where not a single byte
// comes, the connection is stuck. A new one may take its place then, while the old one is read to its end.

// askTime is how long a publisher may take to answer with anything. Where a journey takes longer a connection is taken for
// stuck that is not, and costs another one.
const askTime = time.Second

var errReplaced = errors.New("another connection has taken its place")

// Ask asks the publisher of a dialled connection for messages whether what it says arrives. Where no byte comes within a
// second a Stuck event says so, and Flows once one does. It costs nothing where it is being asked already. Nothing is stuck
// that waits here, for room or for the CPU. Whoever is asked has to answer a PING, as every node does that is not naive.
func (l *Link) Ask(id ID) {
	d := l.standing(id)
	if d == nil || d.port != Message {
		return
	}
	if wired(d.raw) || !d.asking.CompareAndSwap(false, true) {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	l.dials.Add(1)
	go func() {
		defer l.dials.Done()
		d.await()
		d.asking.Store(false)
	}()
}

// await asks, and tells until something comes.
func (d *dialled) await() {
	before := d.in.bytes.Load()
	d.out.put(pingFrame)
	stuck := false
	tick := time.NewTicker(askTime)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-d.done():
			return
		case <-d.link.ctx.Done():
			return
		}
		switch {
		case d.in.bytes.Load() != before:
			if stuck {
				d.link.emit(Event{Kind: Flows, Port: d.port, ID: d.told, Addr: d.remote})
			}
			return
		case stuck || d.waits():
		default:
			stuck = true
			d.link.emit(Event{Kind: Stuck, Port: d.port, ID: d.told, Addr: d.remote})
		}
	}
}

// waits reports whether something has come, and is not read.
func (d *dialled) waits() bool {
	v, _ := d.kernel.look()
	return d.held.Load() || v.unread > 0
}

// Retire has the publisher of a dialled connection say no more over it, as another one has taken its place, and reads what
// it has said before, however long TCP takes for that: up to 64 MiB. A Down event follows.
func (l *Link) Retire(id ID) {
	if d := l.standing(id); d != nil {
		d.allowance.Store(readOutBytes)
		d.retired.Store(true)
		d.takeBack()
	}
}
