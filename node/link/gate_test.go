package link

import (
	"fmt"
	"net"
	"slices"
	"testing"
	"time"
)

// A full publisher makes room at the cost of strangers, and turns a newcomer away where there is none: a listener that
// says no name may be a naive node.
func TestFull(t *testing.T) {
	t.Parallel()
	for _, port := range []Port{Discovery, Message} {
		l := open(t, Config{MaxSubscribers: 4, MaxStrangers: 4, HandshakeTimeout: time.Hour})
		discard(l)
		addr, topic := l.Addr(port).String(), fmt.Sprint(uint8(port))
		named := func(i int) *peer { return subscribed(t, addr, fmt.Sprint("hello/n", i), topic).takenIn() }

		all := []*peer{named(0), named(1), subscribed(t, addr, topic).takenIn()}
		stranger := subscribed(t, addr)
		all = append(all, named(2)) // in the stranger's place
		stranger.hungUp()
		counts(t, l, "shed", 1)

		connect(t, addr).hungUp()
		counts(t, l, "refused_full", 1)
		for _, p := range all {
			p.takenIn()
		}
		all[0].Close()
		eventually(t, "there is room again", func() bool { return len(l.pubs[port].gate.subscribers()) == 3 })
		named(3)
	}
}

// A connection that subscribes to what the port does not carry takes no place from those who listen.
func TestUselessSubscriptionIsAStranger(t *testing.T) {
	t.Parallel()
	const places = 4
	for port, c := range map[Port]struct{ useless, useful []string }{
		Discovery: {[]string{"zzz", "1", "00", "2/a"}, []string{"0", ""}},
		Message:   {[]string{"zzz", "0", "11", "7"}, []string{"1", "", "2/a", "4/a", "6"}},
	} {
		l := open(t, Config{MaxSubscribers: places, MaxStrangers: places, HandshakeTimeout: time.Hour})
		discard(l)
		addr := l.Addr(port).String()
		for i, topic := range c.useless {
			subscribed(t, addr, fmt.Sprint("hello/idle", i), topic).takenIn()
		}
		for i := range places {
			subscribed(t, addr, c.useful[i%len(c.useful)]).takenIn()
		}
		counts(t, l, "shed", places)
		connect(t, addr).hungUp()
	}
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

// connectFrom dials a publisher from an address of its own.
func connectFrom(t *testing.T, from, addr string) *peer {
	t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}, Timeout: patience}
	c, err := d.Dial("tcp", addr)
	if err != nil {
		t.Skip("this system has no addresses in 127.0.0.0/8 but 127.0.0.1: ", err)
	}
	p := newPeer(t, c)
	p.say(opening("SUB")...)
	return p
}

// let waits until the publisher has let a connection in.
func (p *peer) let() *peer {
	p.t.Helper()
	if _, err := p.r.Discard(len(opening("PUB"))); err != nil {
		p.t.Fatal(err)
	}
	return p
}

// A connection that says hello and does nothing else takes no place from those who listen.
func TestHelloAloneIsAStranger(t *testing.T) {
	t.Parallel()
	const places = 8
	l := open(t, Config{MaxSubscribers: places, MaxStrangers: places, HandshakeTimeout: time.Hour})
	discard(l)
	addr := l.Addr(Discovery).String()
	for i := range places {
		subscribed(t, addr, fmt.Sprint("hello/idle", i)).takenIn()
	}
	for i := range places {
		subscribed(t, addr, fmt.Sprint("hello/n", i), "0").takenIn()
	}
	counts(t, l, "shed", places)
}

// One address, or one network, that takes all places gives some up to newcomers from elsewhere, and to nobody else.
func TestPlacesAreShared(t *testing.T) {
	t.Parallel()
	const places = 8
	l := open(t, Config{MaxSubscribers: places, MaxStrangers: places, HandshakeTimeout: time.Hour})
	discard(l)
	addr := l.Addr(Discovery).String()
	listen := func(from string, i int) *peer {
		return connectFrom(t, from, addr).let().say(subscription(fmt.Sprint("hello/n", i))...).say(subscription("0")...).takenIn()
	}
	for i := range places {
		listen("127.1.0.1", i)
	}
	before := listeners(l, "127.1.0.1")
	var honest []*peer
	for i := range places / 2 {
		honest = append(honest, listen(fmt.Sprintf("127.1.%d.1", i+1), places+i))
	}
	counts(t, l, "shed", places/2)
	if after := listeners(l, "127.1.0.1"); !slices.Equal(after, before[:places/2]) {
		t.Errorf("of %v %v are left: the newest go first", before, after)
	}
	for i := range places { // it comes again, and takes from itself at most
		p := connectFrom(t, "127.1.0.1", addr)
		p.say(subscription(fmt.Sprint("hello/again", i))...).say(subscription("0")...)
	}
	for i, p := range honest {
		p.takenIn()
		g := l.pubs[Discovery].gate
		g.mu.Lock()
		n := g.held.Held(fmt.Sprintf("127.1.%d.1", i+1))
		g.mu.Unlock()
		if n != 1 {
			t.Errorf("an honest address holds %d places", n)
		}
	}
}

// listeners are the numbers of those from an address, in order.
func listeners(l *Link, from string) (ids []ID) {
	for _, s := range l.pubs[Discovery].gate.subscribers() {
		if s.host() == from {
			ids = append(ids, s.id)
		}
	}
	slices.Sort(ids)
	return ids
}

// Strangers give way by address too: whoever opens connections without end does not shut out one that is slow.
func TestStrangersAreShared(t *testing.T) {
	t.Parallel()
	const most = 4
	l := open(t, Config{MaxStrangers: most, HandshakeTimeout: time.Hour})
	discard(l)
	addr := l.Addr(Discovery).String()
	slow := connectFrom(t, "127.1.1.1", addr).let()
	for range 10 * most {
		connectFrom(t, "127.1.0.1", addr).let()
	}
	slow.say(subscription("0")...).takenIn()
}
