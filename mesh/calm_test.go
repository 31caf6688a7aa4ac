package mesh

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"
	"unsafe"

	"hearsay/topics"
)

// brokenCalm returns what is wrong with what is known of the calm peers.
func (m *Machine) brokenCalm() error {
	var sum audience
	for _, p := range m.slots {
		if p == nil || !m.isCalm(p) {
			continue
		}
		sum.add(m.audienceOf(p))
		if till := m.calmTill(p); till < p.rest.till {
			return fmt.Errorf("%s is calm until %v, and a rule wants something of it at %v", p.name, p.rest.till, till)
		}
	}
	if sum != m.calm.audience {
		return fmt.Errorf("calm peers show %+v, counted %+v", sum, m.calm.audience)
	}
	return nil
}

// lull is a mesh at rest that something happens to now and then: to a machine, and to one of which no peer is ever calm.
type lull struct {
	*storm
	t     *testing.T
	all   *Machine
	heads map[topics.Name]*topics.Header
	moods map[topics.Name]mood
	looks int
	calm  int // how often a peer was, at the end of a step
}

// mood is what a peer does for a while. A rule that waits for something to last, or to end, is seen to wait in vain by no other.
type mood int

const (
	content    mood = iota
	restarting      // another process takes its place now and then
	ahead           // so is its clock
	deaf            // it does not list this node
	moods
)

func (l *lull) step(ev Input) {
	l.all.stirAll()
	for _, o := range l.all.links {
		o.last = pulse{}
	}
	l.all.Step(l.now, ev)
	effects := l.m.Step(l.now, ev)
	err := cmp.Or(l.check(effects), l.m.brokenCalm())
	if l.looks++; err == nil && l.looks%8 == 0 { // what is not equal once stays so for long
		if path := differ(reflect.ValueOf(l.m), reflect.ValueOf(l.all), map[unsafe.Pointer]bool{}); path != "" {
			err = fmt.Errorf("m%s where all are looked at", path)
		}
	}
	if err != nil {
		l.t.Fatalf("%v, %#v: %v", l.now, ev, err)
	}
	for _, p := range l.m.slots {
		if p != nil && l.m.isCalm(p) {
			l.calm++
		}
	}
}

// answer has all dials lead where they should, and a list come over each link.
func (l *lull) answer() {
	for len(l.dials) > 0 {
		d := l.dials[0]
		l.dials = l.dials[1:]
		l.ids++
		id := LinkID(l.ids)
		l.links = append(l.links, id)
		l.step(LinkUp{id, d, fmt.Sprintf("10.0.0.%s:%d", string(d.Target)[1:], 20000+10000*int(d.Port))})
		if o := l.m.links[id]; o != nil && o.port == DiscoveryPort {
			l.beat(id, d.Target, false)
		}
	}
}

// beat has a peer say its list, or that it stands.
func (l *lull) beat(id LinkID, name topics.Name, asPulse bool) {
	h := l.heads[name]
	if h == nil {
		h = &topics.Header{Version: 1, Incarnation: 1, Beat: 1000, List: 1, Strict: true, Complete: true}
		l.heads[name] = h
	}
	names, off := []topics.Name{name}, time.Duration(0)
	h.Seq++
	was := l.moods[name]
	if l.rng.IntN(150) == 0 {
		if l.moods[name] = mood(l.rng.IntN(3 * int(moods))); l.moods[name] >= moods {
			l.moods[name] = content
		}
	}
	if restarts := was == restarting && l.rng.IntN(8) == 0; restarts || was != l.moods[name] {
		h.List, asPulse = h.List+1, false
		if restarts {
			h.Incarnation++
		}
	}
	said := *h
	if was == ahead && saysTime(h.Seq) {
		said.At, off = 1, time.Hour
	}
	if l.rng.IntN(40) == 0 {
		switch l.rng.IntN(13) {
		case 0:
			h.Strict = !h.Strict
		case 1:
			h.Complete = !h.Complete
		case 2:
			h.Degraded = !h.Degraded
		case 3:
			h.List++
		case 4:
			h.Told++
		case 5:
			h.Incarnation++
		case 6:
			h.Beat = 3000 - h.Beat
		case 7:
			said.Leaving = true
		case 8:
			said.Twin = "self@10.0.0.9"
		case 9:
			said.Mesh = "another"
		case 10:
			said.Seq--
		case 11:
			said.At, off = 1, time.Hour
		case 12:
			asPulse = false
		}
	}
	if said.Pulse = asPulse; !asPulse {
		if l.moods[name] != deaf {
			names = append(names, "self")
		}
		for _, other := range l.names[1:] {
			if other != name && l.rng.IntN(40) > 0 {
				names = append(names, other)
			}
		}
	}
	l.step(Beat{id, names, &said, off})
}

// happen has something happen.
func (l *lull) happen() {
	at := fmt.Sprintf("10.0.0.%d", l.rng.IntN(6))
	reader := ListenerID(l.rng.IntN(8))
	var link LinkID
	if n := len(l.links); n > 0 {
		link = l.links[l.rng.IntN(n)]
	}
	switch l.rng.IntN(9) {
	case 0:
		l.step(ReaderUp{reader, at})
	case 1:
		l.step(ReaderNamed{reader, l.name()})
	case 2:
		l.step(ReaderSilent{reader, l.rng.IntN(2) == 0})
	case 3:
		l.step(ReaderDown{reader})
	case 4:
		l.step(LinkSilent{link, l.rng.IntN(2) == 0})
	case 5:
		l.step(LinkStuck{link, l.rng.IntN(2) == 0})
	case 6:
		l.step(Heard{link})
	default:
		l.step(l.input())
	}
}

// No rule wants anything of a calm peer: to look at it all the same changes nothing.
func TestCalm(t *testing.T) {
	t.Parallel()
	const peers, beats = 6, 6000
	for seed := range uint64(8) {
		names := []topics.Name{"self"}
		for i := range peers {
			names = append(names, topics.Name(fmt.Sprintf("n%d", i)))
		}
		l := &lull{
			storm: &storm{rng: rand.New(rand.NewPCG(seed, 3)), names: names}, t: t,
			heads: make(map[topics.Name]*topics.Header), moods: make(map[topics.Name]mood),
		}
		c := Config{Self: "self", Incarnation: 2, Seed: seed, Seeds: names[1:3]}
		if seed%4 == 3 { // it is a partial mesh as soon as all are known
			c.FullMesh = peers - 1
		}
		l.m, l.all = New(c), New(c)
		l.step(Tick{})
		for i := range ListenerID(peers) {
			l.step(ListenerUp{i, fmt.Sprintf("10.0.0.%d", i)})
			l.step(Hello{i, names[1+i]})
			if seed%2 == 0 { // else nobody reads this node's messages
				l.step(ReaderUp{i, fmt.Sprintf("10.0.0.%d", i)})
				l.step(ReaderNamed{i, names[1+i]})
			}
		}
		for i := range beats {
			l.answer()
			l.now += time.Second / peers
			p := l.m.peers[names[1+i%peers]]
			if p != nil && p.reach.link != nil && l.rng.IntN(100) > 0 {
				l.beat(p.reach.link.id, p.name, true)
			}
			if l.rng.IntN(30) == 0 {
				l.happen()
			}
			for range 100 {
				if l.now < l.m.Deadline() {
					break
				}
				l.step(Tick{})
			}
		}
		if l.calm < beats/2 && c.FullMesh == 0 {
			t.Errorf("seed %d: peers were calm %d times", seed, l.calm)
		}
	}
}

// differ returns where two values of one type, or what they lead to, are something else; "" if they are equal. Of a map by
// pointers the size counts.
func differ(a, b reflect.Value, done map[unsafe.Pointer]bool) string {
	switch a.Kind() {
	case reflect.Pointer:
		if a.IsNil() || b.IsNil() || done[a.UnsafePointer()] {
			return said(a.IsNil() != b.IsNil(), "")
		}
		done[a.UnsafePointer()] = true
		return differ(a.Elem(), b.Elem(), done)
	case reflect.Interface:
		if a.IsNil() || b.IsNil() || a.Elem().Type() != b.Elem().Type() {
			return said(!a.IsNil() || !b.IsNil(), "")
		}
		return differ(a.Elem(), b.Elem(), done)
	case reflect.Slice, reflect.Array:
		if a.Len() != b.Len() {
			return ": length"
		}
		for i := range a.Len() {
			if path := differ(a.Index(i), b.Index(i), done); path != "" {
				return fmt.Sprintf("[%d]%s", i, path)
			}
		}
	case reflect.Map:
		if a.Len() != b.Len() {
			return ": length"
		}
		for it := a.MapRange(); it.Next() && it.Key().Kind() != reflect.Pointer; {
			of := b.MapIndex(it.Key())
			if !of.IsValid() {
				return fmt.Sprintf("[%v]", it.Key())
			}
			if path := differ(it.Value(), of, done); path != "" {
				return fmt.Sprintf("[%v]%s", it.Key(), path)
			}
		}
	case reflect.Struct:
		switch a.Type() {
		case reflect.TypeFor[calm](), reflect.TypeFor[rest](), reflect.TypeFor[pulse]():
			return "" // of which this is about
		}
		for i := range a.NumField() {
			if path := differ(a.Field(i), b.Field(i), done); path != "" {
				return "." + a.Type().Field(i).Name + path
			}
		}
	default:
		return said(!a.Equal(b), fmt.Sprintf(": %v and %v", a, b))
	}
	return ""
}

func said(is bool, what string) string {
	if !is {
		return ""
	}
	return cmp.Or(what, ": nil")
}
