package link

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hearsay/node/keys"
	"hearsay/node/link/zmtp"
	"hearsay/topics"
)

var (
	meshKey  = zmtp.GenerateKey()
	laterKey = zmtp.GenerateKey()
	locked   = keys.Mesh(meshKey)
)

// townKeys are pairs of nodes that know each other, and of a reader that they know; nobody knows the last one.
var townKeys = func() map[string]zmtp.KeyPair {
	m := make(map[string]zmtp.KeyPair)
	for _, name := range []string{"a", "b", "c", "reader", "stranger"} {
		m[name] = zmtp.GenerateKey()
	}
	return m
}()

// town is the ring of one of them; but says whom it does not know.
func town(self string, but ...string) *keys.Ring {
	members := make(map[topics.Name][]zmtp.Key)
	for _, name := range []string{"a", "b", "c"} {
		if !slices.Contains(but, name) {
			members[topics.Name(name)] = []zmtp.Key{townKeys[name].Public}
		}
	}
	return keys.Own(topics.Name(self), []zmtp.KeyPair{townKeys[self]}, members, []zmtp.Key{townKeys["reader"].Public})
}

// Both ways of meeting, over TCP and within the process, obey the same keys.
func bothWays(t *testing.T, f func(t *testing.T, overTCP bool)) {
	for name, overTCP := range map[string]bool{"TCP": true, "memory": false} {
		t.Run(name, func(t *testing.T) { f(t, overTCP) })
	}
}

func TestLockedMeet(t *testing.T) {
	t.Parallel()
	bothWays(t, func(t *testing.T, overTCP bool) {
		from := open(t, Config{Keys: locked, OverTCP: overTCP})
		to := open(t, Config{Keys: locked, OverTCP: overTCP, Hello: "to", Subscribe: []string{"1"}})
		if err := to.DialName(t.Context(), Message, from.Addr(Message), "from", "target"); err != nil {
			t.Fatal(err)
		}
		if e := next(t, from, HelloReceived); e.Name != "to" {
			t.Errorf("hello of %s", e.Name)
		}
		discard(from)
		hears(t, from, to)
		discard(to)
	})
}

// Who has no key, or another one, is refused by both sides, is counted, and is told of once.
func TestLockedRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		server, client *keys.Ring
		counter        string
		want           error
		plain          string // what is said of it
	}{
		"no key meets a key":    {locked, nil, "refused_no_key", zmtp.ErrMechanism, "no key: it is open, and this node is locked"},
		"a key meets none":      {nil, locked, "refused_keyed", zmtp.ErrMechanism, "no key here: it is locked, and this node is open"},
		"another mesh key":      {locked, keys.Mesh(laterKey), "refused_wrong_key", zmtp.ErrKey, ""},
		"own keys, mesh key":    {locked, town("b"), "refused_wrong_key", zmtp.ErrKey, ""},
		"a stranger":            {town("a"), town("stranger"), "refused_unauthorized", zmtp.ErrUnauthorized, ""},
		"a name without a key":  {town("a"), town("b", "a"), "", keys.ErrUnknown, ""},
		"a member unknown here": {town("a", "b"), town("b"), "refused_unauthorized", zmtp.ErrUnauthorized, ""},
	} {
		t.Run(name, func(t *testing.T) {
			bothWays(t, func(t *testing.T, overTCP bool) {
				server := open(t, Config{Keys: c.server})
				client := open(t, Config{Keys: c.client, OverTCP: overTCP, Subscribe: []string{"1"}})
				discard(client)
				for range 2 {
					for _, port := range []Port{Discovery, Message} {
						err := client.DialName(t.Context(), port, server.Addr(port), "a", "target")
						if !errors.Is(err, ErrHandshake) || !errors.Is(err, c.want) {
							t.Fatalf("%s: %v; want %v", port, err, c.want)
						}
					}
				}
				if c.counter == "" {
					if e := len(server.Events()); e != 0 {
						t.Errorf("%d events", e)
					}
					return
				}
				counts(t, server, c.counter, 4)
				if e := next(t, server, TurnedAway); !errors.Is(e.Err, c.want) && c.want != zmtp.ErrKey || !e.Addr.Addr().IsLoopback() {
					t.Errorf("told of %+v", e)
				}
				if e := len(server.Events()); e != 0 {
					t.Errorf("%d events more", e)
				}
				r := server.Refusals()
				if len(r) != 1 || r[0].Count != 4 || !r[0].From.IsLoopback() || c.plain != "" && !strings.HasPrefix(r[0].Why, c.plain) {
					t.Errorf("shown are %+v", r)
				}
			})
		})
	}
}

// libzmq without keys leaves as soon as it sees CURVE, in the middle of its greeting. Who says nothing is nobody.
func TestLockedLeftAtGreeting(t *testing.T) {
	t.Parallel()
	l, addr := attacked(t, Config{Keys: locked})
	connect(t, addr).say(greeting[:9]...).Close()
	counts(t, l, "handshake_rejects", 1)
	connect(t, addr).say(greeting[:11]...).Close()
	counts(t, l, "refused_no_key", 1)
	counts(t, l, "handshake_rejects", 2)

	server := publishing(t, func(p *peer) { p.say(greeting[:10]...).Close() })
	client := open(t, Config{Keys: locked})
	if err := client.Dial(t.Context(), Message, netipAddr(server), ""); !errors.Is(err, zmtp.ErrMechanism) {
		t.Errorf("got %v", err)
	}
}

// A name is who holds its key: whoever is dialled, and whoever says hello.
func TestLockedNames(t *testing.T) {
	t.Parallel()
	bothWays(t, func(t *testing.T, overTCP bool) {
		a := open(t, Config{Keys: town("a"), OverTCP: overTCP})
		b := open(t, Config{Keys: town("b"), OverTCP: overTCP, Hello: "b", Subscribe: []string{"1"}})
		liar := open(t, Config{Keys: town("b"), OverTCP: overTCP, Hello: "c", Subscribe: []string{"1"}})
		discard(liar)
		if err := b.DialName(t.Context(), Message, a.Addr(Message), "c", ""); !errors.Is(err, zmtp.ErrKey) {
			t.Errorf("a answers as c: %v", err)
		}
		if err := b.DialName(t.Context(), Message, a.Addr(Message), "a", ""); err != nil {
			t.Fatal(err)
		}
		if e := next(t, a, HelloReceived); e.Name != "b" {
			t.Errorf("hello of %s", e.Name)
		}
		up := next(t, b, Up)
		if !b.Speaks(up.ID, "A") || b.Speaks(up.ID, "c") || b.Speaks(up.ID+1000, "a") {
			t.Error("the holder of a's key may not be a, or may be others")
		}
		_ = liar.DialName(t.Context(), Message, a.Addr(Message), "a", "")
		if overTCP { // the handshake is good, and what it says then is not
			counts(t, a, "refused_unauthorized", 1)
			if e := next(t, a, TurnedAway); !errors.Is(e.Err, errMisnamed) {
				t.Errorf("told of %+v", e)
			}
		}
		for len(a.Events()) > 0 {
			if e := <-a.Events(); e.Kind == HelloReceived {
				t.Errorf("hello of %s is believed", e.Name)
			}
		}
	})
}

// Readers hear what there is, and nobody is told of them. A member that says no name has that of its key.
func TestLockedReaders(t *testing.T) {
	t.Parallel()
	bothWays(t, func(t *testing.T, overTCP bool) {
		a := open(t, Config{Keys: town("a"), OverTCP: overTCP})
		a.SetBeats([][]byte{[]byte("0"), []byte("a beat")}, nil)
		reader := open(t, Config{Keys: town("reader"), OverTCP: overTCP})
		if err := reader.DialName(t.Context(), Discovery, a.Addr(Discovery), "a", ""); err != nil {
			t.Fatal(err)
		}
		if e := next(t, reader, Received); !bytes.Contains(e.Run, []byte("a beat")) {
			t.Errorf("got %q", e.Run)
		}
		silent := open(t, Config{Keys: town("b"), OverTCP: overTCP})
		discard(silent)
		if err := silent.DialName(t.Context(), Discovery, a.Addr(Discovery), "a", ""); err != nil {
			t.Fatal(err)
		}
		first, second := next(t, a, ListenerUp), next(t, a, HelloReceived)
		if first.ID != second.ID || second.Name != "b" {
			t.Errorf("told of %+v and %+v", first, second)
		}
		reader.Close(0)
		silent.Close(0)
		if e := next(t, a, ListenerDown); e.ID != first.ID || len(a.Events()) > 0 {
			t.Errorf("told of the end of %d, and of %d things more", e.ID, len(a.Events()))
		}
	})
}

// A request reaches no reader: it may not answer, and whoever asked would wait for it.
func TestLockedReadersAreNoAudience(t *testing.T) {
	t.Parallel()
	bothWays(t, func(t *testing.T, overTCP bool) {
		a := open(t, Config{Keys: town("a"), OverTCP: overTCP})
		discard(a)
		for _, name := range []string{"reader", "b"} {
			other := open(t, Config{Keys: town(name), OverTCP: overTCP, Subscribe: []string{"4/x"}})
			discard(other)
			if err := other.DialName(t.Context(), Message, a.Addr(Message), "a", ""); err != nil {
				t.Fatal(err)
			}
		}
		ask := func() []Audience { return a.Audience(func(topic string) bool { return topic == "4/x" }) }
		eventually(t, "b has subscribed", func() bool { return slices.ContainsFunc(ask(), func(o Audience) bool { return o.Name == "b" }) })
		if all := ask(); len(all) != 1 {
			t.Errorf("who takes requests: %v", all)
		}
	})
}

// Whose key is withdrawn is hung up at both ends, at once, and cannot come back.
func TestLockedWithdrawn(t *testing.T) {
	t.Parallel()
	bothWays(t, func(t *testing.T, overTCP bool) {
		a := open(t, Config{Keys: town("a"), OverTCP: overTCP, Hello: "a", Subscribe: []string{"1"}})
		b := open(t, Config{Keys: town("b"), OverTCP: overTCP, Hello: "b", Subscribe: []string{"1"}})
		c := open(t, Config{Keys: town("c"), OverTCP: overTCP, Hello: "c", Subscribe: []string{"1"}})
		for _, other := range []struct {
			*Link
			name topics.Name
		}{{b, "b"}, {c, "c"}} {
			if err := other.DialName(t.Context(), Message, a.Addr(Message), "a", ""); err != nil {
				t.Fatal(err)
			}
			next(t, a, HelloReceived)
			if err := a.DialName(t.Context(), Message, other.Addr(Message), other.name, string(other.name)); err != nil {
				t.Fatal(err)
			}
			next(t, a, Up)
		}
		a.SetKeys(town("a", "b"))
		var ends []Kind
		for range 2 {
			for e := range a.Events() {
				if e.Kind == Down || e.Kind == ListenerDown {
					ends = append(ends, e.Kind)
					break
				}
			}
		}
		if !slices.Contains(ends, Down) || !slices.Contains(ends, ListenerDown) {
			t.Errorf("ends %v", ends)
		}
		next(t, b, Down)
		counts(t, a, "withdrawn", 1)
		if err := b.DialName(t.Context(), Message, a.Addr(Message), "a", ""); !errors.Is(err, zmtp.ErrUnauthorized) {
			t.Errorf("b comes back: %v", err)
		}
		if err := a.DialName(t.Context(), Message, b.Addr(Message), "b", ""); !errors.Is(err, keys.ErrUnknown) {
			t.Errorf("b is dialled: %v", err)
		}
		discard(b)
		hears(t, a, c) // who stays is not disturbed
		discard(a, c)
	})
}

// A key changes under a stream of messages: each arrives, once, in its order, and no connection is told to have ended.
func TestLockedRotation(t *testing.T) {
	t.Parallel()
	bothWays(t, func(t *testing.T, overTCP bool) {
		from := open(t, Config{Keys: locked, OverTCP: overTCP})
		to := open(t, Config{Keys: locked, OverTCP: overTCP, Subscribe: []string{"1"}})
		if err := to.DialName(t.Context(), Message, from.Addr(Message), "from", ""); err != nil {
			t.Fatal(err)
		}
		next(t, from, ListenerUp)
		discard(from)
		up := next(t, to, Up)

		var sent atomic.Uint64
		stop, stopped := make(chan struct{}), make(chan struct{})
		go func() { // as fast as a test may, without an outbox that runs over
			defer close(stopped)
			tick := time.NewTicker(time.Millisecond)
			defer tick.Stop()
			for {
				select {
				case <-tick.C:
					for range 5 {
						body := binary.BigEndian.AppendUint64(nil, sent.Add(1))
						if err := from.Publish(Message, []byte("1"), body); err != nil {
							t.Error(err)
							return
						}
					}
				case <-stop:
					return
				}
			}
		}()

		var came atomic.Uint64
		received := make(chan error, 1)
		go func() {
			var frames [8][]byte
			for e := range to.Events() {
				if e.Kind != Received || e.ID != up.ID {
					received <- fmt.Errorf("%+v", e)
					return
				}
				for f := e.Run.Next(frames[:0]); f != nil; f = e.Run.Next(frames[:0]) {
					n := binary.BigEndian.Uint64(f[1])
					if n != came.Load()+1 {
						received <- fmt.Errorf("%d came after %d", n, came.Load())
						return
					}
					came.Store(n)
				}
				select {
				case <-stopped:
					if came.Load() == sent.Load() {
						received <- nil
						return
					}
				default:
				}
			}
		}()

		flows := func() {
			at := sent.Load()
			eventually(t, "messages", func() bool { return came.Load() > at || len(received) > 0 })
		}
		first, second := meshKey, laterKey
		for range 3 {
			flows()
			for _, ring := range []*keys.Ring{keys.Mesh(first, second), keys.Mesh(second, first)} {
				for _, l := range []*Link{from, to} {
					l.SetKeys(ring)
					flows()
				}
			}
			eventually(t, "the new key in use", func() bool {
				d := to.standing(up.ID)
				if d == nil {
					return true // told as an error
				}
				own, other := d.keys()
				return own == second.Public && other == second.Public && from.pubs[Message].gate.count() == 1
			})
			for _, l := range []*Link{from, to} {
				l.SetKeys(keys.Mesh(second))
				flows()
			}
			first, second = second, first
		}
		close(stop)
		<-stopped
		if err := from.Publish(Message, []byte("1"), binary.BigEndian.AppendUint64(nil, sent.Add(1))); err != nil {
			t.Fatal(err)
		}
		select {
		case err := <-received:
			if err != nil {
				t.Fatal(err)
			}
		case <-time.After(patience):
			t.Fatalf("%d of %d came", came.Load(), sent.Load())
		}
		discard(to)
		if n := from.Stats()["withdrawn"]; n != 0 {
			t.Errorf("%d hung up", n)
		}
	})
}

func (g *gate) count() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.all)
}
