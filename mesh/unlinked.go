package mesh

import (
	"fmt"
	"strings"

	"hearsay/topics"
)

// A member whose lists come, and whose messages do not, is most often behind a firewall that knows one of the two ports.
// Nothing in the lists shows that, and everybody takes it for well; others relay its messages, where they can. So it is
// told, by both ends: each sees what does not come to it. Where the port is blocked later, a connection that stands breaks
// after minutes, as TCP waits for long. It is not hung up, as what was sent over it may come still; that it is silent is told.

// unlinkedAfter is for how long messages may not pass, in terms of BackOff, until that is told: a message link that is lost
// is dialled three times within it.
const unlinkedAfter = 1

// unlinked is why messages do not pass between a member and this node, "" if they do. It costs time in proportion to the
// number of members where they do not. That nobody reads who is the second of its name is told of once: see secondWhy.
func (m *Machine) unlinked(p *peer) string {
	var causes []string
	if !p.feed.carries() {
		cause := "its messages do not arrive directly"
		switch why := p.feed.failure.ofRunning().String(); {
		case p.feed.link != nil:
			cause += fmt.Sprintf(": nothing comes back over the connection to its port %d", p.name.Port()+topics.PortStep)
		case why != "":
			cause += ": " + why
		}
		causes = append(causes, cause)
	}
	if m.unread(p) && !m.own.second {
		cause := "no connection of it comes to port %d"
		if m.hushed(p) {
			cause = "nothing comes back over its connection to port %d"
		}
		causes = append(causes, fmt.Sprintf("this node's messages do not reach it directly: "+cause, m.cfg.Self.Port()+topics.PortStep))
	}
	return strings.Join(causes, "; ")
}

// unread reports whether a member that hears this node does not get its messages. A naive one cannot be told from others
// at its address: so it takes a connection from there that is silent.
func (m *Machine) unread(p *peer) bool {
	return m.mayBeUnread(p) && !m.reads(p)
}

// mayBeUnread rules most out, at no cost.
func (m *Machine) mayBeUnread(p *peer) bool {
	if p.says.naive {
		return m.hushed(p)
	}
	return p.row.hearsMe && m.readers.named[p.key] == 0
}

// hushed reports whether a connection over which a member reads this node's messages is silent.
func (m *Machine) hushed(p *peer) bool {
	return m.readers.mute[p.key] > 0 || p.reach.link != nil && m.readers.mutes(p.reach.link.host)
}

// newlyConnected reports whether what carries nothing between a member and this node is no older than its membership: what is
// older may carry what was held up in an outage, for as long again.
func (m *Machine) newlyConnected(p *peer, while Time) bool {
	if p.feed.carries() {
		return m.readers.newest(p.key) > p.since-while
	}
	return p.feed.link != nil && p.feed.link.at > p.since-while
}

// feedCalmTill is until when a member is not to be looked at by judgeFeeds, as far as nothing happens; 0: it is.
func (m *Machine) feedCalmTill(p *peer) Time {
	switch f := &p.feed; {
	case f.wants():
		return 0
	case f.carries() && !m.mayBeUnread(p):
		if f.look != never || f.missing != (missing{}) {
			return 0
		}
		return never
	case f.missing.told > 0 || f.carries() && !m.hushed(p):
		return f.look
	}
	return 0
}

// judgeFeeds tells of the members with which no messages pass, and then ever more rarely.
func (m *Machine) judgeFeeds() {
	wait := unlinkedAfter * m.cfg.BackOff
	for p := range m.restless() {
		f := &p.feed
		f.judge(m.now, m.cfg.Beat)
		if p.state != Alive || f.carries() && !m.mayBeUnread(p) {
			f.look, f.missing = never, missing{}
			continue
		}
		if f.look == never {
			f.look = m.now + wait
		}
		if p.detector.quiet == 0 && f.missing.told == 0 && (f.link != nil && !f.carries() || f.carries() && m.hushed(p)) {
			from := m.now // it was so for a while; of one that is frozen nothing else comes either
			if !m.newlyConnected(p, wait) {
				from = max(from, p.since+wait)
			}
			f.look = min(f.look, from)
		}
		if m.now < f.look {
			continue
		}
		f.look = m.now + wait
		if cause := m.unlinked(p); cause != "" && f.missing.tell(cause, m.now, &m.cfg) {
			m.flow(p) // so that it is told when they pass again
			m.tell(Unlinked, p, cause)
		}
	}
}
