package node

import "time"

const (
	// drainShare of a beat is spent on what has arrived before a round is judged: a flood cannot put off the judgement,
	// or this node's own beat, for longer.
	drainShare = 10

	// drainMost of a beat is spent at the most, where the machine is so slow that not every link has had its turn by
	// then. The two rounds of grace that a peer has left bring another beat's worth of turns.
	drainMost = 2

	// drainTurns events are taken in before a flood counts as one, and two more for each link. Connections are read in
	// turn, and 128 events wait ready, so every link has had its turn by then.
	drainTurns = 256
)

// drainEnough reports whether the time is over in which a node takes in what has arrived, after so many events of so
// many links.
func drainEnough(taken, links int, spent, beat time.Duration) bool {
	if taken < drainTurns+2*links {
		return spent >= beat/drainMost
	}
	return spent >= beat/drainShare
}
