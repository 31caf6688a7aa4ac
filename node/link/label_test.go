package link

import (
	"slices"
	"testing"

	"hearsay/topics"
)

// What a publisher sends goes to those of its mesh alone, on both ports, whatever comes first: the hello or the topics.
func TestOnlyTheOwnMeshIsSentAnything(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		own   string
		says  []string // in this order
		label bool     // it is told the label
		gets  bool
	}{
		{"", []string{"0", "1"}, false, true},
		{"", []string{"hello/a", "mesh", "0", "1"}, false, true},
		{"", []string{"mesh", "0", "1"}, false, true},
		{"", []string{"mesh", "hello/blue/a", "0", "1"}, true, false},
		{"blue", []string{"mesh", "hello/blue/a", "0", "1"}, true, true},
		{"", []string{"hello/blue/a", "mesh", "0", "1"}, true, false},
		{"blue", []string{"0", "1"}, false, false},
		{"blue", []string{"hello/a", "mesh", "0", "1"}, true, false},
		{"blue", []string{"hello/red/a", "mesh", "mesh", "0", "1"}, true, false},
		{"blue", []string{"hello/blue/a", "mesh", "0", "1"}, false, true},
		{"blue", []string{"0", "1", "hello/blue/a"}, false, true},
		{"blue", []string{"0", "1", "hello/blue/"}, false, true},
		{"blue", []string{"0", "1", "hello/red/a", "hello/blue/a"}, false, false},
	} {
		l := open(t, Config{Mesh: c.own})
		discard(l)
		l.SetBeats([][]byte{[]byte("0"), []byte("newest")}, nil)
		for _, port := range []Port{Discovery, Message} {
			p := subscribed(t, l.Addr(port).String(), c.says...)
			if c.label && port == Discovery {
				p.expect("mesh", c.own)
			}
			if c.gets && port == Discovery {
				p.expect("0", "newest")
			}
			p.takenIn()
			topic := [...]string{"0", "1"}[port]
			witness := subscribed(t, l.Addr(port).String(), topics.Hello{Mesh: c.own, Name: "w"}.Topic(), topic)
			if port == Discovery {
				witness.expect("0", "newest")
			}
			witness.takenIn()
			if err := l.Publish(port, []byte(topic), []byte("published")); err != nil {
				t.Fatal(err)
			}
			witness.expect(topic, "published")
			if c.gets {
				p.expect(topic, "published")
			}
			p.takenIn()
			p.Close()
			witness.Close()
		}
	}
}

// A listener is told of where it is of this mesh, and where it says another one that is told in its place, however the
// two are connected.
func TestForeignListeners(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ own, other string }{{"", ""}, {"blue", "blue"}, {"", "red"}, {"blue", ""}, {"blue", "red"}} {
		for _, tcp := range []bool{false, true} {
			from, to := open(t, Config{Mesh: c.own}), open(t, Config{Mesh: c.other, Hello: "to", Subscribe: []string{"1"}})
			if tcp {
				hide(from)
			}
			from.SetBeats([][]byte{[]byte("0"), []byte("newest")}, nil)
			dial(t, to, Discovery, from)
			run := next(t, to, Received).Run
			said := run.Next(nil)
			if c.own == c.other {
				if up, hello := next(t, from, ListenerUp), next(t, from, HelloReceived); up.ID != hello.ID || string(said[1]) != "newest" {
					t.Errorf("%v: %+v, %+v, %q", c, up, hello, said)
				}
				continue
			}
			if string(said[0]) != topics.Mesh || string(said[1]) != c.own {
				t.Errorf("%v: was told %q", c, said)
			}
			if e := <-from.Events(); e.Kind != Foreign || e.Name != "to" || e.Mesh != c.other {
				t.Errorf("%v: %+v", c, e)
			}
			counts(t, from, "foreign_hellos", 1)
		}
	}
}

// One that is taken for a listener, as it subscribes before it says another mesh, is one no more.
func TestListenerOfAnotherMeshGoes(t *testing.T) {
	t.Parallel()
	l := open(t, Config{})
	p := subscribed(t, l.Addr(Discovery).String(), "0", "hello/blue/a")
	var kinds []Kind
	for range 3 {
		kinds = append(kinds, (<-l.Events()).Kind)
	}
	if !slices.Equal(kinds, []Kind{ListenerUp, ListenerDown, Foreign}) {
		t.Errorf("got %v", kinds)
	}
	p.Close()
	eventually(t, "it is forgotten", func() bool { return len(l.pubs[Discovery].gate.subscribers()) == 0 })
	if n := len(l.Events()); n > 0 {
		t.Errorf("%d more events", n)
	}
}
