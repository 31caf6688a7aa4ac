package mesh

import (
	"time"

	"hearsay/mesh/rate"
)

// Dials of those who gave no sign are bounded together, or what they cost would grow with the number of the dead.
// Signs of life, first dials and whatever else happens once for a reason are not.
const (
	rationBurst   = 32 // at once: a member that came back is not behind those that died with it
	rationPerBeat = 2  // and then so many: two a second, as SWIM probes and asks one member a period
)

func rationLimit(beat time.Duration) rate.Limit { return rate.Every(beat/rationPerBeat, rationBurst) }

// rationed reports whether dials of a class are.
func (c class) rationed() bool { return c == classProbe }

// mayDial reports whether a dial of a class may start now. Where it may not yet, a Tick is asked for when it may.
func (m *Machine) mayDial(c class) bool {
	if m.dials.flying >= maxFlying || m.dials.perKind[c] >= maxPerClass[c] {
		return false
	}
	if limit := rationLimit(m.cfg.Beat); c.rationed() && m.dials.ration.Empty(m.now, limit) {
		m.at(m.now + limit.Period)
		return false
	}
	return true
}
