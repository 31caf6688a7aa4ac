package mesh

import (
	"time"

	"hearsay/topics"
)

// maxBeat bounds what a peer may say its beat is, in own beats: longer, and nobody would miss it.
const maxBeat = 30

// says is what a peer says of itself, as opposed to whom it hears. Of the Profile in it membership takes no notice.
type says struct {
	Profile
	beat     time.Duration // between two of its beats
	naive    bool          // it says nothing: its beats have no header
	strict   bool          // whom it lists it hears itself
	degraded bool          // it doubts itself
}

// hear takes in what the peer says with a header, or by having none. Pulses say nothing of the Profile.
func (s *says) hear(h *topics.Header, c *Config) {
	if h == nil {
		*s = says{naive: true, beat: c.Interval}
		return
	}
	s.naive, s.strict, s.degraded = false, h.Strict, h.Degraded
	s.beat = min(time.Duration(h.Beat)*time.Millisecond, maxBeat*c.Beat)
	if h.Pulse {
		return
	}
	s.Profile = Profile{h.Program, h.Tags}
}
