package zmtp

import (
	"sync"
	"time"
)

// A client that dials many servers within a moment may do so with one short-lived key: it saves two of its four
// multiplications where all servers have one lasting key. No server of this package meets such a key twice with one key
// of its own (recent), and a client takes none that it has met with it before: two sessions with one key would number
// their boxes alike.

// Calls are the handshakes of a client within the last second. The zero value has none. They may be shared by any number
// of connections, each to another server.
type Calls struct {
	mu  sync.Mutex
	now *calling
}

// calling is one short-lived key of a client, and whom it has called with it.
type calling struct {
	pair KeyPair

	mu     sync.Mutex
	hellos map[Key][KeySize]byte // keys of boxes between it and servers' lasting keys
	met    map[Key]struct{}      // servers' short-lived keys

	forgotten bool
}

// begin returns the key to call with, and a copy of it for one handshake: a new one after a second, and for a client that
// does not share any.
func (c *Calls) begin() (*calling, KeyPair) {
	if c == nil {
		made := &calling{pair: GenerateKey()}
		return made, made.pair
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.now == nil || c.now.full() {
		made := &calling{pair: GenerateKey()}
		c.now = made
		time.AfterFunc(recentTime, func() {
			c.mu.Lock()
			if c.now == made {
				c.now = nil
			}
			c.mu.Unlock()
			made.forget()
		})
	}
	return c.now, c.now.pair // copied before it can be forgotten: that begins with this lock
}

func (c *calling) full() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.met) >= recentUses || len(c.hellos) >= recentVouches
}

// helloKey is the key of boxes between the client's short-lived key and a server's lasting one.
func (c *calling) helloKey(pair *KeyPair, server Key) ([KeySize]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock() // while it is made: whoever else wants it would make the same one
	if key, ok := c.hellos[server]; ok {
		return key, nil
	}
	key, err := pair.boxKey(server)
	if err == nil && !c.forgotten {
		if c.hellos == nil {
			c.hellos = make(map[Key][KeySize]byte)
		}
		c.hellos[server] = key
	}
	return key, err
}

// meets reports whether a server's short-lived key has not been met yet, and notes that it is now.
func (c *calling) meets(server Key) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, again := c.met[server]; again {
		return false
	}
	if c.met == nil {
		c.met = make(map[Key]struct{})
	}
	c.met[server] = struct{}{}
	return true
}

// forget overwrites the secrets. Whom it has met stays known to handshakes that go on.
func (c *calling) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for k := range c.hellos {
		c.hellos[k] = [KeySize]byte{}
	}
	c.hellos, c.forgotten = nil, true
	c.pair.Forget()
}
