package mesh

import (
	"fmt"
	"time"
)

// A node that hears others and is heard by none of them is mute: it is behind NAT or a firewall, or goes by a name that
// leads nobody to it. It cannot be told so by others, but their lists show it.

// muteAfter is for how long, in terms of BackOff: the third dial back, three of them after the first, has failed by then.
const muteAfter = 4

// voice is whether anybody hears this node.
type voice struct {
	unheard Time // since when those that are heard do not list it; never if one does
	mute    bool
	hear    int // who list it
}

// judge takes in how many of the peers that say all they hear list this node, and reports whether mute changed.
func (v *voice) judge(hear, of int, now Time, backOff time.Duration) bool {
	was := v.mute
	v.hear = hear
	switch {
	case hear > 0:
		v.unheard, v.mute = never, false
	case of == 0: // nobody can say
		v.unheard = never
	default:
		v.unheard = min(v.unheard, now)
		v.mute = v.mute || now-v.unheard >= muteAfter*backOff
	}
	return v.mute != was
}

// audience is what those that are heard show of who hears this node: by their lists, and by who listens to it.
type audience struct {
	hear, of      int // peers that list it, of those that would
	deaf, listers int // peers that neither listen to it nor read its messages, of those that list it and can be told
}

// add takes in what others show.
func (a *audience) add(b audience) {
	a.hear, a.of, a.deaf, a.listers = a.hear+b.hear, a.of+b.of, a.deaf+b.deaf, a.listers+b.listers
}

// less takes it back.
func (a *audience) less(b audience) { a.add(audience{-b.hear, -b.of, -b.deaf, -b.listers}) }

// audience takes it in.
func (m *Machine) audience() audience {
	a := m.calm.audience
	for p := range m.restless() {
		a.add(m.audienceOf(p))
	}
	return a
}

// audienceOf is what one peer shows.
func (m *Machine) audienceOf(p *peer) (a audience) {
	if p.state != Alive || !p.says.strict || !m.current(p) {
		return a
	}
	if p.row.hearsMe || p.row.complete && !p.says.degraded {
		a.of++
	}
	if !p.row.hearsMe {
		return a
	}
	a.hear++
	if p.live() {
		a.listers++
		if !m.listeners.has(p.reach.link) && m.readers.named[p.key] == 0 { // else it is this node's lists alone that do not reach it
			a.deaf++
		}
	}
	return a
}

// judgeVoice finds out whether this node is mute, and tells when that changes.
func (m *Machine) judgeVoice(a audience) {
	if !m.voice.judge(a.hear, a.of, m.now, m.cfg.BackOff) {
		return
	}
	c := Change{Kind: Audible, Peer: m.cfg.Self, Why: "listed again by those that it hears"}
	if m.voice.mute {
		c = Change{Kind: Mute, Peer: m.cfg.Self, Why: fmt.Sprintf(
			"hears %d, and none of them lists it: they cannot connect to this name", a.of)}
	}
	m.do(Emit{c})
}

// helloLongest bounds how rarely a peer is dialled for our hello's sake: somebody may have opened the door.
const helloLongest = time.Hour

// helloWait is the wait before saying hello once more to a peer that we hear and that does not list us: two beats,
// doubled up to BackOffCap. A mute node would be told the same by each of n peers: they share it.
func helloWait(tries int, mute bool, n int, c *Config) time.Duration {
	wait := min(c.BackOffCap, 2*c.Beat<<min(tries, 12))
	if mute {
		wait = max(wait, min(time.Duration(n)*c.BackOffCap, helloLongest))
	}
	return wait
}

func (m *Machine) helloWait(p *peer) time.Duration {
	return helloWait(int(p.reach.helloTry), m.voice.mute, m.count[Alive], &m.cfg)
}
