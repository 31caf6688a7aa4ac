package relay

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"hearsay/topics"
)

// ledger checks what comes out of a judge: each stream in order, each number once, and each missing one told.
type ledger struct {
	testing.TB
	next map[topics.Name]uint64
}

func (l *ledger) take(r *rig) {
	l.Helper()
	gaps := r.j.Gaps()
	for _, d := range r.out {
		origin, n := parse(d.Message)
		next, begun := l.next[origin]
		if begun && d.Missed != n-next {
			l.Fatalf("%s: %d after %d, and %d told missing", origin, n, next-1, d.Missed)
		}
		l.next[origin] = n + 1
	}
	for _, g := range gaps {
		if g.From > g.To {
			l.Fatalf("gap %+v", g)
		}
	}
	r.out = nil
}

func parse(message string) (origin topics.Name, n uint64) {
	origin = topics.Name(message[:1])
	for _, c := range message[1:] {
		n = n*10 + uint64(c-'0')
	}
	return origin, n
}

// publisher is an origin, and everybody that keeps what it said.
type publisher struct {
	name topics.Name
	n    uint64
	ring *Ring[string]
}

// world plays a judge among publishers over links that lose what they carry.
type world struct {
	*rig
	ledger
	rng        *rand.Rand
	origins    []*publisher
	loss       float64
	down       map[topics.Name]bool // its messages do not come
	wanted     map[Say]bool
	questions  []Say
	outOfOrder []func()
}

func newWorld(t testing.TB, seed uint64) *world {
	w := &world{rig: newRigOf(t, Config{Seed: seed, Held: 4096}), rng: rand.New(rand.NewPCG(seed, 2)),
		ledger: ledger{t, map[topics.Name]uint64{}}, down: map[topics.Name]bool{}, wanted: map[Say]bool{}}
	for _, name := range []topics.Name{"a", "b", "c", "d"} {
		w.origins = append(w.origins, &publisher{name: name, ring: NewRing[string](1<<20, time.Minute, nil)})
		w.view.linked = append(w.view.linked, name)
		w.view.lists[name] = []topics.Name{"a", "b", "c", "d"}
	}
	w.loss = w.rng.Float64() * 0.5
	return w
}

func (w *world) lost() bool { return w.rng.Float64() < w.loss }

// publish lets an origin say something. It reaches the judge, or a relay that passes it on a little later.
func (w *world) publish(p *publisher) {
	p.n++
	for _, holder := range w.origins { // all others hear it
		holder.ring.Put(w.now, plain(p.name), p.n, p.n, "", 0)
	}
	n := p.n
	if !w.down[p.name] && !w.lost() {
		w.hear(p.name, n)
	}
	for _, via := range w.view.linked {
		if w.wanted[Say{To: via, Topic: topics.RelayedTopics(p.name)}] && !w.lost() {
			w.outOfOrder = append(w.outOfOrder, func() { w.relayed(via, p.name, false, n) })
		}
	}
}

// serve does what the judge says, and delivers a part of what is under way.
func (w *world) serve() {
	for _, s := range w.j.Says() {
		switch q := s.Topic; {
		case s.Cancel:
			delete(w.wanted, Say{To: s.To, Topic: q})
		case q[0] == '3':
			w.wanted[s] = true
		default:
			w.questions = append(w.questions, s)
		}
	}
	for len(w.questions) > 0 && w.rng.IntN(3) > 0 {
		s := w.questions[0]
		w.questions = w.questions[1:]
		if w.down[s.To] || w.lost() {
			continue
		}
		q, _ := topics.ParseQuestion([]byte(s.Topic))
		for _, p := range w.origins {
			if p.name != s.To {
				continue
			}
			var numbers []uint64
			p.ring.Answer(w.now, q, 20*keptCost, func(k *Kept[string], _, _ uint64) { numbers = append(numbers, k.First) })
			for _, n := range numbers {
				if !w.lost() {
					w.answer(s.To, s.Topic, n)
				}
			}
			w.ends(s.To, s.Topic)
		}
	}
	for len(w.outOfOrder) > 0 && w.rng.IntN(2) > 0 {
		i := w.rng.IntN(min(3, len(w.outOfOrder)))
		f := w.outOfOrder[i]
		w.outOfOrder = append(w.outOfOrder[:i], w.outOfOrder[i+1:]...)
		f()
	}
}

// Whatever is lost, cut off, reordered or relayed twice: never twice, never out of order, never silently missing.
func TestNeverTwiceNeverOutOfOrderNeverSilentlyMissing(t *testing.T) {
	repaired, told, relayed := uint64(0), uint64(0), uint64(0)
	for seed := range uint64(150) {
		w := newWorld(t, seed)
		for range 400 {
			p := w.origins[w.rng.IntN(4)]
			switch w.rng.IntN(40) {
			case 0: // the connection breaks, or comes back
				w.cutOrMend(p.name)
			case 1: // packets of it are dropped, or pass again
				w.down[p.name] = !w.down[p.name]
			case 2:
				w.pass(time.Duration(w.rng.IntN(5000)) * time.Millisecond)
			default:
				for range w.rng.IntN(4) {
					w.publish(p)
				}
			}
			w.pass(time.Duration(w.rng.IntN(60)) * time.Millisecond)
			w.serve()
			w.take(w.rig)
		}
		w.loss, w.down = 0, map[topics.Name]bool{}
		for _, p := range w.origins {
			if !w.view.Linked(p.name) {
				w.cutOrMend(p.name)
			}
		}
		for range 400 {
			w.pass(100 * time.Millisecond)
			w.serve()
			for _, p := range w.origins {
				w.out = w.j.Tell(w.now, p.name, 7, text("", p.n)+":1", w.out)
			}
			w.take(w.rig)
		}
		for _, p := range w.origins { // the next one shows what is owed before it
			w.publish(p)
			w.take(w.rig)
			if next, begun := w.next[p.name]; begun && next != p.n+1 {
				t.Fatalf("seed %d: %s: %d of %d", seed, p.name, next-1, p.n)
			}
		}
		for range 100 {
			w.pass(100 * time.Millisecond)
			w.serve()
			w.take(w.rig)
		}
		s := w.j.Stats()
		if s.Gaps != 0 || s.Holding != 0 || s.Starved != 0 || s.Relays != 0 {
			t.Fatalf("seed %d: nothing is wrong any more, and yet %+v", seed, s)
		}
		repaired, told, relayed = repaired+s.Repaired, told+s.Missed, relayed+s.Relayed
	}
	t.Logf("repaired %d, told %d, relayed %d", repaired, told, relayed)
	if repaired == 0 || relayed == 0 {
		t.Error("nothing was repaired or relayed")
	}
}

func (w *world) cutOrMend(name topics.Name) {
	for i, l := range w.view.linked {
		if l == name {
			w.view.linked = append(append([]topics.Name{}, w.view.linked[:i]...), w.view.linked[i+1:]...)
			return
		}
	}
	w.view.linked = append(w.view.linked, name)
	w.j.Up(w.now, name)
}

// Whatever comes, in whatever order: a judge keeps its bounds, and delivers no number twice and none out of order.
func FuzzJudge(f *testing.F) {
	f.Add([]byte("\x00\x01\x01\x00\x00\x03\x05\x00\x40"))
	f.Add([]byte("\x01\x02\x09\x02\x02\x09\x03\x00\x00\x04\x00\x00\x06\x07\x01\x05\x01\xff"))
	f.Fuzz(func(t *testing.T, ops []byte) {
		cfg := Config{Held: 2000, Streams: 8}
		if len(ops) > 0 && ops[0]&1 == 1 {
			cfg.ReplayCount = 3
		}
		if len(ops) > 0 && ops[0]&2 == 2 {
			cfg.Streams = 1024 // none is forgotten
		}
		r := newRigOf(t, cfg, "a", "b", "c")
		r.view.lists["a"], r.view.lists["b"] = []topics.Name{"o", "p"}, []topics.Name{"o"}
		names := []topics.Name{"a", "b", "c", "o", "p", "me"}
		last := map[Stream]uint64{}
		for len(ops) >= 3 {
			op, who, n := ops[0]%9, ops[1], uint64(ops[2])
			ops = ops[3:]
			via, origin := names[who%3], names[who/3%6]
			m := Stream{origin, int64(who>>6) + 1, "1"}
			if op == 0 {
				m.Origin = via
			}
			id := fmt.Sprintf("%s %d %d", m.Origin, m.Incarnation, n)
			switch op {
			case 0:
				_, r.out = r.j.Message(r.now, m, n, id, id, int(n), r.out)
			case 1, 2:
				_, r.out = r.j.Relay(r.now, via, op == 2, m, n, id, id, int(n), r.out)
			case 3:
				r.out = r.j.Tell(r.now, via, m.Incarnation, text("", n+1)+":1", r.out)
			case 4, 5:
				for q, s := range r.j.asked { // as many as there are: their order does not matter for what is checked
					if op == 4 {
						id := fmt.Sprintf("%s %d %d", s.Origin, s.Incarnation, s.from+n%8)
						_, r.out = r.j.Answer(r.now, s.asked, []byte(q), s.Stream, s.from+n%8, id, id, 1, r.out)
					} else {
						r.out = r.j.AnswerEnds(r.now, s.asked, []byte(q), r.out)
					}
				}
			case 6:
				r.pass(time.Duration(n) * 50 * time.Millisecond)
			case 7:
				r.j.Up(r.now, via)
				r.j.Replay(r.now, via, via, "1")
			case 8:
				r.j.Born(r.now, via, m.Incarnation)
			}
			r.j.Says()
			r.j.Gaps()
			s := r.j.Stats()
			if s.Holding < 0 || s.Holding > 2000 || s.Following > cfg.Streams+cfg.Streams/relayPart || len(r.j.openings.all) > openMost {
				t.Fatalf("%+v", s)
			}
			for _, d := range r.out {
				var m Stream
				var n uint64
				if _, err := fmt.Sscanf(d.Message, "%s %d %d", &m.Origin, &m.Incarnation, &n); err != nil {
					t.Fatal(err)
				}
				if n > 0 && n <= last[m] && s.Conflicts == 0 && cfg.Streams > 8 {
					t.Fatalf("%v: %d after %d", m, n, last[m])
				}
				last[m] = n
			}
			r.out = r.out[:0]
		}
		r.pass(delayMost + 5*time.Minute)
		if s := r.j.Stats(); s.Gaps != 0 || s.Holding != 0 {
			t.Fatalf("after all patience: %+v", s)
		}
	})
}

// What a node does for each message that comes in order: nothing is allocated.
func BenchmarkMessage(b *testing.B) {
	for _, c := range []struct {
		what    string
		origins int
	}{{"one", 1}, {"32 in turn", 32}} {
		b.Run(c.what, func(b *testing.B) {
			names := numbered(c.origins)
			j := New[[]byte](Config{Self: "me"}, nil)
			out := make([]Delivery[[]byte], 0, 1)
			streams := make([]Stream, len(names))
			for i, name := range names {
				streams[i] = plain(name)
			}
			n := 0
			b.ReportAllocs()
			for b.Loop() {
				_, out = j.Message(time.Duration(n), streams[n%len(names)], uint64(n/len(names)+1), "uid", nil, 100, out[:0])
				n++
			}
			if s := j.Stats(); len(out) != 1 || s.Gaps > 0 {
				b.Errorf("%+v", s)
			}
		})
	}
}

func TestMessageInOrderAllocatesNothing(t *testing.T) {
	j := New[[]byte](Config{Self: "me"}, nil)
	out := make([]Delivery[[]byte], 0, 1)
	s := plain("a")
	n := uint64(0)
	if allocs := testing.AllocsPerRun(1000, func() {
		n++
		_, out = j.Message(time.Duration(n), s, n, "uid", nil, 100, out[:0])
	}); allocs != 0 {
		t.Errorf("%v allocations a message", allocs)
	}
}
