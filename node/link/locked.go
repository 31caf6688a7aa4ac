package link

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"syscall"
	"time"

	"hearsay/node/keys"
	"hearsay/node/link/zmtp"
	"hearsay/topics"
)

// A link with keys meets nobody without: what comes and goes over the network is CURVE, and a wire within the process
// obeys the same keys. A name is what a key may be called, where names are bound to keys.

// withdrawTime is how long a subscriber stays whose key is good no more.
const withdrawTime = 2 * time.Second

// expireTime is how long a connection to such a publisher stays: longer, as what that has sent is to be read to its end.
const expireTime = withdrawTime * 3 / 2

// Errors of connections in a locked mesh. What they are about stands before them.
var (
	errWithdrawn = errors.New("key withdrawn")
	errMisnamed  = fmt.Errorf("%w for the name that it says", zmtp.ErrUnauthorized)
)

// ring is who may meet whom now; nil: everybody.
func (l *Link) ring() *keys.Ring { return l.keys.Load() }

const (
	calmTime   = 250 * time.Millisecond // without a handshake of a link for lists
	calmLatest = 2 * time.Second        // where many nodes start at once on a machine that is busy, it takes that long
)

// calm waits until no link for lists has been shaken hands for in a moment. In a mesh that starts, handshakes are most
// of the work, and messages may begin a little later.
func (l *Link) calm(ctx context.Context) {
	if l.ring() == nil {
		return
	}
	tick := time.NewTicker(calmTime / 4)
	defer tick.Stop()
	for latest := clock() + calmLatest; clock() < latest && clock()-time.Duration(l.shook.Load()) < calmTime; {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// mechanism is that of connections that come in.
func (l *Link) mechanism() zmtp.Mechanism {
	if r := l.ring(); r != nil {
		return r.Answer()
	}
	return l.cfg.Mechanism
}

// ways are the mechanisms to dial a port of a name with, in their order.
func (l *Link) ways(name topics.Name, port Port) (ways []zmtp.Mechanism, err error) {
	r := l.ring()
	if r == nil {
		return []zmtp.Mechanism{l.cfg.Mechanism}, nil
	}
	curves, err := r.To(name)
	for _, c := range curves {
		c.Calls = &l.calls[port] // both ports of a peer have the same key, and are dialled with two
		ways = append(ways, c)
	}
	return ways, err
}

// Knows returns an error where names are bound to keys, and none of this name is known: it can be dialled in vain alone.
func (l *Link) Knows(name topics.Name) error {
	_, err := l.ways(name, Discovery)
	return err
}

// SetKeys replaces the ring of a link that has one. Connections that it would not let come about are hung up. Dialled
// ones that it would make with other keys are made anew, and go on meanwhile.
func (l *Link) SetKeys(r *keys.Ring) {
	if l.ring() == nil {
		return
	}
	l.keys.Store(r)
	for _, p := range l.pubs {
		for _, s := range p.gate.subscribers() {
			s.recheck()
		}
	}
	l.mu.Lock()
	var stale []*dialled
	for _, d := range l.dialled {
		d.expire()
		if d.heir.Load() == nil && !d.recheck() {
			stale = append(stale, d)
		}
	}
	l.mu.Unlock()
	l.renewAll(stale)
}

// Speaks reports whether the holder of the key at the other end of a dialled connection may be called by a name.
func (l *Link) Speaks(id ID, name topics.Name) bool {
	r := l.ring()
	if r == nil || !r.ByName() {
		return true
	}
	d := l.standing(id)
	if d == nil {
		return false
	}
	_, other := d.keys()
	return r.May(other, name)
}

// keyed is what a connection knows of keys.
type keyed struct {
	mu         sync.Mutex
	known      bool // the handshake is done
	own, other zmtp.Key
}

func (k *keyed) set(own, other zmtp.Key) {
	k.mu.Lock()
	k.known, k.own, k.other = true, own, other
	k.mu.Unlock()
}

func (k *keyed) keys() (own, other zmtp.Key) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.own, k.other
}

func (k *keyed) shaken() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.known
}

// keep takes the keys of a session that is established, unless they were withdrawn meanwhile.
func (c *conn) keep(s zmtp.Session) error {
	k, ok := s.(zmtp.Keyed)
	if !ok {
		return nil
	}
	c.keyed.set(k.Keys())
	if !c.kept() {
		return errWithdrawn
	}
	return nil
}

// kept reports whether the keys of a connection are still good. Those of one whose handshake goes on are looked at when
// it is done.
func (c *conn) kept() bool {
	r := c.link.ring()
	if r == nil || !c.shaken() {
		return true
	}
	return r.Keeps(c.keys())
}

// recheck hangs a subscriber up that would not be let in any more: 2 s later, as it may be about to come with another
// key, and reads to the end what it was sent.
func (s *subscriber) recheck() {
	if s.welcomeNow() {
		return
	}
	time.AfterFunc(withdrawTime, func() {
		if s.ended() == nil && !s.welcomeNow() {
			s.link.counters.add(withdrawn, 1)
			s.hangUp(errWithdrawn)
		}
	})
}

// welcomeNow reports whether a subscriber would be let in with the keys of now.
func (s *subscriber) welcomeNow() bool {
	r := s.link.ring()
	ok := s.kept()
	if end, wired := s.raw.(wireOut); wired {
		_, _, err := end.to.link.ring().Meets(r, end.to.name)
		ok = err == nil
	}
	if name, said := s.saidName(); ok && said && s.shaken() {
		_, other := s.keys()
		ok = r.May(other, name)
	}
	return ok
}

// saidName is the name that a subscriber has said hello with.
func (s *subscriber) saidName() (topics.Name, bool) {
	s.gate.mu.Lock()
	defer s.gate.mu.Unlock()
	return s.name, s.named
}

// mayBe reports whether a subscriber may say that it is called so.
func (s *subscriber) mayBe(name topics.Name) bool {
	r := s.link.ring()
	if r == nil {
		return true
	}
	_, other := s.keys()
	return r.May(other, name)
}

// reads reports whether a subscriber is no member, but may read.
func (s *subscriber) reads() bool {
	r := s.link.ring()
	if r == nil {
		return false
	}
	_, other := s.keys()
	return !r.Member(other)
}

// knownAs is the name of a subscriber that says none, where its key has one.
func (s *subscriber) knownAs() topics.Name {
	r := s.link.ring()
	if r == nil || !r.ByName() {
		return ""
	}
	_, other := s.keys()
	return r.NameOf(other)
}

// recheck reports whether a dialled connection is as it would be made now. One that may not go on, and that cannot be
// made anew, is hung up.
func (d *dialled) recheck() bool {
	r := d.link.ring()
	if end, wired := d.raw.(wireIn); wired {
		if own, other, err := r.Meets(end.from.link.ring(), d.name); err != nil {
			d.hangUp(errWithdrawn)
		} else {
			d.keyed.set(own, other)
			end.from.keyed.set(other, own)
		}
		return true
	}
	if !d.shaken() {
		return true
	}
	own, other := d.keys()
	if r.Prefers(d.name, own, other) {
		return true
	}
	if _, err := r.To(d.name); err != nil {
		d.hangUp(errWithdrawn)
		return true
	}
	return false
}

// ErrHungUp says that the other side ended the handshake at a step at which one does that has another key, or does not let
// this node in. One that is ended itself does the same: what stands behind it is likely, and no more.
var ErrHungUp = errors.New("hung up, most likely for")

// KeyError makes an error of keys of one that a connection ended with during its handshake, after so many bytes that
// are unread. A server that does not open a HELLO says nothing, it ends the connection. So does libzmq in the middle of
// its greeting, when it sees another mechanism than its own.
func KeyError(h *zmtp.Handshake, unread int, err error) error {
	if _, ok := h.Session().(zmtp.Keyed); !ok || !errors.Is(err, io.EOF) && !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, syscall.EPIPE) {
		return err
	}
	switch h.Awaits() {
	case "greeting":
		if unread >= zmtp.SignatureSize {
			return fmt.Errorf("%w: the other side left when it saw CURVE: %w", zmtp.ErrMechanism, err)
		}
	case "WELCOME":
		return fmt.Errorf("%w: %w: %w", ErrHungUp, zmtp.ErrKey, err)
	case "READY":
		return fmt.Errorf("%w: %w: %w", ErrHungUp, zmtp.ErrUnauthorized, err)
	}
	return err
}
