package graph

import (
	"cmp"
	"slices"
	"strings"

	"hearsay/topics"
)

// Trees is how many spanning trees there are: messages of different origins go over different ones, so that no node
// passes on the messages of all.
const Trees = 16

// Tree is a spanning tree over edges on which both ends hear each other. Two nodes with equal records make the same one.
type Tree struct {
	db      *DB
	version uint64
	root    int32
	parent  []int32 // by node; none: it is not in the tree, or the root
	depth   []int32
	size    int
}

// TreeOf is the number of the tree that an origin's messages go over.
func TreeOf(origin topics.Name) int { return int((hashName(origin) >> 32) % Trees) }

// Tree returns the spanning tree with a number from 0 to 15. Its root is the reachable node with the lowest hash of that
// number and its name; it is made breadth first, and whoever could have several parents takes the one with the fewest
// children, then that with the lowest hash. It is to be used before the DB changes.
func (d *DB) Tree(number int) *Tree {
	d.search()
	t := &d.trees[number]
	if t.version != d.version {
		d.plant(t, number)
	}
	return t
}

func (d *DB) plant(t *Tree, number int) {
	t.db, t.version, t.root, t.size = d, d.version, none, 0
	t.parent, t.depth = slices.Repeat([]int32{none}, len(d.nodes)), slices.Repeat([]int32{none}, len(d.nodes))
	ranks := make([]uint64, len(d.nodes))
	for i := range d.nodes {
		if !d.inTree(int32(i)) {
			continue
		}
		ranks[i] = mix(d.nodes[i].hash ^ mix(uint64(number)+1))
		if t.root == none || d.order(ranks, int32(i), t.root) < 0 {
			t.root = int32(i)
		}
	}
	if t.root == none {
		return
	}
	children := make([]int32, len(d.nodes))
	t.depth[t.root], t.size = 0, 1
	for level := []int32{t.root}; len(level) > 0; {
		level = d.below(t, level)
		slices.SortFunc(level, func(a, b int32) int { return d.order(ranks, a, b) })
		for _, j := range level {
			p := d.bestParent(t, j, children, ranks)
			t.parent[j] = p
			children[p]++
		}
		t.size += len(level)
	}
}

// inTree reports whether a node has a place in trees: it has a record, and there is a way to it.
func (d *DB) inTree(i int32) bool { return d.nodes[i].held && d.nodes[i].hops != none }

// below returns those next to a level of a tree that have no place in it yet, and gives them their depth.
func (d *DB) below(t *Tree, level []int32) (next []int32) {
	for _, i := range level {
		for _, j := range d.nodes[i].hears {
			if t.depth[j] == none && d.inTree(j) && d.hears(j, i) {
				t.depth[j] = t.depth[i] + 1
				next = append(next, j)
			}
		}
	}
	return next
}

// bestParent is the one with the fewest children of those one level up that hear a node and that it hears.
func (d *DB) bestParent(t *Tree, j int32, children []int32, ranks []uint64) int32 {
	best := none
	for _, i := range d.nodes[j].hears {
		if t.depth[i] != t.depth[j]-1 || !d.hears(i, j) {
			continue
		}
		if best == none || children[i] < children[best] || children[i] == children[best] && d.order(ranks, i, best) < 0 {
			best = i
		}
	}
	return best
}

// order is the same at all nodes, whatever numbers nodes have there.
func (d *DB) order(ranks []uint64, a, b int32) int {
	return cmp.Or(cmp.Compare(ranks[a], ranks[b]), strings.Compare(string(d.nodes[a].name), string(d.nodes[b].name)))
}

// hears reports whether one node's record has another.
func (d *DB) hears(i, j int32) bool {
	_, found := slices.BinarySearch(d.nodes[i].hears, j)
	return found
}

// Root is the name at the root, "" where the tree is empty.
func (t *Tree) Root() topics.Name {
	if t.root == none {
		return ""
	}
	return t.db.nodes[t.root].name
}

// Size is how many nodes are in it.
func (t *Tree) Size() int { return t.size }

// Parent is the node next to a name on the way to the root; "" of the root, and of those that are not in the tree.
func (t *Tree) Parent(name topics.Name) topics.Name {
	i, ok := t.db.ids[name]
	if !ok || int(i) >= len(t.parent) || t.parent[i] == none {
		return ""
	}
	return t.db.nodes[t.parent[i]].name
}

// Neighbours are the parent and the children of a name, in no order: those with whom it exchanges the tree's messages.
func (t *Tree) Neighbours(name topics.Name) (names []topics.Name) {
	i, ok := t.db.ids[name]
	if !ok || int(i) >= len(t.parent) {
		return nil
	}
	if p := t.parent[i]; p != none {
		names = append(names, t.db.nodes[p].name)
	}
	for _, j := range t.db.nodes[i].hears {
		if t.parent[j] == i {
			names = append(names, t.db.nodes[j].name)
		}
	}
	return names
}
