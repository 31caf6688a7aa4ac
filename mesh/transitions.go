package mesh

// trigger is what moves a peer from one state to another. Everything but goodbye is this node's own judgment;
// nothing that others say of a peer is a trigger, except that enough of them hearing it spares a suspect, and that one which
// was never heard here is a member by their word.
type trigger uint8

const (
	proven     trigger = iota // enough own beats over an own link
	heard                     // a sign of life over an own link
	silent                    // three beats missed (probation, alive)
	refused                   // the link broke and the dial after it was refused or did not resolve
	vouched                   // need() of the voters still list it
	unvouched                 // and do so no longer
	condemned                 // M(C) beats missed, and others have lost it too or the budget allows it
	goodbye                   // it said that it leaves
	aliased                   // what answers to this name is known by another
	unaliased                 // and may no longer be
	attested                  // members that are heard hear it, and a dial does not reach it
	unattested                // none of them does so any longer
	parted                    // others hear it, and it is none of the few that this node listens to
	triggers
)

var triggerNames = [...]string{
	"proven", "heard", "silent", "refused", "vouched", "unvouched", "condemned", "goodbye", "aliased", "unaliased",
	"attested", "unattested", "parted",
}

// transition is one line of the table.
type transition struct {
	from State
	on   trigger
	to   State
	tell Kind // what the application is told
}

// transitions is the whole of membership: a state and a trigger that are not here leave a peer as it is.
// A name becomes a candidate when somebody says it and a quota is left (learn); a candidate, a quarantined
// peer and a tombstone are dropped when their time is over (expire).
var transitions = []transition{
	// Getting in takes a beat of one's own, over a link that was dialled under the name it starts with; after a
	// bad past it takes several.
	{Candidate, proven, Alive, Joined},
	{Probation, proven, Alive, Returned},
	{Probation, silent, Quarantined, Relapsed},
	{Probation, refused, Quarantined, Relapsed},

	// Silence costs the place in our list at once, and membership later.
	{Alive, silent, Suspect, Suspected},
	{Alive, refused, Suspect, Suspected},
	{Suspect, heard, Alive, Recovered},
	{Suspect, vouched, Detached, Separated},
	{Detached, heard, Alive, Recovered},
	{Detached, unvouched, Suspect, Suspected},
	{Suspect, condemned, Quarantined, Evicted},

	// Nobody is banned: every probe may succeed.
	{Quarantined, proven, Alive, Returned},
	{Quarantined, heard, Probation, OnProbation},

	// Goodbye is believed from the peer itself, in any state, and undone by a newer incarnation.
	{Candidate, goodbye, Left, Quiet},
	{Probation, goodbye, Left, Departed},
	{Alive, goodbye, Left, Departed},
	{Suspect, goodbye, Left, Departed},
	{Detached, goodbye, Left, Departed},
	{Quarantined, goodbye, Left, Departed},
	{Left, proven, Alive, Returned},
	{Left, heard, Probation, OnProbation},

	// Whom this node cannot reach is a member by the word of members that it hears, until it is heard itself.
	{Candidate, attested, Far, Attested},
	{Far, unattested, Candidate, Unattested},
	{Far, proven, Alive, Joined},
	{Far, goodbye, Left, Departed},
	{Far, aliased, Alias, Unattested},

	// In a mesh too large for everybody to hear everybody a node gives up whom it need not hear itself.
	{Alive, parted, Far, Attested},
	{Suspect, parted, Far, Attested},

	// One process is one peer, whatever it is called.
	{Candidate, aliased, Alias, Quiet},
	{Alias, aliased, Alias, Quiet},
	{Alias, unaliased, Candidate, Quiet},
	{Alias, proven, Alive, Joined},
	{Alias, goodbye, Left, Quiet},
}
