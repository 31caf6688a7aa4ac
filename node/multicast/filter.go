package multicast

import (
	"net/netip"
	"sync"
	"time"

	"hearsay/mesh/rate"
)

// Whoever is on the segment can send as much as it carries. What one address may say, and all together, is bounded, so
// that a flood costs this process little and hides the beacons of others for as long as it lasts at most.

const (
	eachBurst  = 64 // beacons of one address at once: of as many nodes on one machine as anybody has
	eachSecond = 32 // and then in a second
	allBurst   = 2048
	allSecond  = 1024 // 2 ms of a core

	atOnce = 20 * time.Millisecond // is not waited for: a timer costs more than some packets

	maxSources = 1024 // addresses that are told apart; those beyond are one
)

var (
	eachLimit = rate.Limit{Burst: eachBurst, Tokens: eachSecond, Period: time.Second}
	allLimit  = rate.Limit{Burst: allBurst, Tokens: allSecond, Period: time.Second}
)

type filter struct {
	mu      sync.Mutex
	total   rate.Bucket
	sources map[netip.Addr]*rate.Bucket
	others  rate.Bucket
}

func (f *filter) init() { f.sources = make(map[netip.Addr]*rate.Bucket) }

// all counts a packet, and returns how long to wait before it is looked at: for what comes meanwhile there is the
// socket's buffer.
func (f *filter) all(now time.Duration) time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.total.Spend(now, 1, allLimit)
	if wait := f.total.Wait(now, allLimit); wait >= atOnce {
		return wait
	}
	return 0
}

// source counts a packet of an address, and reports whether it may be looked at.
func (f *filter) source(from netip.Addr, now time.Duration) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	b := f.sources[from]
	if b == nil && len(f.sources) >= maxSources {
		for a, o := range f.sources {
			if o.Full(now, eachLimit) {
				delete(f.sources, a)
			}
		}
	}
	switch {
	case b != nil:
	case len(f.sources) >= maxSources:
		b = &f.others
	default:
		b = &rate.Bucket{}
		f.sources[from] = b
	}
	return b.Take(now, eachLimit)
}
