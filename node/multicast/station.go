package multicast

import (
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// Config says what is said, and where. All fields but Interfaces and Bind are needed.
type Config struct {
	Beacon     Beacon
	Groups     []netip.AddrPort // one of each family at most
	Interfaces []string         // names of those to use; none: all that are fit
	Bind       netip.Addr       // use those that have this address, and send from it; the zero value: any

	Alone func() bool    // nobody is heard
	Heard func(Hint)     // is told of each beacon, its own apart; from any goroutine, and may not wait
	Log   *slog.Logger   // for what goes wrong
	list  func() []iface // tests have interfaces of their own; nil: the system's
}

// Hint is a beacon that was heard, and where it came from.
type Hint struct {
	Beacon
	From netip.Addr // without a zone
}

// DefaultGroups are those of Config.Groups unless others are given. They are in the ranges that are for use within an
// organization (RFC 2365) and on one link (RFC 4291).
func DefaultGroups() []netip.AddrPort {
	return []netip.AddrPort{netip.MustParseAddrPort("239.77.77.77:20000"), netip.MustParseAddrPort("[ff02::7777]:20000")}
}

// CheckGroup returns what is wrong with a group, nil if nothing is.
func CheckGroup(g netip.AddrPort) error {
	switch {
	case !g.Addr().IsMulticast():
		return errors.New("must be a multicast address, such as 239.77.77.77")
	case g.Addr().Zone() != "" || g.Addr().Is4In6():
		return errors.New("must be an address without a zone, and IPv4 as such: interfaces are named apart")
	case g.Port() == 0:
		return errors.New("must have a port, such as :20000")
	}
	return nil
}

const (
	whileAlone = 2 * time.Second
	later      = 10 * time.Second
)

// atStart are the waits before the first beacons after the very first one: others may just be about to join.
var atStart = []time.Duration{250 * time.Millisecond, 750 * time.Millisecond}

// Station says beacons, and hears those of others.
type Station struct {
	cfg      Config
	packet   []byte
	ears     []*ear
	counters counters
	filter   filter

	mu      sync.Mutex
	mouths  map[mouthKey]*mouth
	refused map[mouthKey]bool // those that could not be made, which was told
	names   []string          // of the interfaces that are used
	problem string

	done chan struct{}
	wg   sync.WaitGroup
}

type counters struct {
	sent, failed, heard, own, malformed, oversized, elsewhere, flooded atomic.Uint64
}

// Open joins the groups, and begins. That there is no interface to use is no error: one may come.
func Open(cfg Config) (*Station, error) {
	if cfg.list == nil {
		cfg.list = system
	}
	if err := cfg.Beacon.validate(); err != nil {
		return nil, fmt.Errorf("multicast: %w", err)
	}
	s := &Station{
		cfg: cfg, packet: Append(nil, cfg.Beacon), done: make(chan struct{}),
		mouths: make(map[mouthKey]*mouth), refused: make(map[mouthKey]bool),
	}
	s.filter.init()
	var failed error
	for _, g := range cfg.Groups {
		e, err := listen(g)
		switch {
		case err == nil:
			s.ears = append(s.ears, e)
		case g.Addr().Is6() && len(cfg.Groups) > 1: // many machines have no IPv6
			cfg.Log.Debug("no multicast over IPv6", "group", g.String(), "why", err)
		default:
			failed = fmt.Errorf("multicast: listen for %s: %w", g, err)
		}
	}
	if failed != nil || len(s.ears) == 0 {
		for _, e := range s.ears {
			e.conn.Close()
		}
		return nil, failed
	}
	s.look() // before anybody is heard, so that State has something to say
	for _, e := range s.ears {
		s.wg.Go(func() { s.hear(e) })
	}
	s.wg.Go(s.speak)
	return s, nil
}

// Close ends it, and returns when nothing of it is left.
func (s *Station) Close() {
	close(s.done)
	for _, e := range s.ears {
		e.conn.Close()
	}
	s.wg.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, m := range s.mouths {
		m.close()
		delete(s.mouths, key)
	}
}

// speak says beacons until the end.
func (s *Station) speak() {
	for turn := 0; ; turn++ {
		if turn > 0 {
			s.look()
		}
		s.say()
		wait := later
		switch {
		case turn < len(atStart):
			wait = atStart[turn]
		case s.cfg.Alone():
			wait = whileAlone
		}
		timer := time.NewTimer(time.Duration(float64(wait) * (0.8 + 0.4*rand.Float64())))
		select {
		case <-timer.C:
		case <-s.done:
			timer.Stop()
			return
		}
	}
}

// say sends a beacon over each interface.
func (s *Station) say() {
	s.mu.Lock()
	mouths := make([]*mouth, 0, len(s.mouths))
	for _, m := range s.mouths {
		mouths = append(mouths, m)
	}
	s.mu.Unlock()
	for _, m := range mouths {
		if err := m.say(s.packet); err != nil && !errors.Is(err, net.ErrClosed) {
			s.counters.failed.Add(1)
			s.cfg.Log.Warn("multicast: a beacon was not sent", "interface", m.iface.Name, "group", m.group.String(), "why", err)
			continue
		}
		s.counters.sent.Add(1)
	}
}

// hear takes beacons until the socket is closed.
func (s *Station) hear(e *ear) {
	buf := make([]byte, MaxBeacon+1)
	for {
		n, from, to, err := e.read(buf)
		if err != nil {
			if s.over() {
				return
			}
			s.cfg.Log.Warn("multicast: nothing can be heard", "group", e.group.String(), "why", err)
			if s.sleep(time.Second) {
				return
			}
			continue
		}
		if wait := s.filter.all(clock()); wait > 0 && s.sleep(wait) {
			return
		}
		s.take(e, buf[:n], from, to)
	}
}

// take judges a packet.
func (s *Station) take(e *ear, packet []byte, from, to netip.Addr) {
	c := &s.counters
	switch {
	case to.IsValid() && to != e.group.Addr():
		c.elsewhere.Add(1)
		return
	case !s.filter.source(from, clock()):
		c.flooded.Add(1)
		return
	case len(packet) > MaxBeacon:
		c.oversized.Add(1)
		return
	}
	b, err := Parse(packet)
	switch {
	case err != nil:
		c.malformed.Add(1)
	case b == s.cfg.Beacon:
		c.own.Add(1)
	default:
		c.heard.Add(1)
		s.cfg.Heard(Hint{b, from})
	}
}

func (s *Station) over() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

// sleep waits, and reports whether the end came.
func (s *Station) sleep(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return false
	case <-s.done:
		return true
	}
}

// State is what a station does now.
type State struct {
	Groups     []string
	Interfaces []string // over which it speaks
	Problem    string   // why it speaks over none; "": it does
}

// State returns it.
func (s *Station) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := State{Interfaces: append([]string(nil), s.names...), Problem: s.problem}
	for _, e := range s.ears {
		st.Groups = append(st.Groups, e.group.String())
	}
	return st
}

// Stats returns every counter by its name, since the start: those of no station are 0.
func (s *Station) Stats() map[string]uint64 {
	c := &counters{}
	if s != nil {
		c = &s.counters
	}
	return map[string]uint64{
		"sent":      c.sent.Load(),      // beacons, each over one interface
		"failed":    c.failed.Load(),    // and those that could not be
		"heard":     c.heard.Load(),     // beacons of others
		"own":       c.own.Load(),       // and those that came back
		"malformed": c.malformed.Load(), // packets that are no beacon
		"oversized": c.oversized.Load(), // or too large for one
		"elsewhere": c.elsewhere.Load(), // or were sent to another group
		"flooded":   c.flooded.Load(),   // those beyond what one address may say
	}
}

var born = time.Now()

func clock() time.Duration { return time.Since(born) }
