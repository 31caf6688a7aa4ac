package sim

import (
	"time"

	"hearsay/mesh/relay"
)

// ledger holds what was published against what was delivered and told. It judges by what the world knows:
//
//	M1  each message is delivered once at most, and those of one origin in its order
//	M2  of what is missing between two deliveries exactly as many are told
//	M3  to the last that an origin said all is delivered or told, at everybody that was there when it began to talk
//	M4  nothing is delivered as an origin's which that origin never said, while its own messages come
//	M5  nothing is delivered of an origin while its key is withdrawn
type ledger struct {
	w      *world
	last   map[relay.Stream]uint64 // published
	whose  map[relay.Stream]*process
	plain  map[*process]map[string]bool // uids and bodies without numbers that a process got
	counts counts
	late   []time.Duration // from published to delivered
	from   time.Duration   // what was published from then on counts for
	later  time.Duration   // the slowest
}

// counts are of all processes together. Of what came answers are a part.
type counts struct{ published, came, delivered, told, forged, digests int }

// account is what one process got of one stream.
type account struct {
	next   uint64
	got    map[uint64]bool
	toldTo uint64 // the end of what was told missing
	lied   bool   // a relay has forged a number of it
}

func newLedger(w *world) *ledger {
	return &ledger{w: w, last: make(map[relay.Stream]uint64), whose: make(map[relay.Stream]*process), plain: make(map[*process]map[string]bool)}
}

func (b *ledger) published(c *courier, m *post) {
	b.counts.published++
	if m.number > 0 {
		b.last[m.Stream], b.whose[m.Stream] = m.number, c.p
	}
}

func (b *ledger) delivered(c *courier, m *post, missed uint64) {
	if c.p.host.kind != Honest {
		return
	}
	i, j := c.p.host.id, b.w.watch.index(m.Origin)
	if m.Origin == c.withdrawn {
		b.w.violate("M5", i, j, "number %d, though its key is withdrawn", m.number)
	}
	if m.forged {
		b.counts.forged++
		if a := c.account[m.Stream]; a != nil && m.number > 0 { // its number is used up, until the lie is found out
			a.lied = true
		}
		if at, ok := c.came[m.Origin]; ok && b.w.now-at < b.w.profile.Beat {
			b.w.violate("M4", i, j, "number %d on %s, which it never said", m.number, m.topic)
		}
		return
	}
	b.counts.delivered++
	b.late = append(b.late, b.w.now-m.sent)
	if m.sent >= b.from {
		b.later = max(b.later, b.w.now-m.sent)
	}
	if m.number == 0 {
		b.once(c, m)
		return
	}
	a := c.account[m.Stream]
	switch {
	case a == nil:
		a = &account{got: make(map[uint64]bool)}
		c.account[m.Stream] = a
	case a.got[m.number]:
		b.w.violate("M1", i, j, "number %d again", m.number)
	case a.lied: // what a relay has said in its name is taken back, and what was missed for it comes late
	case m.number < a.next:
		b.w.violate("M1", i, j, "number %d, after %d was delivered or given up", m.number, a.next-1)
	case m.number-a.next != missed:
		b.w.violate("M2", i, j, "number %d after %d, and %d told missing", m.number, a.next-1, missed)
	}
	a.got[m.number] = true
	a.next = max(a.next, m.number+1)
}

// once is M1 of a message that has no number: its time of sending tells it from others of its origin.
func (b *ledger) once(c *courier, m *post) {
	got := b.plain[c.p]
	if got == nil {
		got = make(map[string]bool)
		b.plain[c.p] = got
	}
	id := string(m.Origin) + m.sent.String()
	if got[id] {
		b.w.violate("M1", c.p.host.id, b.w.watch.index(m.Origin), "what it said at %v", m.sent)
	}
	got[id] = true
}

func (b *ledger) told(c *courier, g relay.Gap) {
	if b.last[g.Stream] >= g.From { // else a forger's
		b.counts.told += int(min(g.To, b.last[g.Stream]) - g.From + 1)
	}
	a := c.account[g.Stream]
	if a == nil {
		a = &account{next: g.From, got: make(map[uint64]bool)}
		c.account[g.Stream] = a
	}
	a.toldTo = g.To
}

// close is the end of M3: to the last that was said.
func (b *ledger) close() {
	for stream, last := range b.last {
		origin := b.whose[stream]
		for _, h := range b.w.hosts {
			if h.proc == nil || h.proc == origin || h.kind != Honest || h.proc.courier == nil {
				continue
			}
			a := h.proc.courier.account[stream]
			j := b.w.watch.index(stream.Origin)
			switch {
			case a == nil && !origin.dead && h.proc.born < b.w.talkAt:
				b.w.violate("M3", h.id, j, "none of %d", last)
			case a != nil && a.next <= last && a.toldTo < last && !origin.dead:
				b.w.violate("M3", h.id, j, "nothing from %d to %d", a.next, last)
			}
		}
	}
	b.figures()
}

// lastWordsTime is in which the last words of one that died come to all.
const lastWordsTime = 15 * time.Second

// lastWords counts what those that died have said to the end, and some have, but not all that were there.
func (b *ledger) lastWords() (lost int) {
	for stream, origin := range b.whose {
		if !origin.dead || b.w.now-origin.deadAt < lastWordsTime {
			continue
		}
		most := uint64(0)
		var upTo []uint64
		for _, h := range b.w.hosts {
			if h.proc == nil || h.kind != Honest || h.proc.courier == nil || h.proc.born >= min(b.w.talkAt, origin.deadAt) {
				continue
			}
			has := uint64(0)
			if a := h.proc.courier.account[stream]; a != nil {
				has = max(a.next-1, a.toldTo)
			}
			most = max(most, has)
			upTo = append(upTo, has)
		}
		for _, has := range upTo {
			lost += int(most - has)
		}
	}
	return lost
}

func (b *ledger) figures() {
	var questions, repaired, passed, relays, holding float64
	for _, h := range b.w.hosts {
		if h.proc == nil || h.proc.courier == nil || h.kind != Honest {
			continue
		}
		s := h.proc.courier.judge.Stats()
		questions += float64(s.Questions)
		repaired += float64(s.Repaired)
		relays += float64(s.Relays)
		holding += float64(s.Holding + s.Gaps)
		passed += float64(h.proc.courier.passed)
	}
	slowest := time.Duration(0)
	for _, d := range b.late {
		slowest = max(slowest, d)
	}
	b.w.record("last words", float64(b.lastWords()))
	b.w.record("questions", questions)
	b.w.record("repaired", repaired)
	b.w.record("relayed", passed)
	b.w.record("relays at the end", relays)
	b.w.record("held at the end", holding)
	b.w.record("told missing", float64(b.counts.told))
	b.w.record("forged", float64(b.counts.forged))
	b.w.record("slowest", slowest.Seconds())
	b.w.record("slowest later", b.later.Seconds())
	b.w.record("told bytes", float64(b.counts.digests)/float64(max(1, b.counts.delivered)))
	b.w.record("copies of each", float64(b.counts.came)/float64(max(1, b.counts.delivered)))
	b.w.record("copies", passed/float64(max(1, b.counts.published)))
}
