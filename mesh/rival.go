package mesh

import "fmt"

// A conflict ends when one of the two processes does, or goes by another name. Nobody says so: what shows it is that the other
// process's hello is withdrawn, and that nobody answers any more where it was. So where its hello goes, it is looked after at
// once, and now and then else. What was heard of it stands no longer than that.

// rivalEvery is how many beats are between two looks of a node after who else uses its own name: nobody else may look.
const rivalEvery = 15

// rival is another process under a peer's name, when it was last heard beside the member.
type rival struct {
	addr string
	born int64
	at   Time
}

// stands reports whether it was heard lately beside the member that is heard at an endpoint.
func (r rival) stands(member string, now Time) bool {
	return r.addr != "" && r.addr != member && now-r.at <= twinFor
}

// text says who is who; "" if nobody else was heard lately. The member is heard at an endpoint, and started then.
func (r rival) text(member string, born int64, now Time) string {
	if !r.stands(member, now) {
		return ""
	}
	which := "older process"
	if r.born < born {
		which = "process that was heard first"
	}
	return fmt.Sprintf("two processes use this name: the %s is the member, the one at %s, and another at %s is ignored", which, member, r.addr)
}

// settleTwin forgets the other process, and why says what became of it.
func (p *peer) settleTwin(why string) {
	p.callers.left(p.twins.rival.addr)
	p.twins.rival, p.twins.over = rival{}, why
}

// twinGone takes in that no process that uses p's name, other than the member, is at an endpoint any longer.
func (m *Machine) twinGone(p *peer, endpoint, why string) {
	if r := p.twins.rival; r.addr == endpoint && r.addr != "" {
		p.settleTwin(fmt.Sprintf("the process at %s %s", endpoint, why))
	}
}

// helloWithdrawn has a twin looked after whose hello went with its listener.
func (m *Machine) helloWithdrawn(l *listener) {
	if p := m.peers[l.hello]; p != nil && p.twins.rival.addr != "" && hostOf(p.twins.rival.addr) == l.addr {
		p.callers.put(p.twins.rival.addr, m.now)
	}
}

// judgeConflicts tells of the conflicts that are over.
func (m *Machine) judgeConflicts() {
	for p := range m.restless() {
		if p.twins.rival.addr != "" {
			p.expireTwin(m.now)
		}
		if p.twins.rival.addr != "" || !p.twins.told {
			continue
		}
		p.twins.told = false
		m.tell(Settled, p, "one process uses this name: "+p.twins.over)
	}
}

// expireTwin settles what the other process has ended by becoming the member, or by not being heard for long.
func (p *peer) expireTwin(now Time) {
	switch r, member := p.twins.rival, p.detector.where; {
	case r.addr == member:
		p.settleTwin(fmt.Sprintf("the process at %s is the member, and the former one is gone", r.addr))
	case !r.stands(member, now):
		p.settleTwin(fmt.Sprintf("the process at %s was not heard for %v", r.addr, twinFor))
	}
}
