package sim

import (
	"container/heap"
	"time"

	"hearsay/mesh"
	"hearsay/topics"
)

const (
	naiveInterval = 2500 * time.Millisecond
	naiveRedial   = time.Second      // after a refusal; libzmq tries every 100 ms
	naiveGiveUp   = 10 * time.Second // after no answer; the kernel's connect takes up to two minutes
)

// naive is the naive program: it connects to every name it ever hears, for ever, and lists them all.
type naive struct {
	now   mesh.Time
	names []topics.Name
	known map[topics.Name]bool
	links map[mesh.LinkID]naiveDial
	due   mesh.Time
	again naiveDials
	out   []mesh.Effect
}

// naiveDial is one of its connections.
type naiveDial struct {
	target topics.Name
	port   mesh.Port
	at     mesh.Time
}

func newNaive(b Birth) Machine {
	n := &naive{known: make(map[topics.Name]bool), links: make(map[mesh.LinkID]naiveDial), due: naiveInterval}
	n.names = append(n.names, b.Self)
	n.known[b.Self] = true
	for _, s := range b.Seeds {
		n.learn(s)
	}
	return n
}

func (n *naive) Left() bool { return true }

func (n *naive) Deadline() mesh.Time {
	if len(n.again) > 0 {
		return min(n.due, n.again[0].at)
	}
	return n.due
}

func (n *naive) Step(now mesh.Time, ev mesh.Input) []mesh.Effect {
	n.now, n.out = now, nil
	switch ev := ev.(type) {
	case mesh.Tick:
		n.tick()
	case mesh.LinkUp:
		n.links[ev.Link] = naiveDial{target: ev.Dial.Target, port: ev.Dial.Port}
	case mesh.LinkDown:
		d := n.links[ev.Link]
		delete(n.links, ev.Link)
		n.redial(d, naiveRedial/10)
	case mesh.DialFailed:
		wait := naiveRedial
		if ev.Reason == mesh.Unreachable {
			wait = naiveGiveUp
		}
		n.redial(naiveDial{target: ev.Dial.Target, port: ev.Dial.Port}, wait)
	case mesh.Beat:
		for _, name := range ev.Names {
			n.learn(name)
		}
		n.dialDue()
	}
	return n.out
}

// learn adds a name as often as it is new. It dials itself in reality; that changes nothing here.
func (n *naive) learn(name topics.Name) {
	if n.known[name] {
		return
	}
	n.known[name] = true
	n.names = append(n.names, name)
	n.redial(naiveDial{target: name, port: mesh.DiscoveryPort}, 0)
	n.redial(naiveDial{target: name, port: mesh.MessagePort}, 0)
}

func (n *naive) redial(d naiveDial, in time.Duration) {
	d.at = n.now + in
	heap.Push(&n.again, d)
}

func (n *naive) tick() {
	n.dialDue()
	if n.now < n.due {
		return
	}
	n.due = n.now + naiveInterval
	names := append([]topics.Name(nil), n.names...)
	list := mesh.Edition{Said: mesh.Said{Names: names}}
	n.out = append(n.out, mesh.Publish{Edition: list, Kept: list})
}

func (n *naive) dialDue() {
	for len(n.again) > 0 && n.again[0].at <= n.now {
		d := heap.Pop(&n.again).(naiveDial)
		n.out = append(n.out, mesh.Dial{Target: d.target, Port: d.port})
	}
}

// naiveDials is a heap by time.
type naiveDials []naiveDial

func (h naiveDials) Len() int           { return len(h) }
func (h naiveDials) Less(i, j int) bool { return h[i].at < h[j].at }
func (h naiveDials) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *naiveDials) Push(x any)        { *h = append(*h, x.(naiveDial)) }
func (h *naiveDials) Pop() any {
	old := *h
	d := old[len(old)-1]
	*h = old[:len(old)-1]
	return d
}
