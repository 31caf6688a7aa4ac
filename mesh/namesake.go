package mesh

import (
	"slices"

	"hearsay/topics"
)

// A process that says hello in this node's own name is this node, which has dialled itself, or a namesake that has this
// node as a seed and hears nobody else of the mesh. One that has another seed never comes here: so those who hear both say
// where it is (twinTold). The address that it comes from is dialled: who answers there says which
// of the two it is (onMirror).

// calls are addresses from which a hello in the own name came, in the order of the last one.
type calls []call

type call struct {
	host string
	due  Time // when it may be dialled, at the earliest
	news bool // a hello came since it was
}

// from notes a hello.
func (c *calls) from(host string, due Time) {
	i := slices.IndexFunc(*c, func(o call) bool { return o.host == host })
	if i >= 0 {
		(*c)[i].news = true
		return
	}
	if len(*c) >= maxCallers {
		*c = slices.Delete(*c, 0, 1)
	}
	*c = append(*c, call{host, due, true})
}

// next takes an address that is to be dialled now; "" if there is none. It is due again after a while.
func (c calls) next(now Time) string {
	for i := range c {
		if o := &c[i]; o.news && o.due <= now {
			o.news, o.due = false, now+twinEvery
			return o.host
		}
	}
	return ""
}

// twinTold is where another process is that uses a member's name, as this node says it in a beat: of several in turn.
func (m *Machine) twinTold(turn uint64) string {
	var all []string
	for p := range m.restless() {
		if p.state != Alive || p.reach.link == nil || !p.twins.rival.stands(p.reach.link.addr, m.now) {
			continue
		}
		if t := topics.MakeTwin(p.name, topics.Name(hostText(hostOf(p.twins.rival.addr)))); t != "" {
			all = append(all, t)
		}
	}
	if len(all) == 0 {
		return ""
	}
	return all[turn%uint64(len(all))]
}

// hearTwin takes in where somebody says that another process uses this node's name, at most once a minute: it may be
// anywhere, as anybody says it.
func (m *Machine) hearTwin(h *topics.Header) {
	if h == nil || h.Twin == "" {
		return
	}
	name, addr := topics.CutTwin(h.Twin)
	if name.Key() == m.key {
		m.own.said = m.now
	}
	host := addr.Host()
	if m.now < m.own.toldDue || name.Key() != m.key || m.isOurs(host) || m.isOurs(joinEndpoint(host, m.cfg.Self.Port())) {
		return
	}
	m.own.toldDue = m.now + twinEvery
	m.own.calls.from(host, m.now)
}

// lookForNamesake dials who said hello in this node's name, one in a round, and who was met, while it may be there still. A
// dial of this node itself has been answered by then, and its address is known.
func (m *Machine) lookForNamesake() {
	if m.listeners.named[m.key] > 0 {
		m.own.said = m.now
	}
	host, port := m.own.calls.next(m.now), m.cfg.Self.Port()
	if host == "" {
		host, port, _ = splitEndpoint(m.own.look(m.now, m.cfg.Beat))
	}
	if host == "" || m.isOurs(host) || m.isOurs(joinEndpoint(host, port)) || m.hosts[host] > 0 {
		return
	}
	name, ok := literal(host, port)
	if !ok {
		return
	}
	if p := m.learn(hint{name, byAddress, m.sourceAt(host)}); p != nil {
		m.want(p, signed, classHello)
	}
}
