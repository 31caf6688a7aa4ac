package mesh

// State is what a peer is to this node.
type State uint8

const (
	Unknown     State = iota // not in the table
	Candidate                // named by somebody, never heard
	Probation                // heard, and proving itself after a bad past
	Alive                    // heard, and listed: a member
	Suspect                  // silent; a member still, but no longer listed
	Detached                 // silent to us, heard by others: the fault lies between the two of us
	Quarantined              // evicted; probed now and then
	Left                     // said goodbye
	Far                      // not heard here, and members that are heard say that they hear it: a member by their word
	Alias                    // another name of a peer, or of this node
	states
)

var stateNames = [...]string{
	"unknown", "candidate", "probation", "alive", "suspect", "detached", "quarantined", "left", "far", "alias",
}

// String is the word for a state in logs, tables and JSON.
func (s State) String() string {
	if s >= states {
		return stateNames[Unknown]
	}
	return stateNames[s]
}

// Member reports whether a peer in this state counts as a member of the mesh that this node hears, or heard.
func (s State) Member() bool { return s == Alive || s == Suspect || s == Detached }

// Shown is the word for a state where it is told who is a member: a far one is alive, by way of others.
func (s State) Shown() string {
	if s == Far {
		s = Alive
	}
	return s.String()
}

// unheard reports whether a peer in this state was never heard.
func (s State) unheard() bool { return s == Candidate || s == Far }
