package zmtp

import (
	"sync"
	"time"
)

// A mesh that starts is thousands of handshakes within a second, and multiplications are most of what they cost. A
// server makes its short-lived key once for all that come within that second, and opens the vouches of one client's key
// with one multiplication. The key of each session is new all the same. A client that comes with one short-lived key again
// is given a key of the server's that nobody else has: two sessions with one key would number their boxes alike, and so
// show what is in them.

const (
	recentTime    = time.Second
	recentVouches = 256  // lasting keys of others that are remembered as long,
	recentUses    = 4096 // and short-lived ones: further ones meet one of their own
)

// recent is a server's short-lived key of the moment.
type recent struct {
	mu      sync.Mutex
	pair    KeyPair
	used    map[Key]struct{}      // clients' short-lived keys that met it
	vouches map[Key][KeySize]byte // keys of boxes between it and clients' lasting keys
}

// get returns the pair for a client's short-lived key: a new one after a second, and for a key that has met it.
func (r *recent) get(client Key) KeyPair {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, again := r.used[client]; again || len(r.used) >= recentUses {
		return GenerateKey()
	}
	if r.pair.ready == nil {
		r.pair, r.used = GenerateKey(), make(map[Key]struct{})
		time.AfterFunc(recentTime, r.forget)
	}
	r.used[client] = struct{}{}
	return r.pair
}

// forget overwrites what it has.
func (r *recent) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pair.Forget()
	for k := range r.vouches {
		r.vouches[k] = [KeySize]byte{}
	}
	r.used, r.vouches = nil, nil
}

// vouchKey is the key of boxes between a pair, which get has returned, and a client's lasting key.
func (r *recent) vouchKey(pair *KeyPair, client Key) ([KeySize]byte, error) {
	r.mu.Lock()
	known, ok := r.vouches[client]
	current := r.pair.ready == pair.ready
	r.mu.Unlock()
	if ok && current {
		return known, nil
	}
	key, err := pair.boxKey(client)
	if err != nil {
		return key, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.pair.ready == pair.ready && len(r.vouches) < recentVouches {
		if r.vouches == nil {
			r.vouches = make(map[Key][KeySize]byte)
		}
		r.vouches[client] = key
	}
	return key, nil
}
