package zmtp

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// called plays a handshake with a server by a client that shares calls, and returns the client's short-lived key and the
// session's.
func called(t *testing.T, calls *Calls, server *Curve) (short Key, session [KeySize]byte) {
	t.Helper()
	short, session, err := call(calls, server)
	if err != nil {
		t.Fatal(err)
	}
	return short, session
}

func call(calls *Calls, server *Curve) (short Key, session [KeySize]byte, err error) {
	p := curvePair{
		NewHandshake(server, Params{Side: Server, SocketType: "PUB"}, "SUB"),
		NewHandshake(&Curve{Own: []KeyPair{clientKey}, Server: serverKey.Public, Calls: calls}, Params{Side: Client, SocketType: "SUB"}, "PUB"),
	}
	client := p.client.Session().(*curveClient)
	short = client.short.Public
	_, err = p.play(untouched)
	return short, client.key, err
}

// A client calls many servers with one short-lived key for a moment. The key of each session is another.
func TestCurveCalls(t *testing.T) {
	one, other := &Curve{Own: []KeyPair{serverKey}, Admit: admitClient}, &Curve{Own: []KeyPair{serverKey}, Admit: admitClient}
	var calls Calls
	a, first := called(t, &calls, one)
	b, second := called(t, &calls, other)
	c, third := called(t, &calls, one)
	if a != b || b != c || len(calls.now.hellos) != 1 {
		t.Errorf("three keys for three calls, and %d keys of HELLOs", len(calls.now.hellos))
	}
	if first == second || second == third || third == first {
		t.Error("two sessions have one key")
	}
	if d, _ := called(t, nil, one); d == a {
		t.Error("who shares no calls has the key of others")
	}
	before := calls.now
	hellos := before.hellos
	before.forget()
	if before.pair.Secret != (Secret{}) || before.hellos != nil || hellos[serverKey.Public] != [KeySize]byte{} {
		t.Error("it is not forgotten")
	}
	calls.now = nil
	if e, fourth := called(t, &calls, one); e == a || fourth == third {
		t.Error("the same key again")
	}
}

// A server that says the short-lived key of another, which it has seen go by, is refused: its session would have the key
// of the other's.
func TestCurveCallsMeetNoKeyTwice(t *testing.T) {
	one, copier := &Curve{Own: []KeyPair{serverKey}, Admit: admitClient}, &Curve{Own: []KeyPair{serverKey}, Admit: admitClient}
	var calls Calls
	called(t, &calls, one)
	copier.recent.pair, copier.recent.used = one.recent.pair, make(map[Key]struct{})
	if _, _, err := call(&calls, copier); !errors.Is(err, ErrCurve) {
		t.Errorf("got %v", err)
	}
	if _, _, err := call(nil, copier); err != nil {
		t.Errorf("another client: %v", err)
	}
	before := calls.now.pair.Public
	for i := range recentUses {
		calls.now.meets(Key{byte(i), byte(i >> 8), 1})
	}
	if a, _ := called(t, &calls, one); a == before {
		t.Error("it remembers without end whom it has met")
	}
}

// Short-lived keys live for a second, on both sides, and nothing of them is left then: whoever steals lasting keys later
// reads nothing that was recorded.
func TestCurveKeysAreShortLived(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &Curve{Own: []KeyPair{serverKey}, Admit: admitClient}
		var calls Calls
		first, _ := called(t, &calls, server)
		calling, pair := calls.now, server.recent.pair.Public
		<-time.After(recentTime - time.Nanosecond)
		if again, _ := called(t, &calls, server); again != first || server.recent.pair.Public != pair {
			t.Error("other keys within a second")
		}
		<-time.After(time.Nanosecond)
		synctest.Wait()
		if calls.now != nil || calling.pair.Secret != (Secret{}) || calling.hellos != nil {
			t.Error("the client keeps what it called with")
		}
		if server.recent.pair.Secret != (Secret{}) || server.recent.used != nil || server.recent.vouches != nil {
			t.Error("the server keeps what it answered with")
		}
		if next, _ := called(t, &calls, server); next == first || server.recent.pair.Public == pair {
			t.Error("the same keys after a second")
		}
		<-time.After(recentTime) // the bubble ends with no timer of its own
		synctest.Wait()
	})
}
