package mesh

import (
	"fmt"
	"time"

	"hearsay/mesh/lineage"
)

// A process that ends again and again is started again by systemd, Docker or Kubernetes. Each of its lives looks well, and it
// can say nothing of the one before. Its peers see one incarnation after another: so they tell. What it costs the peer is the
// matter of its penalty (restarted), and not of this.

// noteRestart takes in that another incarnation of a peer counts from now on, and whether the one before had said goodbye.
func (m *Machine) noteRestart(p *peer, incarnation int64, bye bool) {
	if p.restarts.Add(incarnation, m.now, bye) {
		m.stats.RestartsTold++
		m.tell(Restarts, p, m.restartsText(p))
	}
}

// judgeRestarts tells of the peers that are started again and again no more.
func (m *Machine) judgeRestarts() {
	for p := range m.restless() {
		if p.restarts.Ended(m.now) {
			m.tell(Steady, p, fmt.Sprintf("not started again for %v", lineage.RestartsSpan))
		}
	}
}

// restartsText says how often a peer was started again of late, if that is often; "" if it is not. Its times do not grow while
// nothing ends: they are those of the restarts, and how long ago the last one was is said apart.
func (m *Machine) restartsText(p *peer) string {
	times, byes, in, ago := p.restarts.Many(m.now)
	if times == 0 {
		return ""
	}
	when := ""
	if ago = ago.Round(time.Second); ago > 0 {
		when = fmt.Sprintf(", the last %v ago", ago)
	}
	ends := "its process ends again and again"
	switch {
	case byes == times:
		ends = "it said goodbye each time, so something stops it and starts it again"
	case byes > 0:
		ends += fmt.Sprintf(", %d of %d times with a goodbye", byes, times)
	}
	if times < lineage.RestartsMany {
		return fmt.Sprintf("started again of late%s, and more often before: %s", when, ends)
	}
	return fmt.Sprintf("started again %d times in %v%s: %s", times, max(in, time.Second).Round(time.Second), when, ends)
}
