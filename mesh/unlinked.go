package mesh

import (
	"fmt"
	"strings"

	"hearsay/topics"
)

// A member whose lists come, and whose messages do not, is most often behind a firewall that knows one of the two ports.
// Nothing in the lists shows that, and everybody takes it for well; others relay its messages, where they can. So it is
// told, by both ends: each sees what does not come to it.

// unlinkedAfter is for how long messages may not pass, in terms of BackOff, until that is told: a message link that is lost
// is dialled three times within it.
const unlinkedAfter = 1

// unlinked is why messages do not pass between a member and this node, "" if they do. It costs time in proportion to the
// number of members where they do not. That nobody reads who is the second of its name is told of once: see secondWhy.
func (m *Machine) unlinked(p *peer) string {
	var causes []string
	if p.feed.link == nil {
		cause := "its messages do not arrive directly"
		if why := p.feed.failure.String(); why != "" {
			cause += ": " + why
		}
		causes = append(causes, cause)
	}
	if m.unread(p) && !m.own.second {
		causes = append(causes, fmt.Sprintf("this node's messages do not reach it directly: no connection of it comes to port %d", m.cfg.Self.Port()+topics.PortStep))
	}
	return strings.Join(causes, "; ")
}

// unread reports whether a member that hears this node does not get its messages. A naive one cannot be told from others
// at its address.
func (m *Machine) unread(p *peer) bool {
	return !p.says.naive && p.row.hearsMe && m.readers.named[p.key] == 0 && !m.reads(p)
}

// judgeFeeds tells of the members with which no messages pass, and then ever more rarely.
func (m *Machine) judgeFeeds() {
	wait := unlinkedAfter * m.cfg.BackOff
	for _, p := range m.slots {
		if p == nil {
			continue
		}
		f := &p.feed
		if p.state != Alive || f.link != nil && (p.says.naive || !p.row.hearsMe || m.readers.named[p.key] > 0) {
			f.look, f.missing = never, missing{}
			continue
		}
		if f.look == never {
			f.look = m.now + wait
		}
		if m.now < f.look {
			continue
		}
		f.look = m.now + wait
		if cause := m.unlinked(p); cause != "" && f.missing.tell(cause, m.now, &m.cfg) {
			m.tell(Unlinked, p, cause)
		}
	}
}
