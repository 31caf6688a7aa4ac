package link

import (
	"fmt"
	"testing"
	"time"
)

// A full publisher keeps those who said their name, and makes room at the cost of others, strangers first.
func TestFull(t *testing.T) {
	t.Parallel()
	l := open(t, Config{MaxSubscribers: 4, MaxStrangers: 4, HandshakeTimeout: time.Hour})
	discard(l)
	addr := l.Addr(Discovery).String()
	named := func(i int) *peer { return subscribed(t, addr, fmt.Sprint("hello/n", i), "0").takenIn() }

	all := []*peer{named(0), named(1)}
	nameless, stranger := subscribed(t, addr, "0").takenIn(), subscribed(t, addr)
	all = append(all, named(2)) // in the stranger's place
	stranger.hungUp()
	all = append(all, named(3)) // in the nameless one's
	nameless.hungUp()
	counts(t, l, "shed", 2)

	connect(t, addr).hungUp()
	counts(t, l, "refused_full", 1)
	for _, p := range all {
		p.takenIn()
	}
	all[0].Close()
	eventually(t, "there is room again", func() bool { return len(l.pubs[Discovery].gate.subscribers()) == 3 })
	named(4)
}

// A link that is dialled by more than it has room for tells them so at once.
func TestFullInMemory(t *testing.T) {
	t.Parallel()
	to, from := open(t, Config{MaxSubscribers: 1}), open(t, Config{Hello: "n"})
	discard(to)
	dial(t, from, Discovery, to)
	settled(t, to, Discovery, 1)
	if err := from.Dial(t.Context(), Discovery, to.Addr(Discovery), ""); err == nil {
		t.Error("let in")
	}
	counts(t, to, "refused_full", 1)
}
