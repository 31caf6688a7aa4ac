package sim

import (
	"fmt"
	"time"

	"hearsay/mesh"
	"hearsay/topics"
)

// Talk lets every process publish a plain message now and then, each at its own times. A plan that has it is a plan
// with messages (Plan.Talk).
type Talk struct{ Every, For time.Duration }

func (f Talk) apply(w *world) {
	w.talkAt = w.now
	end := w.now + f.For
	for _, h := range w.hosts {
		var say func()
		say = func() {
			if p := h.proc; p != nil && p.courier != nil && p.stalls == 0 {
				p.courier.publish(topics.Message)
			}
			if w.now < end {
				w.after(f.Every, say)
			}
		}
		w.after(Span{0, f.Every}.pick(w.net.rng), say)
	}
}
func (f Talk) String() string { return fmt.Sprintf("talk every %v%s", f.Every, lasting(f.For)) }

// Words has some say so many messages each, within a time that begins when a condition holds, and then nothing.
type Words struct {
	Of    []int
	Count int
	When  Cond
	For   time.Duration
}

func (f Words) apply(w *world) {
	if f.When != nil && !f.When(w) {
		w.after(50*time.Millisecond, func() { f.apply(w) })
		return
	}
	w.talkAt = w.now
	for _, i := range f.Of {
		for range f.Count {
			w.after(Span{0, f.For}.pick(w.net.rng), func() {
				if p := w.hosts[i].proc; p != nil && p.courier != nil && p.stalls == 0 {
					p.courier.publish(topics.Message)
				}
			})
		}
	}
}
func (f Words) String() string {
	return fmt.Sprintf("%d messages of each of %s%s", f.Count, hosts(f.Of), lasting(f.For))
}

// PostLoss drops messages of applications before TCP sees them, as full outboxes do.
type PostLoss struct {
	Rate float64
	For  time.Duration
}

func (f PostLoss) apply(w *world) {
	w.loseposts(f.Rate)
	if f.For > 0 {
		w.after(f.For, func() { w.loseposts(0) })
	}
}

func (w *world) loseposts(rate float64) {
	w.postLoss = rate
	for _, h := range w.hosts {
		if h.proc != nil && h.proc.courier != nil {
			h.proc.courier.lost = rate
		}
	}
}
func (f PostLoss) String() string {
	return fmt.Sprintf("drop %.0f%% of messages%s", 100*f.Rate, lasting(f.For))
}
func (f PostLoss) mark() Mark { return Mark{Until: f.For, glyph: glyphNetwork} }

// NoMessages drops all packets to and from the message ports between each of From and each of To, and of connections
// made before.
type NoMessages struct {
	From, To []int
	For      time.Duration
}

func (f NoMessages) apply(w *world) {
	w.noMessages(f, 1)
	if f.For > 0 {
		w.after(f.For, func() { w.noMessages(f, -1) })
	}
}

func (w *world) noMessages(f NoMessages, by int) {
	nw := w.net
	for _, a := range f.From {
		for _, b := range f.To {
			nw.noPosts[a*nw.n+b] += uint16(by)
			nw.noPosts[b*nw.n+a] += uint16(by)
		}
	}
	if by > 0 {
		nw.changed(w, func(l *link) bool { return l.port == mesh.MessagePort && !nw.works(l) })
	}
}
func (f NoMessages) String() string {
	return fmt.Sprintf("no messages %s|%s%s", hosts(f.From), hosts(f.To), lasting(f.For))
}
func (f NoMessages) mark() Mark {
	return Mark{Hosts: touched(f.From, f.To), Until: f.For, glyph: glyphNetwork}
}

// Withdraw takes the key of one host away at another, which hangs it up, while all others know it.
type Withdraw struct {
	Host, By int
	For      time.Duration
}

func (f Withdraw) apply(w *world) {
	Cut{From: []int{f.Host}, To: []int{f.By}, For: f.For}.apply(w)
	by, origin := w.hosts[f.By], key(w.hosts[f.Host].name)
	if by.proc == nil || by.proc.courier == nil {
		return
	}
	c := by.proc.courier
	var all, others []topics.Name
	for _, h := range w.hosts {
		all = append(all, key(h.name))
		if key(h.name) != origin {
			others = append(others, key(h.name))
		}
	}
	c.judge.Admit(w.now, all)
	c.judge.Admit(w.now, others)
	c.withdrawn = origin
	w.after(f.For, func() {
		c.judge.Admit(w.now, all)
		c.withdrawn = ""
		for stream := range c.account { // nothing of what was said meanwhile is wanted
			if stream.Origin == origin {
				delete(c.account, stream)
			}
		}
	})
}
func (f Withdraw) String() string {
	return fmt.Sprintf("withdraw %s at %s%s", hosts([]int{f.Host}), hosts([]int{f.By}), lasting(f.For))
}
func (f Withdraw) mark() Mark {
	return Mark{Hosts: touched([]int{f.Host, f.By}), Until: f.For, glyph: glyphNetwork}
}
