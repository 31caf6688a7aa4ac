package mesh

// What is told of a neighbour is seen over its link. Once it is a far member nobody here would see that it is over. So that ends
// with the link, and is told of as it is told when it ends otherwise.

// endWords takes back what was told of one that is a neighbour no more.
func (m *Machine) endWords(p *peer) {
	const why = "it is no neighbour any more"
	m.tellBothWays(p, why)
	if p.twins.told {
		m.tell(Settled, p, why)
	}
	if p.restarts.End() {
		m.tell(Steady, p, why)
	}
	p.oneWay = oneWay{unheard: never}
	p.twins = twins{link: p.twins.link, dial: p.twins.dial}
	p.callers = nil
	p.clock, p.stale, p.straySince = peerClock{}, missing{}, 0
	p.feed.look, p.feed.missing = never, missing{}
}
