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

// restartsText says how often a peer was started again of late, if that is often; "" if it is not.
func (m *Machine) restartsText(p *peer) string {
	times, byes, in := p.restarts.Many(m.now)
	if times == 0 {
		return ""
	}
	span := max(in, time.Second).Round(time.Second)
	ends := "its process ends again and again"
	switch {
	case byes == times:
		ends = "it said goodbye each time, so something stops it and starts it again"
	case byes > 0:
		ends += fmt.Sprintf(", %d of %d times with a goodbye", byes, times)
	}
	if times < lineage.RestartsMany {
		return fmt.Sprintf("started again in the last %v, and more often before: %s", span, ends)
	}
	return fmt.Sprintf("started again %d times in %v: %s", times, span, ends)
}
