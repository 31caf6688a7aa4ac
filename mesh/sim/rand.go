package sim

import (
	"math/rand/v2"
	"time"
)

// source returns a random source of its own for each purpose of a run, so that a fault which is added to a
// scenario does not change the latencies of everything else.
func source(seed uint64, purpose uint64) *rand.Rand {
	return rand.New(rand.NewPCG(seed, purpose*0x9e3779b97f4a7c15+1))
}

// Purposes of random sources. A node's machine takes purposeMachine plus its number.
const (
	purposeNetwork = iota + 1
	purposePlan
	purposeProcess
	purposeCourier
	purposeMachine = 1 << 32
)

// Span is a range of durations.
type Span struct{ Min, Max time.Duration }

// pick draws from the span, uniformly.
func (s Span) pick(r *rand.Rand) time.Duration {
	if s.Max <= s.Min {
		return s.Min
	}
	return s.Min + time.Duration(r.Int64N(int64(s.Max-s.Min)))
}
