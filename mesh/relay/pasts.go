package relay

import (
	"cmp"
	"time"

	"hearsay/topics"
)

// past is where a stream was that is forgotten: there it goes on, should it come again.
type past struct {
	at         time.Duration // when it was forgotten
	next, sure uint64
	missed     uint64 // that were given up, and are told with the next delivery
	relayed    bool
}

// left is a stream that is forgotten, when, and who began it.
type left struct {
	Stream
	at time.Duration
	by topics.Name
}

// lefts are the streams of one class that are forgotten, and are known. There are bornMost at most.
type lefts struct {
	order fifo[left]
	by    map[topics.Name]int // how many of them somebody began
}

// pop returns the one that is known for longest of those that one has begun, or the one that is for shortest, and knows it no more.
func (p *lefts) pop(by topics.Name, last bool) left {
	n := p.order.len()
	at := 0
	for i := range n {
		if at = i; last {
			at = n - 1 - i
		}
		if p.order.at(at).by == by {
			break
		}
	}
	l := *p.order.at(at)
	for ; at > 0; at-- {
		*p.order.at(at) = *p.order.at(at - 1)
	}
	*p.order.at(0) = l
	return p.shift()
}

// shift forgets the first.
func (p *lefts) shift() left {
	l := p.order.pop()
	if p.by[l.by]--; p.by[l.by] == 0 {
		delete(p.by, l.by)
	}
	return l
}

func (p *lefts) push(l left) {
	if p.by == nil {
		p.by = make(map[topics.Name]int)
	}
	p.order.push(l)
	p.by[l.by]++
}

// most is who began most of them, or the one that begins another one, if that one has as many.
func (p *lefts) most(with topics.Name) (by topics.Name) {
	most := 0
	for name, n := range p.by {
		if n = 2*n + one(name == with); n > most || n == most && name < by {
			by, most = name, n
		}
	}
	return by
}

// keepPast notes where a stream was that is forgotten, and of which something came, or is missing: its past would come again. Those
// that relays began, which may make them up, take no room of the others, and none of them that of another one, beyond an equal share.
// Where no more is asked for than of lateBeats, the one that is known for longest makes room: what a relay brought of that is known
// by its uid, too. Where more is, the one that is known for shortest does, and no past is asked for of streams that the same one
// brings, as long as somebody may have it.
func (j *Judge[T]) keepPast(now time.Duration, s *stream[T]) {
	if s.came == 0 && s.told < s.next {
		return
	}
	of, by := &j.lefts[s.class], cmp.Or(s.by, s.Origin)
	if of.order.len() >= bornMost {
		j.stats.Unknown++
		from := of.most(by)
		if j.replays() {
			j.pastsLost[from] = now + j.pastTime()
			if from == by {
				return
			}
		}
		j.forgetPast(of.pop(from, j.replays()))
	}
	j.pasts[s.Stream] = past{now, s.next, s.sure, s.missed, s.relayed}
	of.push(left{s.Stream, now, by})
}

func (j *Judge[T]) forgetPast(l left) {
	if j.pasts[l.Stream].at == l.at {
		delete(j.pasts, l.Stream)
	}
}

// forgetPasts forgets of which streams something came so long ago that nobody has it.
func (j *Judge[T]) forgetPasts(now time.Duration) {
	for i := range j.lefts {
		for of := &j.lefts[i]; of.order.len() > 0 && now-of.order.at(0).at > j.pastTime(); {
			j.forgetPast(of.shift())
		}
	}
	for by, until := range j.pastsLost {
		if now >= until {
			delete(j.pastsLost, by)
		}
	}
}

// had reports whether something may have come of a stream that is not followed, and that somebody brings: its past would come again.
func (j *Judge[T]) had(now time.Duration, via topics.Name, m Stream) bool {
	if j.wasHere(m) {
		return true
	}
	if now < max(j.pastsLost[via], j.pastsLost[m.Origin]) {
		j.stats.Overasked++
		return true
	}
	return false
}
