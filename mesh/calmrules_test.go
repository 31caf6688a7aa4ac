package mesh

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"hearsay/topics"
)

// calmMesh is a machine that hears four peers, with one of them that is calm, and what that one's pulses are.
func calmMesh(t *testing.T) (m *Machine, p *peer, pulse Beat) {
	t.Helper()
	m, links, names, headers, now := meshOf(4)
	for range 3 {
		for i, id := range links {
			headers[i].Seq++
			headers[i].Pulse = true
			m.Step(now, Beat{id, names[i : i+1], &headers[i], 0})
		}
		now = m.roundAt
		for m.Deadline() <= now {
			m.Step(now, Tick{})
		}
	}
	p = m.slots[0]
	h := headers[0]
	h.Seq++
	if err := m.brokenCalm(); err != nil || !m.isCalm(p) || p.name != names[0] {
		t.Fatalf("%s is not calm, but until %v: %v", p.name, m.calmTill(p), err)
	}
	return m, p, Beat{links[0], names[:1], &h, 0}
}

// What a rule may go by stirs a calm peer.
func TestWhatStirs(t *testing.T) {
	t.Parallel()
	for name, happens := range map[string]func(m *Machine, p *peer, pulse Beat){
		"an input":         func(m *Machine, _ *peer, _ Beat) { m.Step(m.now, OwnFault{"none"}) },
		"a list":           func(m *Machine, _ *peer, b Beat) { b.Header.Pulse = false; m.Step(m.now, b) },
		"another's beat":   func(m *Machine, _ *peer, b Beat) { b.Names = []topics.Name{"x"}; m.Step(m.now, b) },
		"a plan":           func(m *Machine, p *peer, _ Beat) { m.wakeBy(p, never) },
		"its state":        func(m *Machine, p *peer, _ Beat) { m.setState(p, Suspect) },
		"a link lost":      func(m *Machine, p *peer, _ Beat) { m.unhold(p.feed.link) },
		"a reason to dial": func(m *Machine, p *peer, _ Beat) { m.want(p, onward, classProbe) },
		"its time":         func(m *Machine, p *peer, _ Beat) { p.rest.till, p.detector.fresh = m.now, true; m.endBeats() },
		"silence":          func(m *Machine, p *peer, _ Beat) { m.endBeats() },
		"messages alone":   func(m *Machine, p *peer, _ Beat) { m.now += 4 * m.cfg.Beat; m.sign(p); m.endBeats() },
		"the draw":         func(m *Machine, _ *peer, _ Beat) { m.view = &partial{}; m.lookView(true) },
		"its clock":        func(m *Machine, p *peer, _ Beat) { hearsAhead(m, p) },
		"the clock of most": func(m *Machine, p *peer, _ Beat) {
			for _, q := range m.slots {
				if q.clock.offsets.count = clockSpans; q != p {
					q.clock.ahead = time.Hour
					m.stir(q)
				}
				q.clock.sure = true
			}
			m.judgeClocks()
		},
	} {
		m, p, pulse := calmMesh(t)
		if happens(m, p, pulse); m.isCalm(p) {
			t.Errorf("%s does not stir it", name)
		}
	}
	m, p, pulse := calmMesh(t)
	m.calm.not.clear(len(m.slots))
	if m.isCalm(m.add("x", "x")) {
		t.Error("a new peer is calm")
	}
	m.own.seat.peer = &peer{}
	if m.stir(m.own.seat.peer); !m.isCalm(p) {
		t.Error("what is in no table stirs the first in it")
	}
	if m.Step(m.now, pulse); !m.isCalm(p) {
		t.Error("a pulse that says nothing new stirs it")
	}
	pulse.Header.Seq, pulse.Header.Pulse = pulse.Header.Seq+1, false
	if m.Step(m.now, pulse); p.reach.link.last.known {
		t.Error("what a list says is taken for a pulse")
	}
}

// hearsAhead hears beats of a clock that is ahead.
func hearsAhead(m *Machine, p *peer) {
	for range clockFirst {
		m.now += m.cfg.Beat
		m.hearClock(p, &topics.Header{At: 1}, time.Hour)
	}
}

// Who is calm is so in every respect.
func TestCalmTill(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(m *Machine, p *peer){
		"state":        func(_ *Machine, p *peer) { p.state = Suspect },
		"naive":        func(_ *Machine, p *peer) { p.says.naive, p.feed.look = true, never },
		"partial":      func(m *Machine, p *peer) { v := &partial{on: true}; v.chosen.set(p.slot); m.view = v },
		"unproven":     func(_ *Machine, p *peer) { p.reach.link.proven = false },
		"next":         func(_ *Machine, p *peer) { p.reach.next = &link{} },
		"follows":      func(_ *Machine, p *peer) { p.reach.link.follows = false },
		"due":          func(_ *Machine, p *peer) { p.due = time.Hour },
		"quiet":        func(_ *Machine, p *peer) { p.detector.quiet = 1 },
		"no list":      func(_ *Machine, p *peer) { p.row.known = false },
		"telling":      func(_ *Machine, p *peer) { p.telling.stands = 5 },
		"told":         func(_ *Machine, p *peer) { p.telling.missed = 1 },
		"caller":       func(_ *Machine, p *peer) { p.callers.from("10.9.9.9:20000") },
		"rival":        func(_ *Machine, p *peer) { p.twins.rival.addr = "10.9.9.9:20000" },
		"twin's link":  func(_ *Machine, p *peer) { p.twins.link = &link{} },
		"conflict":     func(_ *Machine, p *peer) { p.twins.told = true },
		"restarts":     func(m *Machine, p *peer) { p.restarts.Add(5, m.now, false) },
		"clock":        func(_ *Machine, p *peer) { p.clock.ahead = time.Hour },
		"clock before": func(_ *Machine, p *peer) { p.clock.rounds = 1 },
		"unheard":      func(_ *Machine, p *peer) { p.row.hearsMe, p.feed.look = false, never },
		"one way":      func(_ *Machine, p *peer) { p.oneWay.told = true },
		"stale":        func(_ *Machine, p *peer) { p.stale.told = 1 },
		"stray":        func(_ *Machine, p *peer) { p.straySince = 1 },
		"no messages":  func(_ *Machine, p *peer) { p.feed.link = nil },
		"stuck":        func(_ *Machine, p *peer) { p.feed.stuck = true },
		"hushed":       func(m *Machine, p *peer) { m.readers.mute[p.key] = 1 },
		"look":         func(m *Machine, p *peer) { m.readers.named[p.key] = 1 },
	} {
		m, p, _ := calmMesh(t)
		if change(m, p); m.calmTill(p) > m.now {
			t.Errorf("%s: it is calm until %v", name, m.calmTill(p))
		}
	}
}

// saidAnyway is what no rule of a calm peer goes by, or what is taken in of each pulse (again). Whoever has a header say more
// decides here which of both it is, or has it stir.
var saidAnyway = []string{"Version", "Seq", "Replay", "Listeners", "Last", "At", "Program", "Tags"}

// Only the same pulse over the same link is taken for one that says nothing new.
func TestAgain(t *testing.T) {
	t.Parallel()
	m, p, same := calmMesh(t)
	l := p.reach.link
	other := *l
	if m.again(&other, same) {
		t.Error("over another link")
	}
	if m.again(l, Beat{l.id, []topics.Name{"x"}, same.Header, 0}) {
		t.Error("under another name")
	}
	if m.again(l, Beat{l.id, same.Names, nil, 0}) {
		t.Error("of a naive node")
	}
	if !m.again(l, same) {
		t.Error("the same is not taken for it")
	}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[topics.Header]()) {
		h := *same.Header
		switch v := reflect.ValueOf(&h).Elem().FieldByIndex(f.Index); v.Kind() {
		case reflect.Bool:
			v.SetBool(!v.Bool())
		case reflect.Int, reflect.Int64:
			v.SetInt(v.Int() + 1)
		case reflect.Uint64:
			v.SetUint(v.Uint() + 1)
		case reflect.String:
			v.SetString("b@10.0.0.9")
		}
		if is := l.last.says(&h); is != slices.Contains(saidAnyway, f.Name) {
			t.Errorf("another %s: it says nothing new: %v", f.Name, is)
		}
	}
	if new(pulse).says(&topics.Header{Pulse: true}) {
		t.Error("nothing was said before")
	}
}
