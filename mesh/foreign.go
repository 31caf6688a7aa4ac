package mesh

import (
	"time"

	"hearsay/mesh/rate"
	"hearsay/topics"
)

// Meshes may meet by accident: they share a host, a seed or a network, or an address goes from one to the other. Each has
// a label, or none, and every beat and every hello says which. Who says another one is a stranger: what it says is no
// list, no hello, and no reason to dial anybody. A node without a header has no label, so it is of the mesh without one.
//
// The name that led there is dialled again as one that leads to nobody: who goes from one mesh to the other, with a
// restart, is found.

const (
	maxForeigners = 64          // that are remembered, so that each is told once: those of a mesh that shares all our seeds
	foreignBurst  = 16          // told at once,
	foreignEvery  = time.Minute // and then one in this time: names and labels are whatever somebody says
)

var foreignLimit = rate.Every(foreignEvery, foreignBurst)

// Foreigner is a node of another mesh that this one has met.
type Foreigner struct {
	Name topics.Name // as it was dialled, or as it says
	Mesh string      // its label; "": it has none
	Addr string      // where it was met: an endpoint, or an address that its hello came from
	At   Time        // last
}

// foreigners are those that were met last.
type foreigners struct {
	met  []Foreigner
	tell rate.Bucket
}

// meet notes one, and reports whether it is news.
func (f *foreigners) meet(x Foreigner) (news bool) {
	oldest := 0
	for i := range f.met {
		if f.met[i].Name.Key() == x.Name.Key() && f.met[i].Mesh == x.Mesh {
			f.met[i] = x
			return false
		}
		if f.met[i].At < f.met[oldest].At {
			oldest = i
		}
	}
	if len(f.met) < maxForeigners {
		f.met = append(f.met, x)
	} else {
		f.met[oldest] = x
	}
	return true
}

// forget drops what is known of a name: it is of this mesh.
func (f *foreigners) forget(key topics.Name) {
	for i := 0; i < len(f.met); {
		if f.met[i].Name.Key() == key {
			f.met = append(f.met[:i], f.met[i+1:]...)
			continue
		}
		i++
	}
}

// labelOf is the label of the mesh in which a beat was said.
func labelOf(h *topics.Header) string {
	if h == nil {
		return ""
	}
	return h.Mesh
}

// otherMesh is the cause for people.
func otherMesh(label string) string {
	if label == "" {
		return "another mesh (without a label)"
	}
	return "another mesh (" + label + ")"
}

// meetForeigner counts a sign of another mesh, and tells of whoever gave it once.
func (m *Machine) meetForeigner(name topics.Name, label, addr string) {
	m.stats.Foreign++
	if !m.foreigners.meet(Foreigner{name, label, addr, m.now}) || !m.foreigners.tell.Take(m.now, foreignLimit) {
		return
	}
	c := Change{Kind: Foreign, Peer: name, Why: "it is of " + otherMesh(label) + ", met at " + addr}
	if p := m.peers[name.Key()]; p != nil {
		c.From, c.To = p.state, p.state
	}
	m.do(Emit{c})
}

// onForeignHello meets a listener that says it is of another mesh.
func (m *Machine) onForeignHello(ev ForeignHello) {
	if ev.Mesh == m.cfg.Mesh {
		m.stats.Stray++
		return
	}
	m.meetForeigner(ev.Name, ev.Mesh, ev.Addr)
}

// onMeshSaid hears from a publisher of which mesh it is, before or instead of a beat.
func (m *Machine) onMeshSaid(ev MeshSaid) {
	l := m.links[ev.Link]
	if l == nil || l.port != DiscoveryPort {
		m.stats.Stray++
		return
	}
	if ev.Mesh != m.cfg.Mesh {
		m.estrange(l, ev.Mesh)
	}
}

// estrange hangs up a link that leads into another mesh: the name that was dialled leads to nobody there.
func (m *Machine) estrange(l *link, label string) {
	p := l.peer
	m.meetForeigner(p.name, label, l.addr)
	looking := l == p.twins.link
	m.cut(l)
	if looking {
		return
	}
	if l.byName {
		p.reach.tour.way.answered(OtherMesh)
	}
	p.reach.fails(failure{why: OtherMesh, addr: l.addr, mesh: label})
	if p.reach.link == nil {
		p.reach.link, p.reach.next = p.reach.next, nil
	}
	switch {
	case p.reach.link != nil, p.reach.waiting(DiscoveryPort) != nil, len(p.reach.flying(DiscoveryPort)) > 0:
		return // another one will tell
	case p.state == Alias:
		m.unalias(p)
	}
	c := p.classOf()
	if p.state != Candidate {
		c = classProbe
	}
	m.discoveryFailed(p, c, OtherMesh)
}

// Foreigners returns the nodes of other meshes that were met last.
func (m *Machine) Foreigners() []Foreigner { return append([]Foreigner(nil), m.foreigners.met...) }
