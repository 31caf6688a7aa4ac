package link

import (
	"context"
	"errors"
	"hash/maphash"
	"slices"
	"sync"
	"time"

	"hearsay/node/keys"
	"hearsay/node/link/zmtp"
)

// A dialled connection is made anew, when the keys have changed, without a message lost or doubled, and without anybody
// above noticing: it keeps its ID.
//
// The heir is dialled, subscribes, and sends a PING behind that, for a publisher that has nothing to say. As soon as
// something comes over it, it has what is published from then on. Then the old connection takes its subscriptions back,
// and is read until its publisher says that it has heard that. What came over both is dropped from the heir, which is
// read last.
//
// Messages are the same where their bytes are. Those of nodes are numbered, and no two are. A naive node may say the same
// twice. Its second message is lost where the first was under way over the old connection when the heir subscribed, the
// second came when the old one was over, and none came between them: within two journeys to the publisher and back. Of
// several equal ones that come over both the first is dropped, and the others come twice.

const (
	renewAtOnce = 4                    // connections that are renewed at the same time
	renewAgain  = 30 * time.Second     // after one that failed, or a dial that had to do with a second key
	partingTime = withdrawTime * 3 / 4 // for the publisher's answer over the old connection
	partingMost = 30 * time.Second     // for what the publisher has sent before it
	partingPing = "parting"            // the context of the PING that asks for it
	maxRecalled = 1 << 16              // messages that are remembered of the old connection
)

var errRenewed = errors.New("replaced by a connection with other keys")

// succession is what an old connection and its heir share.
type succession struct {
	old   *dialled
	over  chan struct{} // closed when the old one has been read to its end
	ended sync.Once

	mu   sync.Mutex
	seen []uint64 // hashes of messages that came over the old one, in their order
}

func (s *succession) end() { s.ended.Do(func() { close(s.over) }) }

var recallSeed = maphash.MakeSeed()

// recall notes the messages of a run.
func (s *succession) recall(run []byte, limits zmtp.Limits) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(run) > 0 {
		n, _, _, err := limits.Item(run)
		if n == 0 || err != nil {
			break
		}
		s.seen = append(s.seen, maphash.Bytes(recallSeed, run[:n]))
		run = run[n:]
	}
	if over := len(s.seen) - maxRecalled; over > 0 {
		s.seen = s.seen[over:]
	}
}

// doubled is what came over the old connection, and may come over its heir once more. It is the heir's reader's own.
//
// The heir's first message was the last of its kind on the old connection, or came after it. From there on both had the
// same: so the rest of the old one is what comes again.
type doubled struct {
	rest  []uint64
	begun bool
}

// drop reports whether a message came over the old connection already.
func (d *doubled) drop(message []byte) bool {
	if len(d.rest) == 0 {
		return false
	}
	hash := maphash.Bytes(recallSeed, message)
	if !d.begun {
		d.begun = true
		at := len(d.rest) - 1
		for at >= 0 && d.rest[at] != hash {
			at--
		}
		if at < 0 {
			d.rest = nil
			return false
		}
		d.rest = slices.Clone(d.rest[at+1:])
		return true
	}
	if d.rest[0] != hash {
		d.rest = nil // one of the two lost something
		return false
	}
	d.rest = d.rest[1:]
	return true
}

// begin forgets what came before the heir subscribes: its publisher had said that by then, and does not say it to the heir.
// Two messages of a naive node may be equal, and the later one is none that comes again.
func (s *succession) begin() {
	s.mu.Lock()
	s.seen = nil
	s.mu.Unlock()
}

// renewAll makes connections anew in the background, a few at a time.
func (l *Link) renewAll(stale []*dialled) {
	for _, d := range stale {
		s := &succession{old: d, over: make(chan struct{})}
		l.mu.Lock()
		if l.closed || !d.heir.CompareAndSwap(nil, s) {
			l.mu.Unlock()
			continue
		}
		l.dials.Add(1)
		l.mu.Unlock()
		if d.readOut.Load() {
			s.end()
		}
		go func() {
			defer l.dials.Done()
			l.renewing <- struct{}{}
			defer func() { <-l.renewing }()
			l.renew(d, s)
		}()
	}
}

// renew makes one anew. Where that fails, it stays as it is for as long as its keys are good.
func (l *Link) renew(d *dialled, s *succession) {
	ctx, cancel := context.WithTimeout(l.ctx, 2*l.cfg.HandshakeTimeout)
	defer cancel()
	with := l.ring()
	ways, err := l.ways(d.name, d.port)
	if err == nil {
		var heir *dialled
		if heir, err = l.reach(ctx, d.port, d.remote, d.target, ways[0]); err == nil {
			if err = l.inherit(heir, s); err == nil {
				l.freshen(heir, with)
				return
			}
		}
	}
	d.heir.Store(nil)
	if !d.good() {
		d.hangUp(errWithdrawn)
		return
	}
	l.freshen(d, with)
}

// good reports whether the keys of a connection may still be in use.
func (d *dialled) good() bool { return d.kept() && !d.forbidden() }

// expire hangs a connection up whose keys are not: a while later, as its heir may be about to take its place, and whatever
// holds that one up.
func (d *dialled) expire() {
	if d.good() {
		return
	}
	time.AfterFunc(expireTime, func() {
		if d.ended() == nil && !d.good() {
			d.hangUp(errWithdrawn)
		}
	})
}

// freshen looks after a connection that was made with the keys of a ring. If they have changed meanwhile it is made
// anew at once, and if the first of them did not do, later: the other side may have it by then.
func (l *Link) freshen(d *dialled, with *keys.Ring) {
	if l.ring() == nil || d.recheck() {
		return
	}
	if l.ring() != with {
		l.renewAll([]*dialled{d})
		return
	}
	if !d.later.CompareAndSwap(false, true) {
		return
	}
	time.AfterFunc(l.renewAgain, func() {
		d.later.Store(false)
		if d.ended() == nil && d.heir.Load() == nil && !d.recheck() {
			l.renewAll([]*dialled{d})
		}
	})
}

// inherit puts an heir in the place of the old connection, unless that was given up meanwhile.
func (l *Link) inherit(heir *dialled, s *succession) error {
	d := s.old
	heir.name, heir.told, heir.inherits = d.name, d.told, s
	l.mu.Lock()
	ok := !l.closed && l.standingLocked(d.told) == d && !errors.Is(d.ended(), errHungUp)
	if ok {
		heir.before = d
		l.heirs[d.told] = heir
	}
	l.mu.Unlock()
	if !ok {
		heir.hangUp(errHungUp)
		return errHungUp
	}
	l.counters.add(renewed, 1)
	return l.take(heir)
}

// asksToInherit is what an heir says after its subscriptions: the answer shows that they were heard.
func (d *dialled) asksToInherit() []byte {
	if d.inherits == nil {
		return nil
	}
	return pingFrame
}

// forbidden reports whether the other end may not be called any more as it was dialled.
func (d *dialled) forbidden() bool {
	r := d.link.ring()
	if r == nil || !r.ByName() {
		return false
	}
	_, other := d.keys()
	return !r.May(other, d.name)
}

// succeed waits until an heir is to be read: there is something to read, and the connection before it is over.
func (d *dialled) succeed() error {
	for {
		n, need, _, err := d.link.cfg.limits().Item(d.in.unread())
		if n > 0 || err != nil {
			break
		}
		if err := d.in.fill(need); err != nil {
			d.inherits.old.parts() // it was subscribed by then, or never will be
			return err
		}
	}
	d.in.part.done(len(d.in.buf))
	d.inherits.old.parts()
	select {
	case <-d.inherits.over:
	case <-d.done():
		return d.ended()
	}
	d.inherits.mu.Lock()
	d.doubled.rest = d.inherits.seen
	d.inherits.mu.Unlock()
	return nil
}

// parts lets a connection go whose heir is there: once its publisher has said all that it says over it, or in time
// before it would be hung up.
func (d *dialled) parts() {
	if d.ended() == nil {
		d.takeBack()
		d.partBy(clock() + partingMost)
	}
}

// takeBack takes all subscriptions of a connection back, and has its publisher say when it has heard that.
func (d *dialled) takeBack() {
	d.link.wanted.Lock()
	defer d.link.wanted.Unlock()
	d.parting = true
	var b []byte
	for _, topic := range slices.Concat(d.link.topicsLocked(d.port), d.own) {
		b = zmtp.AppendCancellation(b, topic)
	}
	d.out.put(zmtp.AppendCommand(b, "PING", []byte("\x00\x00"+partingPing)))
}

// partBy hangs an old connection up that brings nothing any more, or goes on to for too long. One whose reader has no
// room brings nothing either, and is waited for.
func (d *dialled) partBy(latest time.Duration) {
	runs := d.runs.Load()
	time.AfterFunc(partingTime, func() {
		if (d.runs.Load() != runs || d.held.Load()) && d.ended() == nil && clock() < latest {
			d.partBy(latest)
			return
		}
		d.hangUp(errRenewed)
	})
}

// parted ends a connection whose publisher has answered the last PING.
func (d *dialled) parted(frame []byte) bool {
	_, _, head := zmtp.Head(frame)
	name, context, ok := zmtp.ParseCommand(frame[head:])
	if !ok || name != "PONG" || string(context) != partingPing {
		return false
	}
	switch {
	case d.retired.Load():
		d.hangUp(errReplaced)
	case d.heir.Load() != nil:
		d.hangUp(errRenewed)
	default:
		return false
	}
	return true
}
