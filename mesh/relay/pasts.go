package relay

import (
	"cmp"
	"container/list"
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

// lefts are the streams of one class that are forgotten, and are known, each once, in the order in which they were forgotten last.
// There are bornMost at most.
type lefts struct {
	order list.List // of left
	at    map[Stream]*list.Element
	by    map[topics.Name]int // how many of them somebody began
}

// pop returns the one that is known for longest of those that one has begun, or the one that is for shortest, and knows it no more.
func (p *lefts) pop(by topics.Name, last bool) Stream {
	from, next := p.order.Front(), (*list.Element).Next
	if last {
		from, next = p.order.Back(), (*list.Element).Prev
	}
	for from.Value.(left).by != by {
		from = next(from)
	}
	m := from.Value.(left).Stream
	p.remove(m)
	return m
}

func (p *lefts) remove(m Stream) {
	e := p.at[m]
	if e == nil {
		return
	}
	delete(p.at, m)
	l := p.order.Remove(e).(left)
	if p.by[l.by]--; p.by[l.by] == 0 {
		delete(p.by, l.by)
	}
}

func (p *lefts) push(l left) {
	if p.by == nil {
		p.at, p.by = make(map[Stream]*list.Element), make(map[topics.Name]int)
	}
	p.at[l.Stream] = p.order.PushBack(l)
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
// Where no more is asked for than of late, the one that is known for longest makes room: what a relay brought of that is known
// by its uid, too. Where more is, the one that is known for shortest does, and no past is asked for of streams that the same one
// brings, as long as somebody may have it.
func (j *Judge[T]) keepPast(now time.Duration, s *stream[T]) {
	if s.came == 0 && s.told < s.next {
		return
	}
	j.forgetPast(s.Stream) // where it was before
	of, by := &j.lefts[s.class], cmp.Or(s.by, s.Origin)
	if of.order.Len() >= bornMost {
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

func (j *Judge[T]) forgetPast(m Stream) {
	delete(j.pasts, m)
	for i := range j.lefts {
		j.lefts[i].remove(m)
	}
}

// forgetPasts forgets of which streams something came so long ago that nobody has it.
func (j *Judge[T]) forgetPasts(now time.Duration) {
	for i := range j.lefts {
		for e := j.lefts[i].order.Front(); e != nil && now-e.Value.(left).at > j.pastTime(); e = j.lefts[i].order.Front() {
			j.forgetPast(e.Value.(left).Stream)
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
