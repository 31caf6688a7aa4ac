package link

import (
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"hearsay/node/keys"
	"hearsay/node/link/zmtp"
	"hearsay/topics"
)

// slowly stands between a publisher and who dials it: what the publisher says waits until released is closed.
func slowly(t *testing.T, publisher string, released <-chan struct{}) (addr string, dialled <-chan struct{}) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	came := make(chan struct{}, 10)
	var all sync.WaitGroup
	carry := func(to, from net.Conn) {
		defer all.Done()
		defer to.Close()
		_, _ = io.Copy(to, from)
	}
	all.Add(1)
	go func() {
		defer all.Done()
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			p, err := net.Dial("tcp", publisher)
			if err != nil {
				c.Close()
				continue
			}
			all.Add(2)
			go carry(p, c)
			came <- struct{}{}
			select {
			case <-released:
			case <-t.Context().Done():
			}
			go carry(c, p)
		}
	}()
	t.Cleanup(all.Wait) // after the links have been closed
	t.Cleanup(func() { l.Close() })
	return l.Addr().String(), came
}

// meets waits until the holder of a key is at the other end of a connection.
func meets(t *testing.T, l *Link, id ID, key zmtp.KeyPair) {
	t.Helper()
	eventually(t, "the new key in use", func() bool {
		d := l.standing(id)
		if d == nil {
			return false
		}
		_, other := d.keys()
		return other == key.Public
	})
}

// A connection that was being made when the key was changed is made anew: the old key may be removed elsewhere.
func TestLockedRotationWhileDialling(t *testing.T) {
	t.Parallel()
	from := open(t, Config{Keys: keys.Mesh(meshKey, laterKey)})
	released := make(chan struct{})
	addr, dialled := slowly(t, from.Addr(Message).String(), released)
	to := open(t, Config{Keys: keys.Mesh(meshKey, laterKey), Subscribe: []string{"1"}})
	discard(from)
	failed := make(chan error, 1)
	go func() { failed <- to.DialName(t.Context(), Message, netipAddr(addr), "from", "") }()
	<-dialled
	to.SetKeys(keys.Mesh(laterKey, meshKey))
	close(released)
	if err := <-failed; err != nil {
		t.Fatal(err)
	}
	meets(t, to, next(t, to, Up).ID, laterKey)
	from.SetKeys(keys.Mesh(laterKey))
	hears(t, from, to)
	discard(to)
	if n := from.Stats()["withdrawn"]; n != 0 {
		t.Errorf("%d hung up", n)
	}
}

// A key that the other side takes only later is spoken then, though nobody touches a file here any more: over a
// connection that could not be made anew before, and over one that was made with the old key at first.
func TestLockedKeyThatComesLater(t *testing.T) {
	t.Parallel()
	own := func(pairs ...zmtp.KeyPair) *keys.Ring {
		b := map[topics.Name][]zmtp.Key{"b": {townKeys["b"].Public}}
		return keys.Own("a", pairs, b, nil)
	}
	a, b := townKeys["a"], townKeys["b"]
	before := keys.Own("b", []zmtp.KeyPair{b}, map[topics.Name][]zmtp.Key{"a": {a.Public}}, nil)
	after := keys.Own("b", []zmtp.KeyPair{b}, map[topics.Name][]zmtp.Key{"a": {laterKey.Public, a.Public}}, nil)
	for name, rings := range map[string][2]*keys.Ring{"it was there": {before, after}, "it is new": {after, after}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			from := open(t, Config{Keys: own(a)})
			to := open(t, Config{Keys: rings[0], OverTCP: true, Subscribe: []string{"1"}})
			to.renewAgain = time.Millisecond
			discard(from)
			if err := to.DialName(t.Context(), Message, from.Addr(Message), "a", ""); err != nil {
				t.Fatal(err)
			}
			up := next(t, to, Up)
			to.SetKeys(rings[1])
			eventually(t, "the new key refused", func() bool { return from.Stats()["refused_wrong_key"] > 0 })
			from.SetKeys(own(a, laterKey))
			meets(t, to, up.ID, laterKey)
			from.SetKeys(own(laterKey))
			hears(t, from, to)
			discard(to)
			if n := from.Stats()["withdrawn"]; n != 0 {
				t.Errorf("%d hung up", n)
			}
		})
	}
}
