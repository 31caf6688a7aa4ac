package link

import (
	"encoding/binary"
	"errors"
	"testing"
	"time"

	"hearsay/node/keys"
	"hearsay/node/link/zmtp"
)

// What comes twice over two connections is dropped once, whatever part of it is the same.
func TestDoubled(t *testing.T) {
	for _, c := range []struct{ old, heir, want string }{
		{"abcdef", "defgh", "gh"},
		{"abcdef", "ghi", "ghi"},
		{"abcdef", "f", ""},
		{"", "abc", "abc"},
		{"abc", "", ""},
		{"abcdef", "dexf", "xf"},     // the old connection lost something
		{"aaaa", "aaab", "aab"},      // cannot be told apart: rather twice than never
		{"abab", "abc", "c"},         //
		{"replay", "xplay", "xplay"}, // what is said to new listeners alone
	} {
		var d doubled
		s := &succession{}
		limits := zmtp.Limits{Message: 100, Frames: 8}
		for _, m := range c.old {
			s.recall(zmtp.AppendMessage(nil, []byte(string(m))), limits)
		}
		d.rest = s.seen
		got := ""
		for _, m := range c.heir {
			if !d.drop(zmtp.AppendMessage(nil, []byte(string(m)))) {
				got += string(m)
			}
		}
		if got != c.want {
			t.Errorf("%s, then %s: %q is left; want %q", c.old, c.heir, got, c.want)
		}
	}
}

// A naive node says the same again, before a connection is made anew and after: that is no message that comes twice. It was
// dropped while other connections were made anew first, or the dial took long.
func TestLockedRenewalKeepsEqualMessages(t *testing.T) {
	t.Parallel()
	from := open(t, Config{Keys: keys.Mesh(meshKey, laterKey)})
	to := open(t, Config{Keys: keys.Mesh(meshKey, laterKey), OverTCP: true, Subscribe: []string{"1"}})
	discard(from)
	if err := to.DialName(t.Context(), Message, from.Addr(Message), "from", ""); err != nil {
		t.Fatal(err)
	}
	old := to.standing(next(t, to, Up).ID)
	hears(t, from, to)
	say := func(body string) {
		t.Helper()
		if err := from.Publish(Message, []byte("1"), []byte(body)); err != nil {
			t.Fatal(err)
		}
		for got := ""; got != body; { // "are you there?" may come more than once
			run := next(t, to, Received).Run
			for frames := run.Next(nil); frames != nil; frames = run.Next(frames) {
				got = string(frames[1])
			}
		}
	}
	s := &succession{old: old, over: make(chan struct{})}
	old.heir.Store(s) // it is about to be made anew
	say("PING! from host naive")
	to.keys.Store(keys.Mesh(laterKey, meshKey))
	to.renew(old, s)
	meets(t, to, old.id, laterKey)
	<-s.over
	say("PING! from host naive")
}

// A key that is new to this side alone is not spoken with success. The old connection stays, as its key is still good.
func TestLockedRenewalFails(t *testing.T) {
	t.Parallel()
	from := open(t, Config{Keys: locked, OverTCP: true})
	to := open(t, Config{Keys: locked, OverTCP: true, Subscribe: []string{"1"}})
	if err := to.DialName(t.Context(), Message, from.Addr(Message), "from", ""); err != nil {
		t.Fatal(err)
	}
	discard(from)
	next(t, to, Up)
	to.SetKeys(keys.Mesh(laterKey, meshKey))
	counts(t, from, "refused_wrong_key", 1)
	hears(t, from, to)
	to.SetKeys(keys.Mesh(laterKey)) // and now it is not
	if e := next(t, to, Down); !errors.Is(e.Err, errWithdrawn) {
		t.Errorf("ended: %v", e.Err)
	}
}

// An heir that is held up does not keep the connection before it, whose key is withdrawn.
func TestLockedWithdrawnWhileItsHeirIsHeldUp(t *testing.T) {
	t.Parallel()
	from := open(t, Config{Keys: locked, OverTCP: true})
	to := open(t, Config{Keys: locked, OverTCP: true, Subscribe: []string{"1"}})
	if err := to.DialName(t.Context(), Message, from.Addr(Message), "from", ""); err != nil {
		t.Fatal(err)
	}
	discard(from)
	old := to.standing(next(t, to, Up).ID)
	old.heir.Store(&succession{old: old, over: make(chan struct{})})
	to.SetKeys(keys.Mesh(laterKey))
	if e := next(t, to, Down); !errors.Is(e.Err, errWithdrawn) {
		t.Errorf("ended: %v", e.Err)
	}
}

// Links for messages wait while links for lists are shaken hands for, but not for ever.
func TestLockedMessagesWaitForLists(t *testing.T) {
	t.Parallel()
	from := open(t, Config{Keys: locked})
	to := open(t, Config{Keys: locked, OverTCP: true, Subscribe: []string{"1"}})
	discard(from, to)
	to.shook.Store(int64(clock() + time.Hour)) // it never is calm
	begin := clock()
	if err := to.Dial(t.Context(), Message, from.Addr(Message), "from"); err != nil {
		t.Fatal(err)
	}
	if took := clock() - begin; took < calmLatest {
		t.Errorf("it waited for %v alone", took)
	}
	if err := to.Dial(t.Context(), Discovery, from.Addr(Discovery), "from"); err != nil {
		t.Fatal(err)
	}
}

// A connection over which nothing comes is made anew as well: the old key is not in use any more when it is removed.
func TestLockedRotationOfSilentPublishers(t *testing.T) {
	t.Parallel()
	from := open(t, Config{Keys: keys.Mesh(meshKey, laterKey)})
	to := open(t, Config{Keys: keys.Mesh(meshKey, laterKey), OverTCP: true, Subscribe: []string{"1"}})
	discard(from)
	if err := to.DialName(t.Context(), Message, from.Addr(Message), "from", ""); err != nil {
		t.Fatal(err)
	}
	id := next(t, to, Up).ID
	to.SetKeys(keys.Mesh(laterKey, meshKey))
	eventually(t, "the new key alone in use", func() bool {
		all := from.pubs[Message].gate.subscribers()
		if len(all) != 1 {
			return false
		}
		_, other := all[0].keys()
		return other == laterKey.Public
	})
	from.SetKeys(keys.Mesh(laterKey))
	meets(t, to, id, laterKey)
	hears(t, from, to)
	discard(to)
	if n := from.Stats()["withdrawn"]; n != 0 {
		t.Errorf("%d hung up", n)
	}
}

// A stranger who comes to a port for lists, and does not get in, holds up no link for messages. A member does.
func TestLockedStrangersHoldNothingUp(t *testing.T) {
	t.Parallel()
	l, addr := attacked(t, Config{Keys: locked})
	connect(t, addr).say(zmtp.AppendGreeting(nil, "CURVE")...).say(zmtp.AppendCommand(nil, "HELLO", make([]byte, 194))...).hungUp()
	counts(t, l, "handshake_rejects", 1)
	if l.shook.Load() != 0 {
		t.Error("a stranger counts")
	}
	flights(t, connect(t, addr), 9, meshKey)
	eventually(t, "a member counts", func() bool { return l.shook.Load() != 0 })
}

// A key that is withdrawn in the middle of a handshake is withdrawn.
func TestLockedWithdrawnWhileShaking(t *testing.T) {
	t.Parallel()
	l, addr := attacked(t, Config{Keys: locked})
	p := connect(t, addr)
	counts(t, l, "accepted", 1) // and it will be judged by the keys of that moment
	l.SetKeys(keys.Mesh(laterKey))
	flights(t, p, 2, meshKey)
	p.hungUp()
	counts(t, l, "handshake_rejects", 1)
}

// What waits on the old connection when its heir is there is read first, and all of it.
func TestLockedRotationBehindABacklog(t *testing.T) {
	t.Parallel()
	const n = 3000
	from := open(t, Config{Keys: keys.Mesh(meshKey, laterKey), OverTCP: true})
	to := open(t, Config{Keys: locked, OverTCP: true, Subscribe: []string{"1"}, EventBuffer: 1})
	if err := to.DialName(t.Context(), Message, from.Addr(Message), "from", ""); err != nil {
		t.Fatal(err)
	}
	next(t, from, ListenerUp)
	discard(from)
	next(t, to, Up)
	number := func(i uint64) []byte {
		return append(binary.BigEndian.AppendUint64(nil, i), make([]byte, 4<<10)...)
	}
	for i := range uint64(n) {
		if err := from.Publish(Message, []byte("1"), number(i)); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "nobody reads any more", func() bool { return len(to.Events()) == 1 })
	to.SetKeys(keys.Mesh(laterKey, meshKey))
	eventually(t, "the heir", func() bool { return to.Stats()["renewed"] == 1 })
	if err := from.Publish(Message, []byte("1"), number(n)); err != nil { // it goes over both, and shows the heir
		t.Fatal(err)
	}
	want := uint64(0)
	var frames [8][]byte
	for e := range to.Events() {
		if e.Kind != Received {
			t.Fatalf("after %d: %+v", want, e)
		}
		for f := e.Run.Next(frames[:0]); f != nil; f = e.Run.Next(frames[:0]) {
			if got := binary.BigEndian.Uint64(f[1]); got != want {
				t.Fatalf("%d came instead of %d", got, want)
			}
			want++
		}
		if want == n+1 {
			break
		}
	}
	discard(to)
}

// A connection that is renewed and hung up ends once.
func TestLockedHangUpWhileRenewed(t *testing.T) {
	t.Parallel()
	for range 20 {
		from := open(t, Config{Keys: keys.Mesh(meshKey, laterKey), OverTCP: true})
		to := open(t, Config{Keys: keys.Mesh(meshKey), OverTCP: true, Subscribe: []string{"1"}})
		discard(from)
		if err := to.DialName(t.Context(), Message, from.Addr(Message), "from", ""); err != nil {
			t.Fatal(err)
		}
		up := next(t, to, Up)
		to.SetKeys(keys.Mesh(laterKey, meshKey))
		to.HangUp(up.ID)
		if e := next(t, to, Down); e.ID != up.ID {
			t.Fatalf("%d ended, not %d", e.ID, up.ID)
		}
		eventually(t, "no connection", func() bool { return from.pubs[Message].gate.count() == 0 })
		if n := len(to.Events()); n != 0 {
			t.Fatalf("%d more events", n)
		}
	}
}
