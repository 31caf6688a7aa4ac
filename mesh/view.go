package mesh

import (
	"cmp"
	"encoding/binary"
	"hash/fnv"
	"slices"

	"hearsay/topics"
)

// view is the policy that says which peers get a link of this node's own. Whatever it says, a peer without one is looked
// at again now and then: see decide.
type view interface {
	// links reports whether a peer is to be linked.
	links(p *peer) bool

	// forget takes in that a peer is dropped.
	forget(p *peer)
}

// fullMesh is the view of a full mesh.
type fullMesh struct{}

func (fullMesh) links(*peer) bool { return true }
func (fullMesh) forget(*peer)     {}

// A node of a mesh of more members than Config.FullMesh listens to a few of them, its neighbours, and knows the others by
// the word of these: they are far members. It draws some neighbours by lots of its own, which nobody else can foresee, and
// takes others because they drew it: so most pairs hear each other, and who joins is listened to. A lot stands for as long
// as its name does: a name that comes later takes another one's place only where its lot is better, so that a mesh which
// grows by half changes a third of the neighbours.
const (
	drawnLeast = 6  // neighbours that a node draws itself, whoever drew it
	drawnMost  = 8  // drawn ones and those that drew it, where that is more
	neighbours = 12 // of both kinds; beyond that, who draws it has to be content to hear it
	toldBy     = 6  // of them that tell of others: each of these does so of all
	toldFirst  = 3  // the same, while the mesh grows
	audienceOf = 4  // who list it, that a node sees to: with fewer it draws more
	partShare  = 4  // of those that are too many, so small a part is given up in a round
	partAfter  = 3  // beats after which one that is no neighbour, and still heard, is one whose messages nobody else brings
	feedStays  = 8  // beats that the message link of one that is given up stays: a relay is found meanwhile
	leastMesh  = 32 // the smallest mesh that may be a partial one: in smaller ones the neighbours are nearly all
	fullAgain  = 4  // a mesh is a full one again once it is a quarter smaller than that
)

// partial is the view of a mesh that is too large for everybody to hear everybody.
type partial struct {
	most   int    // members up to which it is all of them
	on     bool   // there are more
	sure   bool   // there were
	waited int    // rounds in which there were only names of so many
	chosen bitset // by slot
	growth growth // of the mesh
	drawn  int    // members when all were drawn last
	sticky bool   // those that are heard stay, whatever their lots

	parting bitset // those of them that stay until others are heard in their place
}

// newView is the policy that a Config asks for.
func newView(c Config) view {
	if c.FullMesh == 0 {
		return fullMesh{}
	}
	return &partial{most: c.FullMesh}
}

// links reports whether a peer is one of the neighbours, or may be: a configured name that was never heard is dialled
// whatever there is, since it may lead to another part of the mesh. So is who says hello and is no member: somebody has to be
// the first to hear it.
func (v *partial) links(p *peer) bool {
	switch {
	case !v.on, v.chosen.has(p.slot), p.says.naive, p.origin.guessed:
		return true
	case p.state == Candidate:
		return p.origin.seed || p.origin.claims > 0
	}
	return p.state != Alive && p.state != Far // it is judged by its silence, and probed, as ever
}

func (v *partial) forget(p *peer) {
	v.chosen.clear(p.slot)
	v.parting.clear(p.slot)
}

// size takes in how many members there are, and names that may be some, and reports whether all are to be linked again.
// Where many names are met at once the mesh is taken for a large one before they are members: to dial them all first would
// take most of what it takes to start.
func (v *partial) size(members, names int) (again bool) {
	switch {
	case members > v.most:
		v.on, v.sure, v.waited = true, true, 0
	case !v.on && members+names > v.most && v.waited == 0:
		v.on, v.sure = true, false
	case v.on && !v.sure:
		v.waited++
		again = v.waited > evictFast
	case v.on:
		again = members < v.most-v.most/fullAgain
	case members+names <= v.most:
		v.waited = 0
	}
	if again {
		v.on = false
	}
	return again
}

// draw chooses among peers, when so many list this node. It returns the new ones.
func (v *partial) draw(peers []*peer, listed int) (found []*peer) {
	slices.SortFunc(peers, byLot)
	old, was := slices.Clone(v.chosen), slices.Clone(v.parting)
	clear(v.chosen)
	count := 0
	take := func(most int, meant func(p *peer) bool) {
		for _, p := range peers {
			if count >= most {
				return
			}
			if !v.chosen.has(p.slot) && meant(p) {
				v.chosen.set(p.slot)
				count++
				if !old.has(p.slot) {
					found = append(found, p)
				}
			}
		}
	}
	anybody := func(*peer) bool { return true }
	if v.sticky {
		take(drawnLeast, func(p *peer) bool { return old.has(p.slot) && !was.has(p.slot) && p.state == Alive })
	}
	take(drawnLeast+max(0, audienceOf-listed), anybody)
	take(neighbours, func(p *peer) bool { return p.origin.claims > 0 && p.state == Alive }) // who drew it, and is a neighbour already
	take(neighbours, func(p *peer) bool { return p.origin.claims > 0 })
	take(drawnMost, anybody)
	return found
}

// keep has others that are heard stay until as many of the drawn ones are heard, those of before first: what they say counts
// meanwhile.
func (v *partial) keep(old bitset, peers []*peer) {
	clear(v.parting)
	heard := 0
	for _, p := range peers {
		if p.state == Alive && v.chosen.has(p.slot) {
			heard++
		}
	}
	for _, before := range []bool{true, false} {
		for _, p := range peers {
			if heard < drawnMost && p.state == Alive && !v.chosen.has(p.slot) && old.has(p.slot) == before {
				v.chosen.set(p.slot)
				v.parting.set(p.slot)
				heard++
			}
		}
	}
}

// byLot orders peers by their lots.
func byLot(a, b *peer) int { return cmp.Compare(a.lot, b.lot) }

// lotted is a peer in the order of the lots: to insert one among thousands moves no pointers, and looks at no peer.
type lotted struct {
	lot  uint64
	slot int32
}

// lots is what nobody else can foresee of a node's draw.
type lots uint64

// of is the lot of a name.
func (salt lots) of(key topics.Name) uint64 {
	h := fnv.New64a()
	_, _ = h.Write(binary.LittleEndian.AppendUint64(nil, uint64(salt)))
	_, _ = h.Write([]byte(key))
	return h.Sum64() * 0x9e3779b97f4a7c15 // the last letter counts for all bits
}
