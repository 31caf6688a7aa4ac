package link

import (
	"sync"
	"time"
)

// Verdict is what Config.Admit says of messages that have come.
type Verdict uint8

const (
	Admitted Verdict = iota // they are passed on
	Held                    // they wait, and what follows them on their connection: there is no room
	Dropped                 // they are not wanted
)

// valve holds up what comes over message connections while the reader of the events has no room for it. What is held up
// stays in the kernel, and then with its publisher. Lists pass it by.
type valve struct {
	admit  func(bytes, messages int) Verdict // nil: everything is admitted
	resume func()

	mu     sync.Mutex
	opened chan struct{} // closed when it is worth another try; nil: nobody is held up
	wires  []*wire       // that are
	again  *time.Timer   // tries without being told to
	closed bool
}

// valveEvery is between two tries without being told to: somebody may want no more of what is held up.
const valveEvery = time.Second

// judge judges a run. If it is held up, it is worth another try when the channel is closed. A wire is read again then.
func (v *valve) judge(bytes, messages int, w *wire) (Verdict, <-chan struct{}) {
	if v.admit == nil {
		return Admitted, nil
	}
	if verdict := v.admit(bytes, messages); verdict != Held {
		return verdict, nil
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if verdict := v.admit(bytes, messages); verdict != Held { // there was room in between, of which nobody was told
		return verdict, nil
	}
	if v.opened == nil && !v.closed {
		v.opened = make(chan struct{})
		v.again = time.AfterFunc(valveEvery, v.resume)
	}
	if w != nil {
		v.wires = append(v.wires, w)
	}
	return Held, v.opened
}

// open lets everybody try again.
func (v *valve) open(closed bool) {
	v.mu.Lock()
	if v.opened != nil {
		v.again.Stop()
		close(v.opened)
		v.opened = nil
	}
	v.closed = v.closed || closed
	wires := v.wires
	v.wires = nil
	v.mu.Unlock()
	for _, w := range wires {
		w.retry()
	}
}

// Resume is called when there is room again for what Config.Admit has held up.
func (l *Link) Resume() { l.valve.open(false) }

// admitted waits until a run is passed on, and reports whether it is wanted.
func (d *dialled) admitted(bytes, messages int) (bool, error) {
	for {
		verdict, again := d.link.valve.judge(bytes, messages, nil)
		if verdict != Held {
			return verdict == Admitted, nil
		}
		d.link.counters.add(messagesHeld, 1)
		d.held.Store(true)
		select {
		case <-again:
		case <-d.done():
			return false, d.ended()
		}
		d.held.Store(false)
	}
}
