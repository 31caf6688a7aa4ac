package mesh

import "hearsay/topics"

// Kind says what a Change is about.
type Kind uint8

const (
	Quiet       Kind = iota // not told to the application
	Joined                  // alive for the first time
	Suspected               // silent, no longer listed
	Recovered               // suspect or detached, and heard again
	Separated               // detached: others hear it
	Evicted                 // quarantined
	OnProbation             // heard again, and has to prove itself
	Relapsed                // silent during probation
	Returned                // alive again after quarantine or goodbye
	Departed                // left: it said goodbye
	Restarted               // the same name with another incarnation
	Conflict                // two processes use one name
	Forgotten               // dropped from the table
	Withheld                // a naive peer is not told of names with a port, which it could not stand
	Mute                    // this node hears others, and none of them hears it
	Audible                 // and now one does
	Linked                  // messages flow both ways: the peer reads ours, and we its own
	Unreached               // a configured name leads to nobody, and why
	Foreign                 // a node of another mesh was met
	Missed                  // messages of the peer are lost: nobody has them any more
	Unlinked                // the peer's lists come, and messages do not pass, one way or both, and why
	Attested                // far: not heard here, and members that are heard hear it; what was told of it as a neighbour is over
	Unattested              // and none of them does so any longer
	OneWay                  // the peer hears this node, or this node the peer, and not the other way round, and why
	Stale                   // the peer calls from elsewhere than its name leads to, where nobody is, or another process
	Clock                   // the clock of the peer, or of this node, is off, and by how much
	Settled                 // a conflict is over: one process uses the name, or this node need not know
	Restarts                // the process of the peer ends and is started again, time and again
	Steady                  // and it was not started again for a while, or is heard no more and known by others
	BothWays                // a link that went one way does so no more: both hear each other, or there is none any more, and why
	kinds
)

var kindNames = [...]string{
	"quiet", "joined", "suspect", "recovered", "detached", "evicted", "probation", "relapsed", "returned",
	"left", "restarted", "conflict", "forgotten", "withheld", "mute", "audible", "linked", "unreached", "foreign", "missed", "unlinked",
	"attested", "unattested", "one-way", "stale", "clock", "settled", "restarts", "steady", "both-ways",
}

// String is the word for a kind in logs and JSON.
func (k Kind) String() string {
	if k >= kinds {
		return "unknown"
	}
	return kindNames[k]
}

// Change is one thing that an application may want to know about a peer.
type Change struct {
	Kind        Kind
	Peer        topics.Name
	From, To    State  // equal where the state did not change
	Why         string // for people
	Incarnation int64  // of the peer, Unix ms; 0 from a naive one
	Via         string // of a far member: by whose word it is one, joined by commas
}
