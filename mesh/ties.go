package mesh

import (
	"hearsay/mesh/lineage"
	"hearsay/mesh/record"
)

// In a partial mesh a node knows a thousand names and has to do with some twelve. So what only those need is a place of its own:
// a peer has it from when a link to it is up, or there is something to tell of it, until nothing is in it any more. The others
// share one that says nothing, and that nobody may write to: whoever writes without a link to the peer ties it first.

// ties are what there is between this node and a peer that it hears, or heard, or has told something of.
type ties struct {
	rest       rest             // while it is calm
	clock      peerClock        // what its clock is
	feed       feed             // its message link
	oneWay     oneWay           // whether only one of both hears the other
	stale      missing          // what was told of a name that leads elsewhere
	straySince Time             // since when it calls by a name that leads to another process; 0: it does not
	restarts   lineage.Restarts // how often another one took its place
	row        row              // whom it lists
	twins      twins            // other processes under its name
	past       record.Record
	telling    telling // whom it tells of that others hear
}

// noTies are the ties of one with which there are none.
func noTies() ties {
	return ties{feed: feed{due: never, look: never}, oneWay: oneWay{unheard: never}}
}

// tie gives a peer ties of its own.
func (m *Machine) tie(p *peer) {
	if p.ties == &m.untied {
		own := noTies()
		p.ties = &own
		m.tied.set(p.slot)
	}
}

// untie takes the ties from those with which there are none any more.
func (m *Machine) untie() {
	m.tied.each(func(i int) {
		if p := m.slots[i]; (p.state.unheard() || p.state == Alias) && !p.reach.linked() && p.ties.none() &&
			p.reach.waiting(MessagePort) == nil && len(p.reach.flying(MessagePort)) == 0 {
			p.ties = &m.untied
			m.tied.clear(i)
		}
	})
}

// none reports whether they are as those of one that was never heard. What only counts beside something else is left out.
func (t *ties) none() bool {
	return t.feed.none() && t.row.none() && t.telling.none() && t.twins.none() && t.restarts.Fresh() &&
		t.clock == (peerClock{}) && t.oneWay == (oneWay{unheard: never}) && t.stale == (missing{}) && t.straySince == 0 &&
		t.past == (record.Record{})
}

func (f *feed) none() bool {
	return f.link == nil && len(f.ending) == 0 && !f.flows && f.tries == 0 && f.failure == (failure{}) &&
		f.look == never && f.missing == (missing{}) && f.due == never
}

func (r *row) none() bool { return !r.known && !r.hearsMe && r.has.none() }

func (t *telling) none() bool { return t.number == 0 && t.missed == 0 }

func (t *twins) none() bool {
	return t.looked == 0 && t.dial == nil && t.link == nil && t.rival == rival{} && !t.told && t.over == ""
}
