package link

import (
	"testing"

	"hearsay/topics"
)

// Whoever comes gets the last whole telling, and all that has changed in it since.
func TestWhatIsToldToWhoComes(t *testing.T) {
	t.Parallel()
	l := open(t, Config{})
	discard(l)
	tell := func(whole string, topic, body string) {
		var kept [][]byte
		if whole != "" {
			kept = [][]byte{[]byte("7"), []byte(whole), []byte("{}")}
		}
		if err := l.Tell([][]byte{[]byte(topic), []byte(body), []byte("{}")}, kept); err != nil {
			t.Fatal(err)
		}
	}
	tell("old", "7", "old")
	tell("", "7+", "older")
	tell("whole", "7+", "newer")
	tell("", "7+", "one")
	tell("", "7+", "two")
	p := subscribed(t, l.Addr(Discovery).String(), "7", "0")
	p.expect("7", "whole", "{}")
	p.expect("7+", "one", "{}")
	p.expect("7+", "two", "{}")
}

// Whoever dials aside is told nothing of others, and all of it as soon as it asks: over the network and in memory.
func TestWhoAsksLateIsToldAll(t *testing.T) {
	t.Parallel()
	for _, tcp := range []bool{false, true} {
		from, to := open(t, Config{OverTCP: tcp}), open(t, Config{})
		discard(to)
		to.SetBeats([][]byte{[]byte("0"), []byte("to")}, nil)
		whole := [][]byte{[]byte("7"), []byte("whole"), []byte("{}")}
		if err := to.Tell(whole, whole); err != nil {
			t.Fatal(err)
		}
		if err := from.DialAside(t.Context(), Discovery, to.Addr(Discovery), "", "to"); err != nil {
			t.Fatal(err)
		}
		id := next(t, from, Up).ID
		first := func() string {
			e := next(t, from, Received)
			return string(e.Run.Next(nil)[0])
		}
		if topic := first(); topic != topics.Discovery {
			t.Errorf("TCP %v: it is told %q", tcp, topic)
		}
		from.Say(id, topics.Told, false)
		if topic := first(); topic != topics.Told {
			t.Errorf("TCP %v: it asks, and is told %q", tcp, topic)
		}
	}
}
