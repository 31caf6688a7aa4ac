package mesh

import "hearsay/topics"

// Effect is what the machine wants done. The runtime does them in order.
type Effect interface{ effect() }

type (
	// Dial asks for a link. With Addr empty the runtime resolves Target, now; else it connects to the literal
	// address Addr ("ADDRESS:PORT"). Answered by exactly one LinkUp or DialFailed with this Target and Port.
	// Two dials of one target may be under way at once: a sign of life does not wait for one that hangs.
	Dial struct {
		Target topics.Name
		Port   Port
		Addr   string
	}

	// HangUp closes a link. Answered by LinkDown.
	HangUp struct{ Link LinkID }

	// Publish sends a beat on the discovery publisher. One without Header.Pulse is the list that new listeners
	// get at once, until the next such one. Names is never modified afterwards.
	Publish struct {
		Names  []topics.Name // own name first
		Header topics.Header
	}

	// Show is the list that new listeners get from now on, and nobody else: it says already what the next Publish
	// will say to all.
	Show struct {
		Names  []topics.Name // own name first; never modified afterwards
		Header topics.Header
	}

	// Emit tells the application.
	Emit struct{ Change }
)

func (Dial) effect()    {}
func (HangUp) effect()  {}
func (Publish) effect() {}
func (Show) effect()    {}
func (Emit) effect()    {}
