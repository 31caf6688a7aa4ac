package mesh

import (
	"math"
	"time"

	"hearsay/mesh/rate"
	"hearsay/mesh/record"
)

// How long reach waits: between two dials of a peer, by what it is, and for a link that says nothing.

// shareGrowth thins the probing of a long-gone peer: the wait is at least this part of the time it is gone,
// so a peer gone for an hour is probed every 5 minutes.
const shareGrowth = 12

// probeWait is how long one observer out of n waits between two probes of a quarantined peer that is gone for
// age. Together they dial it once a beat at first. A flapper waits BackOff 2^(P-1) at least.
func probeWait(n int, age time.Duration, penalty float64, c *Config) time.Duration {
	wait := max(time.Duration(max(n, 2))*c.Beat, age/shareGrowth)
	if penalty > record.Forgiven {
		wait = max(wait, time.Duration(float64(c.BackOff)*math.Exp2(penalty-1)))
	}
	return min(wait, c.BackOffCap)
}

// firstProbe is when a quarantined peer is probed for the first time: at a random moment up to wait, share being 0 to
// 1, though not while it is held. Observers that lost a peer lose it at once, and would else probe it at once, and then
// all be silent at once: halves of a mesh took 3.4 s to meet again in one run of 400.
func firstProbe(wait, held time.Duration, share float64) time.Duration {
	return held + time.Duration(share*float64(max(0, wait-held)))
}

// candidateWait is the wait after the given number of failed dials of a name never heard: 10, 20, 40 s, then
// 300 s.
func candidateWait(tries int, c *Config) time.Duration {
	if tries > 3 {
		return c.BackOffCap
	}
	return min(c.BackOffCap, c.BackOff<<max(0, tries-1))
}

const (
	seedSteps = 8   // doublings of SeedRetry before a seed's wait grows slowly: from 0.1 s to over 10 s
	seedRest  = 3   // times BackOffCap: a seed that is gone for good costs four dials an hour
	seedSlow  = 1.2 // growth from there: after an hour it is at rest
)

// seedWait is the wait after failed dials of a seed never heard: SeedRetry doubled up to SeedCap. When other peers are
// heard, up to twice that, and then slowly to a quarter of an hour: who is missing says hello when it starts.
func seedWait(tries int, alone bool, c *Config) time.Duration {
	longest := c.SeedCap
	if !alone {
		slow := min(float64(tries-seedSteps), 64)
		longest = min(seedRest*c.BackOffCap, time.Duration(float64(2*c.SeedCap)*math.Pow(seedSlow, max(0, slow))))
	}
	return min(longest, c.SeedRetry<<min(max(0, tries-1), 20))
}

// knownWait is the wait between two dials of names from an earlier life, of which there are so many, while nobody is
// heard: that of a seed, and so long that all of them together cost two dials a beat at the most.
func knownWait(tries, names int, c *Config) time.Duration {
	return max(seedWait(tries, true, c), time.Duration(min(names, perSource))*c.Beat/2)
}

// apartGrowth does the same for whom only this node does not hear: one apart for an hour is dialled once a minute.
const apartGrowth = 60

// suspectWait is the wait after failed dials of a silent member: a quarter of a beat, doubled up to two beats, and
// longer when its silence lasts; of a detached one up to ten at first, since others hear it. A node that hears nobody
// at all has more to gain, and waits less.
func suspectWait(tries int, detached, deaf bool, silence time.Duration, c *Config) time.Duration {
	growth, longest := time.Duration(shareGrowth), 2*c.Beat
	if detached {
		longest = 10 * c.Beat
	}
	if detached || deaf {
		growth = apartGrowth
	}
	return min(max(longest, silence/growth), c.BackOffCap, c.Beat/4<<min(max(0, tries-1), 12))
}

// aliasWait is for how long it is believed where an address or a name leads that is another name of a known process, or
// of this node: addresses are given to others. A half-life suits it, as the time in which the past loses its weight.
func aliasWait(c *Config) time.Duration { return c.HalfLife }

// hanging is the age from which a dial does not hold up a sign of life any more: a quarter of a beat, as a
// SYN that was lost is sent again after a second, and four times what dials usually take.
func hanging(usual Time, beat time.Duration) time.Duration {
	return max(beat/4, 4*usual)
}

// messageWait is the wait after failed dials of an alive peer's message port. It is heard, so the port is likely to be open
// again at any moment.
func messageWait(tries int, beat time.Duration) time.Duration {
	return min(5*beat, beat/4<<min(max(0, tries-1), 8))
}

const (
	urgentBurst = 6  // times in a row that signs of life dial a silent peer at once
	urgentBeats = 10 // and then once each so many beats
)

// urgentLimit is for the dials of one peer that signs of life cause.
func urgentLimit(beat time.Duration) rate.Limit { return rate.Every(urgentBeats*beat, urgentBurst) }
