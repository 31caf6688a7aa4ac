package mesh

import (
	"time"

	"hearsay/topics"
)

// Effect is what the machine wants done. The runtime does them in order.
type Effect interface{ effect() }

type (
	// Dial asks for a link. With Addr empty the runtime resolves Target, now; else it connects to the literal
	// address Addr ("ADDRESS:PORT"). Answered by exactly one LinkUp or DialFailed, which gives it back; a further
	// LinkUp is hung up. Two dials of one target may be under way at once, and be answered in any order: a sign of
	// life does not wait for one that hangs.
	Dial struct {
		ID     DialID
		Target topics.Name
		Port   Port
		Addr   string
		Within time.Duration // it fails after so long at the latest; 0: that is the runtime's to say
		Aside  bool          // of a publisher of lists: it is not asked to tell of others, until a Follow
		Tell   bool          // a Resolved says what Target leads to, the address that is tried first before the others
	}

	// Lookup asks for all addresses of a name. Answered by exactly one Resolved.
	Lookup struct{ Name topics.Name }

	// HangUp closes a link. Answered by LinkDown.
	HangUp struct{ Link LinkID }

	// ReadOut closes a message link once its publisher has ended it, and at the latest when a bound of time or bytes
	// is reached: what is on its way is still received. Answered by LinkDown.
	ReadOut struct{ Link LinkID }

	// Retire has the publisher of a message link say no more over it, as another link has taken its place, and closes it once
	// all has come that was said before, however long that takes. Answered by LinkDown.
	Retire struct{ Link LinkID }

	// Doubt closes a message link, unless its far end shows within a bound of time that it is there; that may be an
	// acknowledgement of TCP. Answered by LinkDown only where it is closed.
	Doubt struct{ Link LinkID }

	// Ask has the publisher of a message link say something. Answered by LinkStuck only where nothing comes.
	Ask struct{ Link LinkID }

	// Follow asks the publisher at the far end of a discovery link to tell of others, all that there is and what changes, or no
	// more. Those of before answer with what changes alone.
	Follow struct {
		Link   LinkID
		Cancel bool
	}

	// Publish sends a beat on the discovery publisher to all who listen. Kept is what new listeners get at once from now
	// on. It is to be in place before the beat is sent: a listener that comes in between would else miss both.
	Publish struct {
		Edition
		Kept Edition
	}

	// Keep renews what new listeners get, and sends nothing: the others are told with the next Publish.
	Keep struct{ Edition }

	// Tell publishes records on the discovery publisher, for those who ask for them, and keeps them for those who come: the
	// number is in the header, and in those of all beats from now on. Records are never modified afterwards. A Change is what
	// is something else since the telling before, and is kept with all from the last whole one on; where Whole is given, that is
	// kept in their place.
	Tell struct {
		Records []topics.Record
		Header  topics.Header
		Change  bool
		Whole   []topics.Record
	}

	// Emit tells the application.
	Emit struct{ Change }
)

func (Dial) effect()    {}
func (Lookup) effect()  {}
func (HangUp) effect()  {}
func (ReadOut) effect() {}
func (Retire) effect()  {}
func (Doubt) effect()   {}
func (Ask) effect()     {}
func (Follow) effect()  {}
func (Publish) effect() {}
func (Keep) effect()    {}
func (Tell) effect()    {}
func (Emit) effect()    {}
