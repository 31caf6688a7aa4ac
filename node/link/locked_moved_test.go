package link

import (
	"testing"
	"time"

	"hearsay/node/keys"
	"hearsay/node/link/zmtp"
	"hearsay/topics"
)

// moved is the ring of a, or of one with other pairs under that name, where the key that was b's is c's.
func moved(own ...zmtp.KeyPair) *keys.Ring {
	b, c := townKeys["b"].Public, townKeys["c"].Public
	return keys.Own("a", own, map[topics.Name][]zmtp.Key{"b": {laterKey.Public}, "c": {c, b}}, nil)
}

// A key that is another name's now is let in, and its holder is not called as before: neither by whom it dialled, nor by
// who dials it. The same holds where it is a reader's.
func TestLockedNameMoved(t *testing.T) {
	t.Parallel()
	reads := keys.Own("a", []zmtp.KeyPair{townKeys["a"]}, map[topics.Name][]zmtp.Key{"b": {laterKey.Public}}, []zmtp.Key{townKeys["b"].Public})
	for name, later := range map[string]*keys.Ring{"to another": moved(townKeys["a"]), "to a reader": reads} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := open(t, Config{Keys: town("a"), OverTCP: true, Subscribe: []string{"1"}})
			b := open(t, Config{Keys: town("b"), OverTCP: true, Hello: "b", Subscribe: []string{"1"}})
			if err := b.DialName(t.Context(), Message, a.Addr(Message), "a", ""); err != nil {
				t.Fatal(err)
			}
			next(t, a, HelloReceived)
			if err := a.DialName(t.Context(), Message, b.Addr(Message), "b", ""); err != nil {
				t.Fatal(err)
			}
			next(t, a, Up)
			a.SetKeys(later)
			discard(b)
			missing := map[Kind]bool{Down: true, ListenerDown: true}
			for late := time.After(patience); len(missing) > 0; {
				select {
				case e := <-a.Events():
					delete(missing, e.Kind)
				case <-late:
					t.Fatalf("no event of kinds %v", missing)
				}
			}
		})
	}
}

// A connection that this node's own key of before was spoken on ends, though the other end and its name are good still.
func TestLockedOwnKeyWithdrawn(t *testing.T) {
	t.Parallel()
	a := open(t, Config{Keys: town("a"), OverTCP: true})
	b := open(t, Config{Keys: town("b"), OverTCP: true, Hello: "b", Subscribe: []string{"1"}})
	if err := b.DialName(t.Context(), Message, a.Addr(Message), "a", ""); err != nil {
		t.Fatal(err)
	}
	next(t, a, HelloReceived)
	a.SetKeys(keys.Own("a", []zmtp.KeyPair{laterKey}, map[topics.Name][]zmtp.Key{"b": {townKeys["b"].Public}}, nil))
	next(t, a, ListenerDown)
	counts(t, a, "withdrawn", 1)
	next(t, b, Down)
}

// A key that is withdrawn while it is dialled is withdrawn, whatever the handshake made of it.
func TestLockedWithdrawnWhileDialling(t *testing.T) {
	t.Parallel()
	for name, later := range map[string]*keys.Ring{"nobody's": town("a", "b"), "another's": moved(townKeys["a"])} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := open(t, Config{Keys: town("b"), OverTCP: true})
			discard(b)
			released := make(chan struct{})
			addr, dialled := slowly(t, b.Addr(Message).String(), released)
			a := open(t, Config{Keys: town("a"), Subscribe: []string{"1"}})
			ended := make(chan error, 1)
			go func() { ended <- a.DialName(t.Context(), Message, netipAddr(addr), "b", "") }()
			<-dialled
			a.SetKeys(later)
			close(released)
			if err := <-ended; err == nil { // else it has ended before it was told of
				next(t, a, Down)
			}
		})
	}
}
