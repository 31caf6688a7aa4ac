package mesh

import "time"

const (
	leastGraves     = 16 // departed peers remembered by a node that has few members
	gravesPerMember = 2  // by others, for each member: two meshes of this size beside it
)

// graves is how many departed peers are remembered. Without a bound a node that outlives many deployments would know
// and probe all their dead, for a day each.
func graves(members int) int { return max(leastGraves, gravesPerMember*members) }

// faded is how little a departed peer is worth remembering: for how long it is gone, in terms of how long it was
// known. What ran for days and is missing since last night comes back; what ran for a minute and is missing since
// ten does not.
func faded(known, gone, beat time.Duration) float64 {
	return float64(gone) / float64(max(known, beat))
}

// bury drops the departed peers beyond the bound, the most faded first. A peer that is still listed would be met again
// at once, and one with a bad past keeps it until it is forgiven. One that is dialled at this moment goes like others, or
// those that happen not to be would go in its stead.
func (m *Machine) bury() {
	members := m.count[Alive] + m.count[Suspect] + m.count[Detached]
	for n := m.count[Quarantined] + m.count[Left] - graves(members); n > 0; n-- {
		p := m.mostFaded(func(p *peer) bool { return p.column.mentions == 0 && m.forgiven(p) })
		if p == nil {
			return
		}
		m.drop(p, "others are gone, too")
	}
}

// mostFaded returns the departed peer, of those that are meant, which is least worth remembering.
func (m *Machine) mostFaded(meant func(*peer) bool) (worst *peer) {
	most := -1.0
	for p := range m.near() {
		if p.state != Quarantined && p.state != Left || p.origin.seed || p.reach.linked() || !meant(p) {
			continue
		}
		if f := faded(p.detector.at-p.detector.firstAt, m.now-p.detector.at, m.cfg.Beat); f > most {
			worst, most = p, f
		}
	}
	return worst
}
