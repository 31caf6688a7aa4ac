package graph

import "hearsay/topics"

// relax follows an edge that is new, as far as it makes ways shorter.
func (d *DB) relax(from, to int32) {
	d.queue = d.queue[:0]
	d.reach(from, to)
	d.follow()
}

// reach makes a way to a node over another, if that is shorter than the one it has, and queues the node.
func (d *DB) reach(from, to int32) {
	f, t := &d.nodes[from], &d.nodes[to]
	if to == self || f.hops == none || t.hops != none && t.hops <= f.hops+1 {
		return
	}
	if t.hops == none {
		t.hops = f.hops + 1
		d.toggle(to)
	}
	t.hops, t.parent, t.via = f.hops+1, from, f.via
	if from == self {
		t.via = to
	}
	d.version++
	d.queue = append(d.queue, to)
}

// follow works the queue off, breadth first.
func (d *DB) follow() {
	for k := 0; k < len(d.queue); k++ {
		i := d.queue[k]
		for _, to := range d.nodes[i].hears {
			d.reach(i, to)
		}
	}
}

// search finds all ways anew, if one was lost.
func (d *DB) search() {
	if !d.stale {
		return
	}
	d.stale = false
	d.version++
	d.digest = Digest{}
	for i := range d.nodes {
		if n := &d.nodes[i]; int32(i) != self {
			n.hops, n.parent, n.via = none, none, none
		}
	}
	d.toggle(self)
	d.queue = append(d.queue[:0], self)
	d.follow()
	for i := range d.nodes {
		if n := &d.nodes[i]; n.name != "" {
			d.release(int32(i))
		}
	}
}

// at returns the node of a name, or nil.
func (d *DB) at(name topics.Name) *node {
	d.search()
	if i, ok := d.ids[name]; ok {
		return &d.nodes[i]
	}
	return nil
}

// Hops is how many edges lead to a name, over nodes each of which hears the next one: 1 for one that this node hears, 0
// for itself. ok is false where none do.
func (d *DB) Hops(name topics.Name) (hops int, ok bool) {
	n := d.at(name)
	if n == nil || n.hops == none {
		return 0, false
	}
	return int(n.hops), true
}

// Via is who comes first on a shortest way to a name: somebody whom this node hears. "" where there is no way.
func (d *DB) Via(name topics.Name) topics.Name {
	if n := d.at(name); n != nil && n.via != none {
		return d.nodes[n.via].name
	}
	return ""
}

// Last is who comes last before a name on that way: somebody who hears it.
func (d *DB) Last(name topics.Name) topics.Name {
	if n := d.at(name); n != nil && n.parent != none {
		return d.nodes[n.parent].name
	}
	return ""
}

// EachReachable calls f with every name that there is a way to, this node's apart.
func (d *DB) EachReachable(f func(name topics.Name, hops int)) {
	d.search()
	for i := range d.nodes {
		if n := &d.nodes[i]; n.hops > 0 {
			f(n.name, int(n.hops))
		}
	}
}

// Listers returns those that there is a way to and that hear a name, in no order.
func (d *DB) Listers(name topics.Name) (listers []topics.Name) {
	n := d.at(name)
	if n == nil {
		return nil
	}
	for _, i := range n.heardBy {
		if l := &d.nodes[i]; l.hops != none {
			listers = append(listers, l.name)
		}
	}
	return listers
}

// Mutual reports whether two names hear each other.
func (d *DB) Mutual(a, b topics.Name) bool {
	i, ok := d.ids[a]
	j, also := d.ids[b]
	return ok && also && d.hears(i, j) && d.hears(j, i)
}

// Sweep drops the records of origins that there was no way to for so long, and returns how many. What a DB forgets sooner
// than its neighbours it is not told of again by them, as nobody compares records of origins that cannot be reached.
func (d *DB) Sweep(now, keep Time) (dropped int) {
	d.search()
	for i := range d.nodes {
		n := &d.nodes[i]
		switch {
		case !n.held || int32(i) == self:
		case n.hops != none:
			n.lost = 0
		case n.lost == 0:
			n.lost = max(now, 1)
		case now-n.lost >= keep:
			d.drop(int32(i))
			dropped++
		}
	}
	d.search()
	return dropped
}
