package link

import (
	"errors"
	"net"
	"testing"
	"time"

	"hearsay/node/link/zmtp"
)

// halves is a publisher that says all but the end of a large message, and the end when it is told to.
func halves(end <-chan []byte) func(*peer) {
	message := zmtp.AppendMessage(nil, []byte("1"), make([]byte, 1<<20))
	return func(p *peer) {
		publish(message[:len(message)-1])(p)
		p.say(<-end...)
	}
}

// Liars who begin large messages and never end them take no more than the bound in all. They are hung up when others need
// their room, and no more of them than that takes.
func TestUnfinishedMessagesAreBoundedTogether(t *testing.T) {
	t.Parallel()
	const liars, bound = 24, 8 << 20
	l := open(t, Config{Subscribe: []string{"1"}, UnfinishedBytes: bound})
	never := make(chan []byte)
	defer close(never)
	liar := netipAddr(publishing(t, halves(never)))
	for range liars {
		if err := l.Dial(t.Context(), Message, liar, ""); err != nil {
			t.Fatal(err)
		}
	}
	u := l.unfinished[Message]
	eventually(t, "liars that wait", func() bool { return l.Stats()["unfinished_waits"] > liars/2 })
	if held := int(u.held.Load()); held > bound || held < bound/4 {
		t.Errorf("%d bytes are held, of %d", held, bound)
	}

	honest := zmtp.AppendMessage(nil, []byte("1"), make([]byte, 1<<20))
	if err := l.Dial(t.Context(), Message, netipAddr(publishing(t, publish(honest))), ""); err != nil {
		t.Fatal(err)
	}
	cut := 0
	late := time.After(patience)
	for arrived := false; !arrived; {
		select {
		case e := <-l.Events():
			switch e.Kind {
			case Received:
				arrived = true
			case Down:
				cut++
				if !errors.Is(e.Err, errUnfinished) {
					t.Errorf("down: %v", e.Err)
				}
			}
			if held := int(u.held.Load()); held > bound {
				t.Fatalf("%d bytes are held, of %d", held, bound)
			}
		case <-late:
			t.Fatal("no message of the honest one")
		}
	}
	if n := l.Stats()["unfinished_cut"]; cut == 0 || n == 0 {
		t.Errorf("%d are down, %d were counted", cut, n)
	}
}

// Many who say large messages at once all come to their end, though there is room for few of them, and nobody is cut.
func TestUnfinishedMessagesOfAllAtOnce(t *testing.T) {
	t.Parallel()
	const publishers, bound = 32, 4 << 20
	l := open(t, Config{Subscribe: []string{"1"}, UnfinishedBytes: bound})
	end := make(chan []byte)
	addr := netipAddr(publishing(t, halves(end)))
	for range publishers {
		if err := l.Dial(t.Context(), Message, addr, ""); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "some that wait", func() bool { return l.Stats()["unfinished_waits"] > 0 })
	go func() {
		for range publishers {
			end <- []byte{0}
		}
		close(end)
	}()
	for range publishers {
		next(t, l, Received)
	}
	u := l.unfinished[Message]
	eventually(t, "nothing held", func() bool { return u.held.Load() == 0 })
	if n := l.Stats()["unfinished_cut"]; n != 0 {
		t.Errorf("%d were cut", n)
	}
}

// Lists have a bound of their own: whoever fills that of messages holds up none of them.
func TestUnfinishedMessagesHoldUpNoList(t *testing.T) {
	t.Parallel()
	l := open(t, Config{Subscribe: []string{"1"}, UnfinishedBytes: 4 << 20})
	never := make(chan []byte)
	defer close(never)
	liar := netipAddr(publishing(t, halves(never)))
	for range 16 {
		if err := l.Dial(t.Context(), Message, liar, ""); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "liars that wait", func() bool { return l.Stats()["unfinished_waits"] > 0 })
	cut := l.Stats()["unfinished_cut"]
	list := zmtp.AppendMessage(nil, []byte("0"), make([]byte, 64<<10))
	if err := l.Dial(t.Context(), Discovery, netipAddr(publishing(t, publish(list))), ""); err != nil {
		t.Fatal(err)
	}
	if e := next(t, l, Received); e.Port != Discovery {
		t.Errorf("got a message of %d bytes", len(e.Run))
	}
	if more := l.Stats()["unfinished_cut"]; more > cut+16 {
		t.Errorf("%d were cut", more)
	}
}

// parted returns parts of connections that are never read, under one bound.
func parted(t *testing.T, limit, n int) (u *unfinished, parts []*part) {
	l := &Link{cfg: Config{}.withDefaults()}
	u = newUnfinished(limit, largeBuffer, &l.counters)
	for range n {
		a, b := net.Pipe()
		t.Cleanup(func() { a.Close(); b.Close() })
		c := l.newConn(a, Message)
		u.join(c)
		parts = append(parts, c.in.part)
	}
	return u, parts
}

// Whoever goes on with a message, or waits for room, is not late. Of those that are, the one that holds most is cut.
func TestWhoIsLate(t *testing.T) {
	u, parts := parted(t, 16<<20, 3)
	now := clock()
	for i, p := range parts {
		if !p.may(smallBuffer + (i+1)*1000) {
			t.Fatal("no room")
		}
		p.awaits(true)
	}
	if p := u.late(now + unfinishedTime/2); p != nil {
		t.Errorf("one is late before its time: it holds %d", p.size)
	}
	then := clock() + unfinishedTime + 1
	if p := u.late(then); p != parts[2] {
		t.Errorf("%+v is late; want the one that holds most", p)
	}
	parts[2].done(smallBuffer + 3000)
	if p := u.late(then); p != parts[1] {
		t.Errorf("%+v is late; want the one that holds most of those whose message has not ended", p)
	}
	parts[1].due.Store(int64(now)) // two seconds ago, nearly: and then a byte comes, and then much
	parts[0].done(smallBuffer + 1000)
	parts[1].came(1)
	if p := u.late(now + time.Millisecond); p != parts[1] {
		t.Error("a byte is enough to go on with")
	}
	parts[1].came(unfinishedPace)
	if p := u.late(now + time.Second/2); p != nil {
		t.Error("who goes on is late")
	}
	parts[1].came(1 << 30)
	if p := u.late(clock() + unfinishedTime + 1); p != parts[1] {
		t.Error("what came fast is an excuse for long")
	}
}

// A buffer may grow to what is left then. Who waits goes on when others need less.
func TestUnfinishedShares(t *testing.T) {
	u, parts := parted(t, 1<<20, 4)
	half := u.limit / 2
	if !parts[0].may(smallBuffer+half) || parts[1].may(smallBuffer+half) || !parts[1].may(smallBuffer+half/2) {
		t.Fatal("not a half, and then half of the rest")
	}
	granted := make(chan error, 2)
	go func() { granted <- parts[2].keep(half / 3) }()
	go func() { granted <- parts[3].keep(half / 3) }()
	eventually(t, "two that wait", func() bool { u.mu.Lock(); defer u.mu.Unlock(); return len(u.waiting) == 2 })
	parts[1].done(smallBuffer) // nothing is kept for it: it has what it has
	if len(granted) > 0 {
		t.Fatal("one goes on for nothing")
	}
	parts[0].set(smallBuffer)
	for range 2 {
		if err := <-granted; err != nil {
			t.Error(err)
		}
	}
	parts[2].done(smallBuffer + 100) // the end of its message
	if u.mu.Lock(); parts[2].size != 100 {
		t.Errorf("%d bytes count of a buffer with 100 more than all have", parts[2].size)
	}
	u.mu.Unlock()
	go func() { granted <- parts[2].keep(u.limit) }()
	eventually(t, "one that waits for more than there is", func() bool { u.mu.Lock(); defer u.mu.Unlock(); return len(u.waiting) == 1 })
	parts[2].conn.hangUp(errHungUp)
	if err := <-granted; !errors.Is(err, errHungUp) {
		t.Errorf("it ended with %v", err)
	}
	for _, p := range parts {
		p.leave()
		p.set(1 << 20) // its reader has not seen the end yet
		if !p.may(1 << 21) {
			t.Error("the reader of an ended connection is held up")
		}
	}
	if u.held.Load() != 0 || len(u.holders) != 0 || len(u.waiting) != 0 {
		t.Errorf("%d bytes are held by %d connections that have ended", u.held.Load(), len(u.holders))
	}
}
