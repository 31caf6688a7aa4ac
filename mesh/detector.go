package mesh

import (
	"fmt"
	"math"
	"time"
)

// What silence comes to. Rounds of silence are counted for each peer (detector); at the end of a round a court says what
// follows (judge), for which it is told what the lists of others say (votes) and what this node may still do by itself
// (budget). None of them knows of the machine.

// detector is what was heard of a peer over this node's own links, and what its silence says.
type detector struct {
	met       bool   // it was heard at all
	fresh     bool   // heard since the last round
	refusal   bool   // a dial since the last sign of life was refused
	firstAt   Time   // and since when
	at        Time   // last sign of life
	where     string // the endpoint that it came from
	beatAt    Time   // last beat
	currentAt Time   // last beat of the incarnation that counts: what came later belongs to the next one
	currentIn string // and the endpoint that it came from
	quiet     int    // own completed rounds without
	vouched   int    // of these, those for which it was a member by the word of others, where it was so for long
}

// meet notes that the peer speaks over a link at last.
func (d *detector) meet(now Time) {
	if !d.met {
		d.met, d.firstAt = true, now
	}
}

// sign takes in a sign of life: the count of missed beats starts anew.
func (d *detector) sign(now Time) {
	d.at, d.fresh, d.quiet, d.refusal = now, true, 0, false
	d.vouched = 0
}

// beat takes in a beat that was made anew. Current says that it is of the incarnation that counts.
func (d *detector) beat(now Time, current bool) {
	d.beatAt = now
	if current {
		d.currentAt, d.currentIn = now, d.where
	}
}

// round ends a round of this node.
func (d *detector) round() {
	if !d.fresh {
		d.quiet++
	}
	d.fresh = false
}

// halfHeard reports whether other signs of life come, and no beats for so long: the discovery link is broken. Once in
// that time.
func (d *detector) halfHeard(now Time, long time.Duration) bool {
	if now-d.beatAt <= long {
		return false
	}
	d.beatAt = now
	return true
}

// missed is how many beats the peer owes, when this node beats so often and the peer so often.
func (d *detector) missed(mine, theirs time.Duration) int { return missed(d.quiet, mine, theirs) }

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

// court is what the judgment of one peer at the end of a round depends on.
type court struct {
	state   State
	since   Time // in that state
	now     Time
	beat    time.Duration
	missing int     // beats
	alone   int     // of these, since others vouched for it for long: who did may stall, and be back in a moment
	votes   votes   // of a suspect or a detached peer
	deaf    bool    // this node hears nobody, or did so a moment ago
	budget  float64 // evictions that this node may decide by itself
}

// finding is what it comes to: a trigger, or why a suspect that has missed enough is one still, or nothing.
type finding struct {
	fires  bool
	on     trigger
	why    string
	spends bool // of the budget
}

// judge applies silence.
func (c *court) judge() finding {
	switch c.state {
	case Probation:
		if c.missing >= suspectAfter {
			return finding{fires: true, on: silent, why: "silent on probation"}
		}
	case Alive:
		if c.missing >= suspectAfter {
			return finding{fires: true, on: silent, why: fmt.Sprintf("%d beats missed", c.missing)}
		}
	case Suspect:
		return c.judgeSuspect()
	case Detached:
		if v := c.votes; v.vouches < need(v.voters) && !v.unknown() {
			why := fmt.Sprintf("%d beats missed, listed by %d of %d", c.missing, v.vouches, v.voters)
			return finding{fires: true, on: unvouched, why: why}
		}
	}
	return finding{}
}

func (c *court) judgeSuspect() finding {
	v := c.votes
	if v.vouches >= need(v.voters) {
		if c.now-c.since < settleRounds*c.beat {
			return finding{}
		}
		return finding{fires: true, on: vouched, why: fmt.Sprintf("not heard here, listed by %d of %d", v.vouches, v.voters)}
	}
	if c.alone < v.limit() {
		return finding{}
	}
	why := fmt.Sprintf("%d beats missed, %d of %d confirm", c.missing, v.confirms, v.voters)
	switch e := verdictOn(c.deaf, v, c.budget); e {
	case spared, postponed:
		return finding{why: why + e.why()}
	default:
		return finding{fires: true, on: condemned, why: why, spends: e == budgeted}
	}
}

// votes is what the lists of others say about a suspect.
type votes struct {
	voters   int // hosts of strict peers heard just now, whose lists are known; in a mesh of one host, those peers
	vouches  int // of them, those that list it
	confirms int // of them, those that took it from a complete list since it fell silent
	against  int // strict peers that list it, or may: they doubt themselves, or what they list now is not known
	refusal  bool
}

// unknown reports whether nobody says anything now, though somebody who is heard lists it, or may: who doubts itself for
// some beats has not lost a peer.
func (v votes) unknown() bool { return v.voters == 0 && v.against > 0 }

// limit is M(C) with the refused dial counted as one more who confirms.
func (v votes) limit() int {
	c, k := v.confirms, v.voters
	if v.refusal {
		c, k = c+1, k+1
	}
	return evictLimit(c, k)
}

// verdict is what comes of a suspect that has missed as many beats as evict.
type verdict uint8

const (
	spared    verdict = iota // this node hears nobody, or did so a moment ago: it is the broken one
	postponed                // what others say settles nothing, and the budget is used up
	budgeted                 // the same, and the budget allows it
	agreed                   // whoever is heard has lost it too: no budget can be used up by what all see
)

// verdictOn judges a suspect. The budget guards against a node that hears little for reasons of its own. Where members
// that it hears have taken the suspect from their lists, or its address or DNS answers that nobody is there, and none
// still lists it, the reason is not its own.
func verdictOn(deaf bool, v votes, budget float64) verdict {
	switch {
	case deaf:
		return spared
	case (v.confirms > 0 || v.refusal) && v.against == 0:
		return agreed
	case budget >= 1:
		return budgeted
	}
	return postponed
}

// why completes the reason of a suspect that stays one.
func (v verdict) why() string {
	if v == spared {
		return "; kept, as this node hears nobody, or did so a moment ago"
	}
	return "; kept until this node may evict again"
}

// expected reports whether a suspect still counts among those that this node ought to hear. One that answers that
// nobody is there, or that was silent for as long as evicts without any confirmation, does not: it is dead. A node
// that hears nobody can say that of none.
func expected(deaf bool, missing int, refusal bool) bool {
	return deaf || !refusal && missing < evictSlow
}

// Eviction budget.
const (
	budgetShare  = 3                 // burst: evict at most a third of what we hear at once
	budgetMinute = 0.1               // refill: a tenth of what we hear a minute, Envoy's max_ejection_percent
	budgetFloor  = 300 * time.Second // refill: one in five minutes if we hear anybody
)

// budgetCeiling is the most evictions that can be saved up by a node that hears the share h of n members: none by
// one that hears nobody.
func budgetCeiling(n int, h float64) float64 {
	if h == 0 {
		return 0
	}
	return max(1, float64(n)*h/budgetShare)
}

// budgetRefill is what is added to the budget in time dt.
func budgetRefill(n int, h float64, dt time.Duration) float64 {
	return max(dt.Seconds()/budgetFloor.Seconds(), budgetMinute*float64(n)*h*dt.Minutes())
}

const massShare = 3 // more than 1/3 of the members suspect is a mass event

// massEvent reports whether so many members are suspect at once that the fault is hardly theirs.
func massEvent(suspects, members int) bool {
	return suspects > 1 && suspects*massShare > members
}

// degraded reports whether this node hears too few of those that it ought to hear, or ran too late, to be trusted.
func degraded(heard, ought int, late bool) bool {
	return late || 2*heard < ought
}
