package graph

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"hearsay/topics"
)

// model is the same as a DB, done plainly.
type model struct {
	own     map[topics.Name]bool
	records map[topics.Name]Record
	hears   []topics.Name
}

func (m *model) put(r Record, own bool) {
	was, held := m.records[r.Origin]
	same := was.ID() == r.ID()
	newer := r.Incarnation > was.Incarnation || r.Incarnation == was.Incarnation && r.Number > was.Number
	switch {
	case !held, own && !same, newer && !m.own[r.Origin]:
		m.records[r.Origin], m.own[r.Origin] = r, own
	case same && own:
		m.own[r.Origin] = true
	}
}

func (m *model) edges(name topics.Name) []topics.Name {
	if name == "self" {
		return m.hears
	}
	return m.records[name].Hears
}

func (m *model) hops() map[topics.Name]int {
	hops := map[topics.Name]int{"self": 0}
	for queue := []topics.Name{"self"}; len(queue) > 0; queue = queue[1:] {
		for _, to := range m.edges(queue[0]) {
			if _, ok := hops[to]; !ok {
				hops[to] = hops[queue[0]] + 1
				queue = append(queue, to)
			}
		}
	}
	return hops
}

// check compares a DB with the model, and looks at what it keeps.
func (m *model) check(d *DB) error {
	hops := m.hops()
	var digest Digest
	for name, r := range m.records {
		if got, ok := d.Record(name); !ok || got.ID() != r.ID() {
			return fmt.Errorf("record of %s: %v, want %v", name, got, r)
		}
		if _, ok := hops[name]; ok {
			digest[Bucket(name)] ^= uint16(sumOf(hashName(name), r.ID()))
		}
	}
	if records, _ := d.Len(); records != len(m.records) {
		return fmt.Errorf("%d records, want %d", records, len(m.records))
	}
	if d.Digest() != digest {
		return fmt.Errorf("digest %v, want %v", d.Digest(), digest)
	}
	for i := range 12 {
		name := nameOf(i)
		want, reachable := hops[name]
		got, ok := d.Hops(name)
		if ok != reachable || got != want {
			return fmt.Errorf("%s is %d hops away (%v), want %d (%v)", name, got, ok, want, reachable)
		}
		if via := d.Via(name); reachable && name != "self" {
			if !slices.Contains(m.hears, via) || hops[d.Last(name)] != want-1 || !slices.Contains(m.edges(d.Last(name)), name) {
				return fmt.Errorf("%s by way of %s and %s", name, via, d.Last(name))
			}
		} else if via != "" {
			return fmt.Errorf("%s is not reachable, and by way of %s", name, via)
		}
		listers := d.Listers(name)
		for i := range 12 {
			l := nameOf(i)
			if _, ok := hops[l]; slices.Contains(listers, l) != (ok && slices.Contains(m.edges(l), name)) {
				return fmt.Errorf("%s is listed by %v", name, listers)
			}
		}
	}
	return d.sound()
}

// sound checks that nodes are kept for something, and what they are said to take.
func (d *DB) sound() error {
	bytes, records := 0, 0
	for i := range d.nodes {
		n := &d.nodes[i]
		if n.name == "" {
			continue
		}
		bytes += nodeBytes + len(n.name) + edgeBytes*len(n.hears)
		if n.held {
			records++
		}
		if i != 0 && !n.held && len(n.hears)+len(n.heardBy) == 0 {
			return fmt.Errorf("%s is kept for nothing", n.name)
		}
		for _, j := range n.hears {
			if !slices.Contains(d.nodes[j].heardBy, int32(i)) {
				return fmt.Errorf("%s hears %s, which does not know it", n.name, d.nodes[j].name)
			}
		}
	}
	if bytes != d.bytes || records != d.records {
		return fmt.Errorf("%d records and %d bytes, counted %d and %d", records, bytes, d.records, d.bytes)
	}
	if len(d.ids)+len(d.free) != len(d.nodes) {
		return fmt.Errorf("%d names and %d free places of %d", len(d.ids), len(d.free), len(d.nodes))
	}
	return nil
}

func nameOf(i int) topics.Name {
	if i == 0 {
		return "self"
	}
	return topics.Name(fmt.Sprintf("n%d", i))
}

// play does what bytes say, and compares after each step.
func play(t *testing.T, input []byte) {
	d := New("self", Limits{})
	m := &model{own: map[topics.Name]bool{}, records: map[topics.Name]Record{}}
	now := Time(0)
	for len(input) >= 5 {
		op, who, x, y, z := input[0]%8, nameOf(int(input[1])%11+1), input[2], input[3], input[4]
		input = input[5:]
		var hears []topics.Name
		for i := range 12 {
			if (uint(x)|uint(y)<<8)&(1<<i) != 0 && nameOf(i) != who {
				hears = append(hears, nameOf(i))
			}
		}
		switch op {
		case 0:
			hears = slices.DeleteFunc(hears, func(n topics.Name) bool { return n == "self" })
			d.SetHears(hears)
			m.hears = hears
		case 1:
			d.Drop(who)
			delete(m.records, who)
			delete(m.own, who)
		case 2:
			d.Release(who)
			m.own[who] = false
		case 3:
			now += time.Minute
			hops := m.hops()
			d.Sweep(now, 0)
			d.Sweep(now, 0)
			for name := range m.records {
				if _, ok := hops[name]; !ok {
					delete(m.records, name)
					delete(m.own, name)
				}
			}
		default:
			r := Record{who, int64(z % 3), uint64(z / 3 % 8), hears}
			own := z >= 128
			lacks := d.Lacks(r.ID())
			if o := d.Put(r, own); lacks && o != Stored || !lacks && !own && o == Stored {
				t.Fatalf("%v: lacked %v, and %v", r, lacks, o)
			}
			m.put(r, own)
		}
		if err := m.check(d); err != nil {
			t.Fatalf("after %d of %s: %v", op, who, err)
		}
	}
}

func FuzzDB(f *testing.F) {
	f.Add([]byte{0, 0, 6, 0, 0, 4, 0, 8, 0, 3, 4, 2, 16, 0, 3, 1, 0, 0, 0, 0, 3, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, input []byte) { play(t, input[:min(len(input), 5*60)]) })
}
