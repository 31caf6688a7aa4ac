package link

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"testing"
	"time"

	"hearsay/node/keys"
	"hearsay/node/link/zmtp"
	"hearsay/topics"
)

// flights are what a client of a locked mesh says in its handshake, one after the other, while the server answers.
func flights(t testing.TB, p *peer, n int, key zmtp.KeyPair) (s zmtp.Session) {
	t.Helper()
	h := zmtp.NewHandshake(&zmtp.Curve{Own: []zmtp.KeyPair{key}, Server: meshKey.Public},
		zmtp.Params{Side: zmtp.Client, SocketType: "SUB", MaxMessage: 1 << 20}, "PUB")
	said := h.Opening()
	var in []byte
	for i := 0; ; i++ {
		if i >= n {
			return nil
		}
		go p.say(said...) // it is read while the other side still says its greeting
		for said = nil; len(said) == 0; {
			progress, err := h.Advance(in)
			if err != nil {
				t.Fatal(err)
			}
			in = in[progress.Used:]
			said = progress.Reply
			if progress.Done {
				return h.Session()
			}
			if progress.Used == 0 {
				b := make([]byte, 1000)
				m, err := p.r.Read(b)
				if err != nil && i == n-1 {
					return nil // it was the last word
				}
				if err != nil {
					t.Fatal(err)
				}
				in = append(in, b[:m]...)
			}
		}
	}
}

// A handshake that stops after any of its steps, or within one, ends in time.
func TestLockedStall(t *testing.T) {
	t.Parallel()
	curveGreeting := zmtp.AppendGreeting(nil, "CURVE")
	for name, attack := range map[string]func(*peer){
		"nothing":         func(*peer) {},
		"half a greeting": func(p *peer) { p.say(curveGreeting[:30]...) },
		"a greeting":      func(p *peer) { p.say(curveGreeting...) },
		"half a HELLO": func(p *peer) {
			p.say(append(curveGreeting, zmtp.AppendCommand(nil, "HELLO", make([]byte, 194))[:100]...)...)
		},
		"a HELLO": func(p *peer) { flights(t, p, 1, meshKey) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, addr := attacked(t, Config{Keys: locked, HandshakeTimeout: window})
			p := connect(t, addr)
			attack(p)
			p.hungUp()
			counts(t, l, "handshake_timeouts", 1)
			wellLocked(t, l)
		})
	}
}

// A publisher that stops after any of its steps, within one, or that says each byte late, holds up a dial for the time of
// one handshake, however many keys its name has, and keeps no place.
func TestLockedServerStalls(t *testing.T) {
	t.Parallel()
	greeting := zmtp.AppendGreeting(nil, "CURVE")
	ring := keys.Own("b", []zmtp.KeyPair{meshKey}, map[topics.Name][]zmtp.Key{"a": {meshKey.Public, laterKey.Public}}, nil)
	answer := func(p *peer, keep int) { // all but so many bytes of its WELCOME
		h := zmtp.NewHandshake(ring.Answer(), zmtp.Params{Side: zmtp.Server, SocketType: "PUB"}, "SUB")
		p.say(h.Opening()...)
		for in := []byte(nil); ; {
			progress, err := h.Advance(in)
			in = in[progress.Used:]
			if said := progress.Reply; len(said) > 0 {
				p.say(said[:len(said)-keep]...)
				return
			}
			if err != nil {
				t.Error(err)
				return
			}
			if progress.Used > 0 {
				continue
			}
			c, err := p.r.ReadByte()
			if err != nil {
				return
			}
			in = append(in, c)
		}
	}
	for name, serve := range map[string]func(*peer){
		"nothing":         func(*peer) {},
		"half a greeting": func(p *peer) { p.say(greeting[:30]...) },
		"a greeting":      func(p *peer) { p.say(greeting...) },
		"half a WELCOME":  func(p *peer) { answer(p, 80) },
		"a WELCOME":       func(p *peer) { answer(p, 0) },
		"byte by byte": func(p *peer) {
			for i := range greeting {
				if _, err := p.Write(greeting[i : i+1]); err != nil {
					return
				}
				<-time.After(window / 16) // four windows in all
			}
			p.Close()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := open(t, Config{Keys: ring, HandshakeTimeout: window, MaxDials: 1})
			addr := netipAddr(publishing(t, serve))
			for range 2 {
				if err := l.DialName(t.Context(), Discovery, addr, "a", ""); !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Fatal(err)
				}
			}
			if err := l.CanDial(Discovery); err != nil {
				t.Error(err)
			}
		})
	}
}

// wellLocked checks that a locked link still serves an honest newcomer.
func wellLocked(t testing.TB, l *Link) {
	t.Helper()
	p := connect(t, l.Addr(Discovery).String())
	s := flights(t, p, 9, meshKey)
	p.say(s.Seal(nil, subscription("0"))...)
	p.SetReadDeadline(time.Now().Add(patience))
	if _, body, err := p.frame(); err != nil || !bytes.HasPrefix(body, []byte("\x07MESSAGE")) {
		t.Fatalf("an honest newcomer is kept out: %q, %v", body, err)
	}
}

// What an authenticated client may do wrong ends its connection alone, and takes no more memory than without keys.
func TestLockedBreaches(t *testing.T) {
	t.Parallel()
	l, addr := attacked(t, Config{Keys: locked})
	for i, c := range []struct {
		kind string
		say  func(s zmtp.Session) []byte
	}{
		{"bad_box", func(zmtp.Session) []byte { return subscription("0") }},
		{"bad_box", func(s zmtp.Session) []byte { b := s.Seal(nil, subscription("0")); return append(b, b...) }},
		{"bad_box", func(s zmtp.Session) []byte { b := s.Seal(nil, subscription("0")); b[len(b)-1]++; return b }},
		{"bad_frame", func(s zmtp.Session) []byte { return []byte{1, 1, 'x', 0, 1, 'x'} }},
		{"too_large", func(zmtp.Session) []byte { return head(0, 1<<62) }},
		{"too_large", func(zmtp.Session) []byte { return head(0, maxControlFrame+100) }},
		{"too_large", func(s zmtp.Session) []byte { return s.Seal(nil, subscription(string(make([]byte, maxControlFrame)))) }},
		{"bad_frame", func(s zmtp.Session) []byte { return s.Seal(nil, append([]byte{zmtp.FlagMore, 1, 'x'}, ping...)) }},
		{"too_many_frames", func(s zmtp.Session) []byte {
			return s.Seal(nil, zmtp.AppendMessage(nil, bytes.Split(make([]byte, 100), nil)...))
		}},
	} {
		before := l.Stats()[c.kind]
		p := connect(t, addr)
		s := flights(t, p, 9, meshKey)
		p.say(c.say(s)...)
		p.hungUp()
		eventually(t, fmt.Sprintf("%d: %s", i, c.kind), func() bool { return l.Stats()[c.kind] == before+1 })
	}
	wellLocked(t, l)
}

// A client that says anything at all to a locked publisher, as it comes or in boxes: the connection ends, the publisher
// lives.
func FuzzLockedClient(f *testing.F) {
	hello := zmtp.NewHandshake(&zmtp.Curve{Own: []zmtp.KeyPair{meshKey}, Server: meshKey.Public}, zmtp.Params{Side: zmtp.Client, SocketType: "SUB"}).Opening()
	f.Add(hello, false, uint8(0))
	f.Add(hello[:100], false, uint8(3))
	f.Add(append(zmtp.AppendGreeting(nil, "CURVE"), zmtp.AppendCommand(nil, "INITIATE", make([]byte, 300))...), false, uint8(1))
	f.Add(append(subscription("0"), ping...), true, uint8(1))
	f.Add(append(subscription("hello/a"), cancellation("x")...), true, uint8(200))
	f.Add(head(0, 1<<62), true, uint8(200))
	l := open(f, Config{Keys: locked})
	l.SetBeats([][]byte{[]byte("0"), []byte("beat")}, nil)
	discard(l)
	g := l.pubs[Discovery].gate
	f.Fuzz(func(t *testing.T, b []byte, boxed bool, pieces uint8) {
		here, there := net.Pipe()
		s := g.newSubscriber(there)
		g.enter(s)
		go g.shake(s)
		if boxed {
			p := newPeer(t, here)
			session := flights(t, p, 9, meshKey)
			b = sealedWhole(session, b)
		}
		say(here, b, pieces)
		eventually(t, "the connection is forgotten", func() bool { return len(g.subscribers()) == 0 })
	})
}

// sealedWhole seals the whole frames at the start of b, and appends the rest as it is.
func sealedWhole(s zmtp.Session, b []byte) []byte {
	n := 0
	for {
		flags, size, head := zmtp.Head(b[n:])
		if flags&^(zmtp.FlagMore|zmtp.FlagLong|zmtp.FlagCommand) != 0 || head == 0 || size > uint64(len(b)-n-head) {
			return append(s.Seal(nil, b[:n]), b[n:]...)
		}
		n += head + int(size)
	}
}

// A locked publisher that says anything at all: what comes through is in order, then the connection goes down.
func FuzzLockedPublisher(f *testing.F) {
	f.Add(zmtp.AppendMessage(nil, []byte("0"), []byte("body")), uint16(0), uint8(0), uint8(0))
	f.Add(append(zmtp.AppendMessage(nil, []byte("0")), ping...), uint16(20), uint8(1), uint8(3))
	f.Add(append(zmtp.AppendMessage(nil, []byte("0")), head(zmtp.FlagMore, 1<<49)...), uint16(2), uint8(255), uint8(200))
	l := open(f, Config{Keys: locked, MaxMessage: 1000})
	f.Fuzz(func(t *testing.T, b []byte, at uint16, flip, pieces uint8) {
		here, there := net.Pipe()
		done := make(chan error, 1)
		go func() {
			h := zmtp.NewHandshake(locked.Answer(), zmtp.Params{Side: zmtp.Server, SocketType: "PUB", MaxMessage: 1 << 20}, "SUB")
			err := serve(here, h)
			if err == nil {
				said := sealedWhole(h.Session(), b)
				if len(said) > 0 {
					said[int(at)%len(said)] ^= flip
				}
				say(here, said, pieces)
			}
			done <- err
		}()
		d := l.newDialled(pipe{there}, Discovery, netip.AddrPort{}, "")
		ways, _ := l.ways("", Discovery)
		d.mechanism = ways[0]
		if err := d.shake(context.Background(), time.Hour, zmtp.Client, "SUB", "PUB"); err != nil {
			t.Fatal(err)
		}
		if err := l.take(d); err != nil {
			t.Fatal(err)
		}
		var got []byte
		for e := range l.Events() {
			if e.Kind == Received {
				got = append(got, e.Run...)
			}
			if e.Kind == Down {
				break
			}
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		var want []byte // without heads that are longer than they have to be
		for r := zmtp.Run(messagesOf(b, l.cfg.limits())); len(r) > 0; {
			want = zmtp.AppendMessage(want, r.Next(nil)...)
		}
		if !bytes.HasPrefix(want, got) || flip == 0 && !bytes.Equal(want, got) {
			t.Fatalf("%d bytes came through of %d", len(got), len(want))
		}
	})
}

// serve plays the server's side of a handshake.
func serve(c net.Conn, h *zmtp.Handshake) error {
	greeted := make(chan struct{})
	go func() { // a pipe takes nothing before it is read, and the other end writes first as well
		defer close(greeted)
		_, _ = c.Write(h.Opening())
	}()
	var in []byte
	for {
		p, err := h.Advance(in)
		if err != nil {
			return err
		}
		in = in[p.Used:]
		if len(p.Reply) > 0 {
			<-greeted
			if _, err := c.Write(p.Reply); err != nil {
				return err
			}
		}
		if p.Done {
			return nil
		}
		if p.Used == 0 {
			b := make([]byte, 1000)
			n, err := c.Read(b)
			if n == 0 && err != nil && !errors.Is(err, io.EOF) {
				return err
			}
			in = append(in, b[:n]...)
		}
	}
}

// A stranger who comes with a reason and then with another is told of once for each, however often.
func TestRefusalsAreToldOnce(t *testing.T) {
	t.Parallel()
	var r refusals
	reasons := []counter{refusedNoKey, refusedWrongKey, refusedUnauthorized}
	told := 0
	for i := range 300 {
		if r.first(refusal{netip.MustParseAddr("192.0.2.1"), reasons[i%len(reasons)]}, "why", time.Unix(1, 0)) {
			told++
		}
	}
	if one := r.told[refusal{netip.MustParseAddr("192.0.2.1"), refusedNoKey}]; one.Count != 100 {
		t.Errorf("counted %d", one.Count)
	}
	if told != len(reasons) {
		t.Errorf("told %d times of %d reasons", told, len(reasons))
	}
	at := netip.MustParseAddr("192.0.2.2")
	for range 3 * maxRefusals {
		if r.first(refusal{at, refusedNoKey}, "why", time.Unix(2, 0)) {
			told++
		}
		at = at.Next()
	}
	if told != maxRefusals || len(r.told) != maxRefusals {
		t.Errorf("told %d times, and keeps %d; want %d", told, len(r.told), maxRefusals)
	}
}

// Who stays away for ten minutes is forgotten and makes room; who comes back is told of again.
func TestRefusalsAgeOut(t *testing.T) {
	t.Parallel()
	var r refusals
	who := func(i int) refusal {
		return refusal{netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), refusedNoKey}
	}
	for i := range maxRefusals {
		r.first(who(i), "why", time.Unix(0, 0))
	}
	for _, c := range []struct {
		who  int
		at   time.Duration
		told bool
		kept int
	}{
		{0, 9 * time.Minute, false, maxRefusals},
		{maxRefusals, 9*time.Minute + 30*time.Second, false, maxRefusals}, // there is no room
		{1, 10 * time.Minute, true, 2},
		{maxRefusals, 10*time.Minute + time.Second, true, 3},
		{0, 10*time.Minute + 2*time.Second, false, 3},
		{2, 20*time.Minute + 1500*time.Millisecond, true, 2}, // one of those that came within ten minutes, and this
		{2, 30*time.Minute + 1600*time.Millisecond, true, 1},
	} {
		now := time.Unix(0, 0).Add(c.at)
		if told := r.first(who(c.who), "why", now); told != c.told {
			t.Errorf("%d at %v: told %v", c.who, c.at, told)
		}
		if kept := r.since(now); len(kept) != c.kept {
			t.Errorf("%d at %v: %d are shown, want %d", c.who, c.at, len(kept), c.kept)
		}
	}
}
