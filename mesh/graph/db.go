package graph

import (
	"slices"
	"time"

	"hearsay/topics"
)

// Time is monotonic time. The package never asks for it, it is told.
type Time = time.Duration

// Record is what an origin said that it hears. Names are keys.
type Record struct {
	Origin      topics.Name
	Incarnation int64
	Number      uint64 // of the list
	Hears       []topics.Name
}

// ID tells two records of an origin apart.
type ID struct {
	Origin      topics.Name
	Incarnation int64
	Number      uint64
}

// ID is the record's.
func (r Record) ID() ID { return ID{r.Origin, r.Incarnation, r.Number} }

// Limits bound what a DB holds.
type Limits struct {
	Records int
	Bytes   int // in memory, about
}

// Default limits: 5,000 nodes of degree 12 take 2 MB, and a mesh of 500 that all hear each other 3 MB.
const (
	mostRecords = 16384
	mostBytes   = 16 << 20
)

// Outcome is what became of a record.
type Outcome uint8

const (
	Same    Outcome = iota // it was known
	Stored                 // it is new
	Old                    // a newer one is known, or the origin is heard
	Refused                // there is no room
)

// What things cost in memory, about: a node with its entry in the map, and an edge with the one that leads back.
const (
	nodeBytes = 200
	edgeBytes = 8
)

const none = int32(-1)

// node is a name: an origin, or somebody who is in a record.
type node struct {
	name    topics.Name
	hash    uint64 // of the name
	inc     int64
	number  uint64
	sum     uint64  // of the record
	held    bool    // there is a record
	own     bool    // it came from the origin, which is heard
	hears   []int32 // ascending
	heardBy []int32 // in any order
	hops    int32   // from this node; none: not reachable
	parent  int32   // the one before it on the way
	via     int32   // the first one
	lost    Time    // since when the record is not reachable; 0: it is, or nobody has looked
}

// DB is a database of records, seen from one node. It is not safe for concurrent use.
type DB struct {
	limits  Limits
	nodes   []node
	free    []int32
	ids     map[topics.Name]int32
	records int
	bytes   int
	digest  Digest
	stale   bool   // a way was lost: search again
	version uint64 // of edges and reachability
	trees   [Trees]Tree
	queue   []int32
	scratch []int32
}

// self is this node's own.
const self = int32(0)

// New makes the DB of a node with that key. Limits that are 0 are the usual ones.
func New(name topics.Name, limits Limits) *DB {
	if limits.Records == 0 {
		limits.Records = mostRecords
	}
	if limits.Bytes == 0 {
		limits.Bytes = mostBytes
	}
	d := &DB{limits: limits, ids: make(map[topics.Name]int32), version: 1}
	d.intern(name)
	d.nodes[self].hops, d.nodes[self].parent, d.nodes[self].via = 0, none, none
	return d
}

// Len returns how many records there are, and how many bytes they take, about.
func (d *DB) Len() (records, bytes int) { return d.records, d.bytes }

// Version changes whenever an edge or a way does.
func (d *DB) Version() uint64 {
	d.search()
	return d.version
}

// intern returns the node of a name, and makes it.
func (d *DB) intern(name topics.Name) int32 {
	if i, ok := d.ids[name]; ok {
		return i
	}
	n := node{name: name, hash: hashName(name), hops: none, parent: none, via: none}
	var i int32
	if last := len(d.free) - 1; last >= 0 {
		i, d.free = d.free[last], d.free[:last]
		d.nodes[i] = n
	} else {
		i = int32(len(d.nodes))
		d.nodes = append(d.nodes, n)
	}
	d.ids[name] = i
	d.bytes += nodeBytes + len(name)
	return i
}

// release drops a node that nothing refers to.
func (d *DB) release(i int32) {
	n := &d.nodes[i]
	if i == self || n.held || len(n.hears)+len(n.heardBy) > 0 {
		return
	}
	delete(d.ids, n.name)
	d.bytes -= nodeBytes + len(n.name)
	*n = node{hops: none, parent: none, via: none}
	d.free = append(d.free, i)
}

// SetHears says whom this node hears now.
func (d *DB) SetHears(names []topics.Name) { d.setEdges(self, d.resolve(names)) }

// Put takes a record in. With own it came from the origin itself, whom this node hears. A record of this node has its
// number taken; its names do not count, see SetHears.
func (d *DB) Put(r Record, own bool) Outcome {
	if i, ok := d.ids[r.Origin]; ok {
		if o := d.nodes[i].compare(r, own); o != Stored {
			d.nodes[i].own = d.nodes[i].own || own && o == Same
			return o
		}
	}
	if !d.fits(r) {
		return Refused
	}
	i := d.intern(r.Origin)
	d.toggle(i)
	n := &d.nodes[i]
	if !n.held {
		d.records++
	}
	n.held, n.own, n.inc, n.number = true, own, r.Incarnation, r.Number
	n.sum = sumOf(n.hash, r.ID())
	d.toggle(i)
	if i != self {
		d.setEdges(i, d.resolve(r.Hears))
	}
	return Stored
}

// compare says whether a record is to be stored in place of the one that is held.
func (n *node) compare(r Record, own bool) Outcome {
	if !n.held {
		return Stored
	}
	same := n.inc == r.Incarnation && n.number == r.Number
	switch {
	case same:
		return Same
	case own, r.newer(n) && !n.own:
		return Stored
	}
	return Old
}

func (r Record) newer(n *node) bool {
	return r.Incarnation > n.inc || r.Incarnation == n.inc && r.Number > n.number
}

// Lacks reports whether a record with this ID would be stored.
func (d *DB) Lacks(id ID) bool {
	i, ok := d.ids[id.Origin]
	if !ok {
		return true
	}
	r := Record{Origin: id.Origin, Incarnation: id.Incarnation, Number: id.Number}
	return i != self && d.nodes[i].compare(r, false) == Stored
}

// Release says that this node hears an origin no more: records of it that others have count again.
func (d *DB) Release(origin topics.Name) {
	if i, ok := d.ids[origin]; ok {
		d.nodes[i].own = false
	}
}

// Drop forgets the record of an origin.
func (d *DB) Drop(origin topics.Name) {
	if i, ok := d.ids[origin]; ok && i != self {
		d.drop(i)
	}
}

func (d *DB) drop(i int32) {
	n := &d.nodes[i]
	if !n.held {
		return
	}
	d.toggle(i)
	n.held, n.own, n.inc, n.number, n.sum, n.lost = false, false, 0, 0, 0, 0
	d.records--
	d.setEdges(i, nil)
	d.release(i)
}

// Record returns the record of an origin, with the names in a fixed order. That of this node has the names of SetHears.
func (d *DB) Record(origin topics.Name) (r Record, ok bool) {
	i, ok := d.ids[origin]
	if !ok || !d.nodes[i].held {
		return Record{}, false
	}
	n := &d.nodes[i]
	r = Record{Origin: origin, Incarnation: n.inc, Number: n.number, Hears: d.namesOf(n.hears)}
	slices.Sort(r.Hears)
	return r, true
}

func (d *DB) namesOf(ids []int32) []topics.Name {
	names := make([]topics.Name, len(ids))
	for k, i := range ids {
		names[k] = d.nodes[i].name
	}
	return names
}

// fits reports whether there is room for a record, once unreachable ones have made room.
func (d *DB) fits(r Record) bool {
	if d.spare(r) {
		return true
	}
	d.search()
	for i := range d.nodes {
		if n := &d.nodes[i]; n.held && n.hops == none && n.name != r.Origin {
			if d.drop(int32(i)); d.spare(r) {
				return true
			}
		}
	}
	return false
}

// spare reports whether a record fits as it is.
func (d *DB) spare(r Record) bool {
	records, cost := 1, nodeBytes+len(r.Origin)
	if i, ok := d.ids[r.Origin]; ok {
		cost = -edgeBytes * len(d.nodes[i].hears)
		if d.nodes[i].held {
			records = 0
		}
	}
	for _, name := range r.Hears {
		cost += edgeBytes
		if _, ok := d.ids[name]; !ok {
			cost += nodeBytes + len(name)
		}
	}
	return d.records+records <= d.limits.Records && d.bytes+cost <= d.limits.Bytes
}

// resolve turns names into nodes, in ascending order, each once.
func (d *DB) resolve(names []topics.Name) []int32 {
	d.scratch = d.scratch[:0]
	for _, name := range names {
		d.scratch = append(d.scratch, d.intern(name))
	}
	slices.Sort(d.scratch)
	d.scratch = slices.Compact(d.scratch)
	return d.scratch
}

// setEdges replaces whom a node hears.
func (d *DB) setEdges(i int32, hears []int32) {
	old := d.nodes[i].hears
	if slices.Equal(old, hears) {
		return
	}
	fresh := slices.Clone(hears)
	d.nodes[i].hears = fresh
	d.bytes += edgeBytes * (len(fresh) - len(old))
	d.version++
	lost, gained := 0, 0
	for lost < len(old) || gained < len(fresh) {
		switch {
		case gained == len(fresh) || lost < len(old) && old[lost] < fresh[gained]:
			d.loseEdge(i, old[lost])
			lost++
		case lost == len(old) || fresh[gained] < old[lost]:
			d.gainEdge(i, fresh[gained])
			gained++
		default:
			lost, gained = lost+1, gained+1
		}
	}
}

func (d *DB) gainEdge(from, to int32) {
	n := &d.nodes[to]
	n.heardBy = append(n.heardBy, from)
	if !d.stale {
		d.relax(from, to)
	}
}

func (d *DB) loseEdge(from, to int32) {
	n := &d.nodes[to]
	if k := slices.Index(n.heardBy, from); k >= 0 {
		n.heardBy[k] = n.heardBy[len(n.heardBy)-1]
		n.heardBy = n.heardBy[:len(n.heardBy)-1]
	}
	if n.parent == from {
		d.stale = true
	}
	if !d.stale || n.hops == none {
		d.release(to)
	}
}
