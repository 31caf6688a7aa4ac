package mesh

import "time"

// The rules by which the names that this node was configured with are looked up. Such a name may be a service's, which
// leads to other processes today than yesterday, so it is asked for ever; what it led to before is no reason to stop.

const (
	lookupMost  = 6                      // times SeedCap: longest wait between two look-ups while peers are heard
	lookupApart = 250 * time.Millisecond // between two look-ups of all names together, on average: as dials at rest
	lookupBurst = 16                     // answers of one address before waits grow: of two nodes all but 2 in 10^10 meet
	lookupHunt  = 128                    // the same while a node of the mesh is missed: of ten all meet, but for 1 in 10^6
	lookupRow   = 4                      // of those, asked in a row
	maxLookups  = 16                     // under way at once: a resolver that hangs holds as many sockets
	maxFound    = 1024                   // addresses held: as many as a list has names; a DNS answer has up to 4,000
	ownMost     = 8                      // addresses of an answer that share the time of one dial of the name itself
	foundFor    = 4                      // times the longest wait: an address that no answer had for so long is forgotten
	foundApart  = 500 * time.Millisecond // between two dials of all addresses that do not answer, on average: 2 a second
	oursFor     = time.Minute            // an address that led to this node is believed to, by a node that hears nobody, and a seed likewise
)

// asked is what the answers to a look-up were lately.
type asked struct {
	stale  int  // answers in a row that brought no new address
	single bool // the last had one address: it may be one of many that are given out one at a time
	alone  bool // nobody is heard
	missed bool // somebody is listed whose name leads nowhere: it may be at an address not given out yet
}

// lookupWait is the wait before a name is asked again, one of so many: SeedRetry doubled, up to SeedCap while nobody is
// heard, else to six times that. Of single addresses many are asked for before that, some in a row each time: nodes
// that ask in turn would for ever get what they had.
func lookupWait(a asked, names int, c *Config) time.Duration {
	longest, stale := longestLookup(names, c), a.stale
	if a.alone || a.single && a.missed {
		longest = max(c.SeedCap, time.Duration(names)*lookupApart)
	}
	if a.single {
		burst := lookupBurst
		if a.missed {
			burst = lookupHunt
		}
		if stale < burst && stale%lookupRow < lookupRow-1 {
			return min(longest, c.SeedRetry/32)
		}
		stale = max(0, stale-burst)
	}
	return min(longest, c.SeedRetry<<min(stale, 20))
}

// longestLookup is the longest of those waits: how old an answer may be.
func longestLookup(names int, c *Config) time.Duration {
	return max(lookupMost*c.SeedCap, time.Duration(names)*lookupApart)
}

// foundWait is the wait after so many failed dials of an address that an answer had, one of so many: as for a seed
// while nobody is heard, else as for any candidate.
func foundWait(tries int, alone bool, found int, c *Config) time.Duration {
	wait := candidateWait(tries, c)
	if alone {
		wait = seedWait(tries, true, c)
	}
	return max(wait, time.Duration(found)*foundApart)
}

// ours are addresses and endpoints that turned out to be this node, and when. Addresses move, so that none is believed
// for ever.
type ours map[string]Time

// note adds an endpoint and its address.
func (o ours) note(endpoint string, now Time) {
	if len(o) >= 2*perSource {
		clear(o)
	}
	o[endpoint], o[hostOf(endpoint)] = now, now
}

// forget takes an endpoint and its address away: somebody else, or nobody, is there.
func (o ours) forget(endpoint string) {
	delete(o, endpoint)
	delete(o, hostOf(endpoint))
}

// has reports whether an address or endpoint led here less than a while ago.
func (o ours) has(addr string, now Time, while time.Duration) bool {
	at, ok := o[addr]
	return ok && now-at < while
}
