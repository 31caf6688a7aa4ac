package sim

import (
	"time"

	"hearsay/mesh"
)

// askTime is how long package node/link gives a publisher to answer a PING.
const askTime = time.Second

// ask has a process told if its link brings nothing, and when it does again.
func (w *world) ask(p *process, id mesh.LinkID) {
	l := p.byID[id]
	if l == nil || l.asking {
		return
	}
	l.asking = true
	w.after(askTime, func() { w.awaitAnswer(l, false) })
}

func (w *world) awaitAnswer(l *link, told bool) {
	switch {
	case !l.subUp || l.hungUp || l.sub.dead:
		return
	case w.answers(l):
		if l.asking = false; told {
			l.sub.give(mesh.LinkStuck{Link: l.id}, l)
		}
		return
	case !told && l.sub.stalls == 0:
		told = true
		l.sub.give(mesh.LinkStuck{Link: l.id, Stuck: true}, l)
	}
	w.after(askTime, func() { w.awaitAnswer(l, told) })
}

// answers reports whether what a publisher says now arrives in time.
func (w *world) answers(l *link) bool {
	return l.pubUp && !l.stuck && l.pub.stalls == 0 && w.net.works(l)
}

// retire hangs a link up once all has come that was sent over it.
func (w *world) retire(p *process, id mesh.LinkID) {
	l := p.byID[id]
	if l == nil || !l.subUp {
		return
	}
	l.retired = true
	switch {
	case w.answers(l):
		w.at(max(l.at, w.now)+w.net.roundTrip(l.sub.host, l.pub.host), func() { w.hangUp(p, id) })
	default:
		w.after(askTime, func() { w.retire(p, id) })
	}
}
