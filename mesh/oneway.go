package mesh

import "fmt"

// A discovery port that is blocked one way has one node heard by another that it does not hear. Each end sees half of it:
// one that the other's lists, which have all that it hears, are without it; the other that somebody listens to it who
// cannot be dialled where it calls from. Others relay between the two, and nothing else shows it. So both ends tell.

const (
	unheardAfter = 1 // for how long, in terms of BackOff, a member may not list this node: by then it has dialled three times
	blockedAfter = 2 // failed dials of one that listens to this node: the first may meet a node that starts
	blockedFar   = 3 // the same, of a far member in a partial mesh: were it dead since the second one, the others would say so
)

// oneWay is what is known of a link that goes one way.
type oneWay struct {
	unheard Time    // since when the peer, which is heard, does not list this node; never if it does
	missing missing // what was told of it
	told    bool    // and nobody was told yet that it is over
}

// A member of a partial mesh that does not list this node may have as many neighbours as it takes, so this end tells of none.
// The other end does: whoever listens to it is dialled, be it a far member.

// judgeOneWay tells of the peers with which links go one way, and then ever more rarely, and of those with which they go both
// ways again.
func (m *Machine) judgeOneWay() {
	for p := range m.restlessOrCalling() {
		if m.unheardBy(p) {
			p.oneWay.unheard = min(p.oneWay.unheard, m.now)
		} else {
			p.oneWay.unheard = never
		}
		cause := m.oneWayTo(p)
		if cause != "" {
			m.tie(p)
		}
		w := &p.oneWay
		w.told = m.tellOn(p, &w.missing, OneWay, cause) || w.told
		if cause == "" {
			m.tellBothWays(p, m.notOneWay(p))
		}
	}
}

// notOneWay is why a link that is in order now went one way and does so no more; "" if that is not sure.
func (m *Machine) notOneWay(p *peer) string {
	switch {
	case p.state == Alive && p.row.hearsMe:
		return "both hear each other"
	case p.state == Alive && m.hearsFew(p):
		return "it is heard, and need not hear this node"
	case p.state.unheard() && p.origin.claims == 0:
		return "it does not listen to this node any more"
	case p.state == Far && p.reach.tries == 0:
		return "it is heard when it is dialled"
	}
	return ""
}

// tellBothWays tells why a link goes one way no more, if it was told that it does; "" is no reason.
func (m *Machine) tellBothWays(p *peer, why string) {
	if p.oneWay.told && why != "" {
		p.oneWay.told = false
		m.tell(BothWays, p, why)
	}
}

// unheardBy reports whether a member says all that it hears, and does not hear this node. Where nobody hears everybody that
// is no fault.
func (m *Machine) unheardBy(p *peer) bool {
	return p.state == Alive && !p.says.naive && m.current(p) && p.row.complete && !p.row.hearsMe && !m.hearsFew(p)
}

// unheardFor reports whether a member has not heard this node for so long.
func (m *Machine) unheardFor(p *peer, while Time) bool {
	return p.state == Alive && p.oneWay.unheard != never && m.now-p.oneWay.unheard >= while
}

// hearsByRelay reports whether a member that does not hear this node gets its messages all the same: to that one, this node
// is a far member by the word of somebody who hears both, and relays. So both ends of the link say that messages flow.
func (m *Machine) hearsByRelay(p *peer) bool {
	if !p.feed.carries() || !m.unheardFor(p, unheardAfter*m.cfg.BackOff) {
		return false
	}
	for q := range m.near() {
		if q.state == Alive && q.feed.flows && q.row.hearsMe && p.row.has.has(q.slot) {
			return true
		}
	}
	return false
}

// calls reports whether one that is not heard listens to this node, and has been dialled in vain. One that was heard has to
// have said hello since: it may have died, and a connection of it stands for minutes where its machine lost power.
func (m *Machine) calls(p *peer) bool {
	if p.state == Left {
		return p.isBack() && p.reach.tries >= blockedAfter
	}
	after := blockedAfter
	if p.state == Far && m.isPartial() {
		after = blockedFar
	}
	if p.state == Alive || p.state == Alias || p.origin.claims == 0 || p.reach.tries < after {
		return false
	}
	if p.state == Candidate && p.attest.again { // they say no more that it is there: it may have died, too
		return p.origin.helloAt > p.since
	}
	return !p.detector.met || p.origin.helloAt > p.detector.at+suspectAfter*m.cfg.Beat
}

// isBack reports whether somebody who calls itself so listens to this node since the peer said goodbye: it was started again.
func (p *peer) isBack() bool {
	return p.state == Left && p.origin.claims > 0 && !p.origin.guessed && p.origin.helloAt > p.since
}

// oneWayTo is why a link to a peer goes one way, once that is sure; "" if it does not.
func (m *Machine) oneWayTo(p *peer) string {
	switch f := p.reach.failure(); {
	case m.unheardFor(p, unheardAfter*m.cfg.BackOff):
		switch {
		case m.ownFault != "":
			return "it does not hear this node, which hears it: " + m.ownFault
		case m.cfg.Self.IsLocalhost():
			return fmt.Sprintf("it does not hear this node, which hears it: the name of this node, %s, leads each machine to itself: give it another --hostname",
				m.cfg.Self)
		case m.cfg.Self.IsIP():
			return fmt.Sprintf("it does not hear this node, which hears it: can it reach port %d of this node?", m.cfg.Self.Port())
		}
		return fmt.Sprintf("it does not hear this node, which hears it: can it reach port %d of this node, and does the name %s lead it there?",
			m.cfg.Self.Port(), m.cfg.Self)
	case !m.calls(p), f.addr != "" && hostOf(f.addr) != p.origin.helloIP: // anybody could have us tell of any address
		return ""
	default:
		if why := f.ofRunning().String(); why != "" {
			return "it hears this node, which does not hear it: " + why
		}
	}
	return ""
}
