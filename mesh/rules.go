package mesh

import (
	"math"
	"time"
)

// The rules of membership as numbers. Each is a pure function; the constants say why they are what they are.

const (
	suspectAfter = 3  // missed beats: Akka's pause, SWIM's period of three round trips
	evictSlow    = 18 // missed beats with no confirmation: the exponential phi detector at 8 (18.4)
	evictFast    = 6  // missed beats with enough confirmations: a third of it, SWIM's minimum
	fullConfirm  = 3  // confirmations that make evictFast: Lifeguard's K
	settleRounds = 2  // rounds others get to notice too, before their lists speak for a suspect
	probeRounds  = 3  // rounds a half-open probe stays open in silence: a slow joiner loses the first beats
)

// missed is how many beats a peer owes after quiet own completed rounds without a sign of life. A peer that
// beats slower than we do owes one a beat of its own.
func missed(quiet int, mine, theirs time.Duration) int {
	if theirs <= mine {
		return quiet
	}
	return int(time.Duration(quiet) * mine / theirs)
}

// evictLimit is M(C): how many missed beats evict, with c confirmations out of k possible ones. Lifeguard's
// suspicion timeout (Dadgar et al. 2018, section IV-B): max(6, 18 - 12 ln(C+1)/ln(K+1)), K at most 3.
func evictLimit(c, k int) int {
	k = min(k, fullConfirm)
	if c <= 0 || k <= 0 {
		return evictSlow
	}
	cut := float64(evictSlow-evictFast) * math.Log(float64(c+1)) / math.Log(float64(k+1))
	return max(evictFast, int(math.Ceil(evictSlow-cut)))
}

// need is how many of the voters must still list a suspect for it to be detached: a third of them, the share
// that may lie in Byzantine agreement, and two where there are two.
func need(voters int) int {
	if voters < 2 {
		return 1
	}
	return max(2, (voters+2)/3)
}

const (
	maxPenalty  = 6    // beyond it neither probation nor back-off grow
	evicted     = 1    // penalty for an eviction
	lapsed      = 0.5  // penalty for a probation that failed, and for a life shorter than HalfLife
	massPenalty = 0.5  // least penalty after an eviction in a mass event, which says nothing of the peer
	massShare   = 3    // more than 1/3 of the members suspect is a mass event
	forgiven    = 1.25 // penalty without consequence: one eviction, and what is left of one two half-lives ago
	maxBeats    = 48   // beats of the longest probation
	maxHold     = 6    // times BackOff: longest wait for a sign of life to be believed after an eviction
)

// decay is a penalty after dt: it halves every half-life.
func decay(penalty float64, dt, half time.Duration) float64 {
	if penalty == 0 {
		return 0
	}
	if penalty *= math.Exp2(-float64(dt) / float64(half)); penalty < 1e-3 {
		return 0
	}
	return penalty
}

// probationBeats is how many own beats a peer must send before it is alive: 4^(P - 1.25), at least one. A
// newcomer and a steady peer that was evicted once are alive on their first.
func probationBeats(penalty float64) int {
	if penalty <= forgiven {
		return 1
	}
	return min(maxBeats, int(math.Ceil(math.Pow(4, penalty-forgiven))))
}

// hold is how long after an eviction or a failed probation neither hello nor hint is believed:
// BackOff 2^(P-2), at most six times BackOff, and not at all below the forgiven penalty.
func hold(penalty float64, backOff time.Duration) time.Duration {
	if penalty <= forgiven {
		return 0
	}
	return min(maxHold*backOff, time.Duration(float64(backOff)*math.Exp2(penalty-2)))
}

// shareGrowth thins the probing of a long-gone peer: the wait is at least this part of the time it is gone,
// so a peer gone for an hour is probed every 5 minutes.
const shareGrowth = 12

// probeWait is how long one observer out of n waits between two probes of a quarantined peer that is gone for
// age. Together they dial it once a beat at first. A flapper waits BackOff 2^(P-1) at least.
func probeWait(n int, age time.Duration, penalty float64, c *Config) time.Duration {
	wait := max(time.Duration(max(n, 2))*c.Beat, age/shareGrowth)
	if penalty > forgiven {
		wait = max(wait, time.Duration(float64(c.BackOff)*math.Exp2(penalty-1)))
	}
	return min(wait, c.BackOffCap)
}

// candidateWait is the wait after the given number of failed dials of a name never heard: 10, 20, 40 s, then
// 300 s.
func candidateWait(tries int, c *Config) time.Duration {
	if tries > 3 {
		return c.BackOffCap
	}
	return min(c.BackOffCap, c.BackOff<<max(0, tries-1))
}

// seedWait is the wait after failed dials of a seed never heard: SeedRetry doubled up to SeedCap, and twice
// that when other peers are heard.
func seedWait(tries int, alone bool, c *Config) time.Duration {
	longest := c.SeedCap
	if !alone {
		longest *= 2
	}
	if tries > 20 {
		return longest
	}
	return min(longest, c.SeedRetry<<max(0, tries-1))
}

// suspectWait is the wait after failed dials of a silent member: a quarter of a beat, doubled up to two beats;
// of a detached one up to ten, since others hear it.
func suspectWait(tries int, detached bool, beat time.Duration) time.Duration {
	longest := 2 * beat
	if detached {
		longest = 10 * beat
	}
	return min(longest, beat/4<<min(max(0, tries-1), 8))
}

// hanging is how old a dial is that is not waited for any more when there is a sign of life: a quarter of a beat, as a
// SYN that was lost is sent again after a second, and four times what dials usually take.
func hanging(usual Time, beat time.Duration) time.Duration {
	return max(beat/4, 4*usual)
}

// messageWait is the wait after failed dials of an alive peer's message port.
func messageWait(tries int, beat time.Duration) time.Duration {
	return min(10*beat, beat/4<<min(max(0, tries-1), 8))
}

// helloWait is the wait before saying hello once more to a peer that we hear and that does not list us.
func helloWait(tries int, beat time.Duration) time.Duration {
	return 2 * beat << min(tries, 5)
}

// Whole lists are spread while many peers come and go at once. A list of n names goes to n peers, so what lists cost
// each node grows with n²: 128 nodes that start together on two cores must not drown in them. And a machine that is
// short of time, which Ticks that come late tell it, sends fewer.
const (
	gapPerPair = 160 * time.Microsecond // 46 ms for 17 peers, 154 ms for 31, the most from 97 on
	gapMost    = 1500 * time.Millisecond
	gapPerLag  = 4
	lagShare   = 16 // what one Tick counts: a single pause changes little
)

// listGap is the least time between two whole lists to all. New listeners are shown newer ones, see show.
func listGap(peers int, lag Time, debounce time.Duration) time.Duration {
	return max(debounce+debounce/4, min(gapMost, time.Duration(peers*peers)*gapPerPair), gapPerLag*lag)
}

// Eviction budget.
const (
	budgetShare  = 3                 // burst: evict at most a third of what we hear at once
	budgetMinute = 0.1               // refill: a tenth of what we hear a minute, Envoy's max_ejection_percent
	budgetFloor  = 300 * time.Second // refill: one in five minutes whatever we hear
)

// budgetCeiling is the most evictions that can be saved up by a node that hears the share h of n members.
func budgetCeiling(n int, h float64) float64 {
	return max(1, float64(n)*h/budgetShare)
}

// budgetRefill is what is added to the budget in time dt.
func budgetRefill(n int, h float64, dt time.Duration) float64 {
	return max(dt.Seconds()/budgetFloor.Seconds(), budgetMinute*float64(n)*h*dt.Minutes())
}

// massEvent tells whether so many members are suspect at once that the fault is hardly theirs.
func massEvent(suspects, members int) bool {
	return suspects > 1 && suspects*massShare > members
}

// degraded tells whether this node hears too few of its members, or ran too late, to be trusted.
func degraded(heard, members int, late bool) bool {
	return late || 2*heard < members
}

// Quotas.
const (
	perSource   = 64               // names never heard, of one source: 1/16 of a full list, addrman's ratio
	perTable    = 1024             // names never heard, of all sources together
	churnBurst  = 192              // names of one source that may turn out dead in a row: three quotas
	churnEvery  = 10 * time.Second // and then one each: 360 dials an hour at the most
	urgentBurst = 6                // times in a row that signs of life dial a silent peer at once
	urgentBeats = 10               // and then once each so many beats
)

// bucket is a token bucket. The zero value is full.
type bucket struct {
	spent float64
	at    Time
}

// drain gives back what was regained, one token each period.
func (b *bucket) drain(now Time, period time.Duration) {
	b.spent = max(0, b.spent-float64(now-b.at)/float64(period))
	b.at = now
}

// take spends a token, if there is one.
func (b *bucket) take(now Time, burst int, period time.Duration) bool {
	if b.empty(now, burst, period) {
		return false
	}
	b.spent++
	return true
}

// empty tells whether there is none.
func (b *bucket) empty(now Time, burst int, period time.Duration) bool {
	b.drain(now, period)
	return b.spent+1 > float64(burst)
}

// full tells whether nothing is owed.
func (b *bucket) full(now Time, period time.Duration) bool {
	b.drain(now, period)
	return b.spent == 0
}

// back returns a token.
func (b *bucket) back() { b.spent = max(0, b.spent-1) }
