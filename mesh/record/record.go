// Package record is the past of one peer: a penalty that grows with each eviction and halves with time, and what a bad
// past costs. It is pure, and knows nothing of states, links or lists.
//
// A penalty has two consequences. The peer has to prove itself by a number of beats before it is a member again
// (probation). And for a while after an eviction neither its hello nor what others say makes anybody dial it (hold).
package record

import (
	"math"
	"time"
)

const (
	MaxPenalty  = 6    // beyond it neither probation nor back-off grow
	Evicted     = 1    // penalty for an eviction
	Lapsed      = 0.5  // penalty for a probation that failed, and for a life shorter than a half-life
	MassPenalty = 0.5  // least penalty after an eviction in a mass event, which says nothing of the peer
	Forgiven    = 1.25 // penalty without consequence: one eviction, and what is left of one two half-lives ago

	maxBeats = 48 // beats of the longest probation
	maxHold  = 6  // times the back-off: longest wait for a sign of life to be believed after an eviction
)

// Record is the past of one peer. The zero value is clean.
type Record struct {
	penalty float64
	at      time.Duration // when that was the penalty

	beats  int           // of the probation under way
	wanted int           // beats that it takes
	beatAt time.Duration // the last of them
}

// Penalty is the penalty now.
func (r *Record) Penalty(now, halfLife time.Duration) float64 {
	return decay(r.penalty, now-r.at, halfLife)
}

// Forgiven reports whether the penalty is without consequence.
func (r *Record) Forgiven(now, halfLife time.Duration) bool {
	return r.Penalty(now, halfLife) <= Forgiven
}

// Punish adds to the penalty.
func (r *Record) Punish(by float64, now, halfLife time.Duration) {
	r.penalty = min(MaxPenalty, r.Penalty(now, halfLife)+by)
	r.at = now
}

// PunishToLeast makes the penalty at least as much.
func (r *Record) PunishToLeast(least float64, now, halfLife time.Duration) {
	r.Punish(max(0, least-r.Penalty(now, halfLife)), now, halfLife)
}

// Hold is how long after an eviction or a failed probation neither hello nor hint is believed.
func (r *Record) Hold(now, halfLife, backOff time.Duration) time.Duration {
	return hold(r.Penalty(now, halfLife), backOff)
}

// Clean reports whether the first beat makes the peer a member again, without a probation.
func (r *Record) Clean(now, halfLife time.Duration) bool {
	return probationBeats(r.Penalty(now, halfLife)) <= 1
}

// Begin begins a probation with its first beat.
func (r *Record) Begin(now, halfLife time.Duration) {
	r.beats, r.beatAt = 1, now
	r.wanted = probationBeats(r.Penalty(now, halfLife))
}

// Beat counts a further beat of a probation, of a peer that beats so often, and reports whether it is passed. Beats in
// a hurry prove nothing.
func (r *Record) Beat(now, every time.Duration) (passed bool) {
	if now-r.beatAt < every/2 {
		return false
	}
	r.beatAt = now
	r.beats++
	return r.beats >= r.wanted
}

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
	if penalty <= Forgiven {
		return 1
	}
	return min(maxBeats, int(math.Ceil(math.Pow(4, penalty-Forgiven))))
}

// hold is the hold of a penalty: BackOff 2^(P-2), at most six times BackOff, and not at all below the forgiven penalty.
func hold(penalty float64, backOff time.Duration) time.Duration {
	if penalty <= Forgiven {
		return 0
	}
	return min(maxHold*backOff, time.Duration(float64(backOff)*math.Exp2(penalty-2)))
}
