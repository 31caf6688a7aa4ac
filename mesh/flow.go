package mesh

// Being a member says that lists are heard. Messages flow over connections of their own, which come a moment later.

func (m *Machine) onReaderUp(ev ReaderUp) {
	m.readers.up(ev.Reader, ev.Addr, m.now, m.now+m.cfg.HelloGrace)
	m.readers.due = min(m.readers.due, m.now+m.cfg.HelloGrace)
	m.at(m.readers.due)
}

func (m *Machine) onReaderNamed(ev ReaderNamed) {
	key := ev.Name.Key()
	m.readers.says(ev.Reader, key)
	if p := m.peers[key]; p != nil {
		m.flow(p)
	}
}

func (m *Machine) onReaderDown(ev ReaderDown) {
	if key := m.readers.down(ev.Reader); key == "" {
		m.flowAll()
	} else if p := m.peers[key]; p != nil {
		m.flow(p)
	}
}

func (m *Machine) onLinkSilent(ev LinkSilent) {
	if l := m.links[ev.Link]; l != nil && l.port == MessagePort {
		l.silent = ev.Silent
		m.flow(l.peer)
	}
}

// Answers reports whether the far end of a message link is a node that answers when it is asked. A naive one takes the question
// for a message.
func (m *Machine) Answers(id LinkID) bool {
	l := m.links[id]
	return l != nil && l.port == MessagePort && !l.peer.says.naive
}

// onLinkStuck has another link dialled beside one that brings nothing. A naive peer's messages would come twice, as they have
// no numbers.
func (m *Machine) onLinkStuck(ev LinkStuck) {
	l := m.links[ev.Link]
	if l == nil || l != l.peer.feed.link || l.peer.says.naive {
		return
	}
	p := l.peer
	if ev.Stuck && !p.feed.stuck {
		p.feed.since = m.now
	}
	p.feed.stuck = ev.Stuck
	p.feed.judge(m.now, m.cfg.Beat)
	m.wantMessages(p)
	m.flow(p)
}

func (m *Machine) onReaderSilent(ev ReaderSilent) {
	if key := m.readers.silence(ev.Reader, ev.Silent); key == "" {
		m.flowAll()
	} else if p := m.peers[key]; p != nil {
		m.flow(p)
	}
}

// judgeNameless looks again at everybody when a reader has had its time to say a name.
func (m *Machine) judgeNameless() {
	if m.now >= m.readers.due {
		m.flowAll()
	}
	m.readers.due = m.readers.next(m.now)
	m.at(m.readers.due)
}

func (m *Machine) flowAll() {
	for p := range m.near() {
		m.flow(p)
	}
}

// flow tells when messages begin to flow both ways between a member and this node.
func (m *Machine) flow(p *peer) {
	flows := p.feed.carries() && p.state.Member() && m.reads(p)
	if p.state == Alive && flows && !p.feed.flows {
		p.feed.flows = true
		m.tell(Linked, p, "messages flow both ways")
	}
	p.feed.flows = p.feed.flows && flows
}

// isRead reports whether a peer has made a connection for our messages that carries them: it may hear this node, and not be
// heard, where one port is blocked one way.
func (m *Machine) isRead(p *peer) bool { return m.readers.named[p.key] > 0 }

// reads reports whether our messages reach a peer.
func (m *Machine) reads(p *peer) bool {
	if m.readers.named[p.key] > 0 {
		return true
	}
	if p.reach.link == nil {
		return p.feed.flows // what told where it is broke just now
	}
	host, others := p.reach.link.host, 0
	readers := m.readers.nameless(host, m.now)
	if readers == 0 && p.state.Member() {
		return false // it is one of the others itself
	}
	for _, q := range m.slots {
		if q != nil && q.state.Member() && q.reach.link != nil && q.reach.link.host == host && m.readers.named[q.key] == 0 {
			others++
		}
	}
	return readers >= others
}
