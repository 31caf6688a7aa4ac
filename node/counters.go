package node

import (
	"sync/atomic"

	"hearsay/mesh"
	"hearsay/mesh/relay"
)

// counters are what the node counts by itself.
type counters struct {
	delivered, lost, eventsLost              atomic.Uint64
	badLists, badNames                       atomic.Uint64
	badMessages, unsubscribed, forgedOrigins atomic.Uint64
	misnamed, beaconsLost, passedOn          atomic.Uint64
	unauthorized                             atomic.Uint64

	requestsTaken, requestsBusy, requestsExpired             atomic.Uint64
	repliesTaken, repliesLate, repliesUnasked, repliesTooBig atomic.Uint64
}

// Stats returns every counter by its name, since the start: the node's own, the machine's ("mesh_…") and the
// link's ("link_…").
func (n *Node) Stats() map[string]uint64 {
	stats := n.counts()
	n.ask(func(m *mesh.Machine) { meshStats(stats, m.Stats()) })
	return stats
}

// counts returns the counters that need no look at the machine.
func (n *Node) counts() map[string]uint64 {
	c := &n.counters
	stats := map[string]uint64{
		"messages_delivered":    c.delivered.Load(),     // given to the application
		"messages_lost":         c.lost.Load(),          // not given, as it did not keep up
		"messages_expired":      n.inbox.expired.Load(), // not given, as it was too late
		"events_lost":           c.eventsLost.Load(),    // the same of events
		"bad_lists":             c.badLists.Load(),      // lists and headers refused whole
		"bad_names":             c.badNames.Load(),      // entries of other lists that are no names
		"bad_messages":          c.badMessages.Load(),   // messages refused: frames, size, envelope
		"messages_unsubscribed": c.unsubscribed.Load(),  // of topics not asked for
		"forged_origins":        c.forgedOrigins.Load(),

		"requests_taken":   c.requestsTaken.Load(),   // from others and from this node, for somebody here to answer
		"requests_busy":    c.requestsBusy.Load(),    // answered with "too busy", as too many waited
		"requests_expired": c.requestsExpired.Load(), // not answered in time
		"replies_taken":    c.repliesTaken.Load(),    // given to who asked
		"replies_late":     c.repliesLate.Load(),     // to what nobody waits for any more, or a second time
		"replies_unasked":  c.repliesUnasked.Load(),  // to what was not asked, or not of that node
		"replies_lost":     c.repliesTooBig.Load(),   // as too many bytes of them waited for who asked
	}
	stats["lists_unauthorized"] = c.misnamed.Load() // lists under a name that their sender's key may not say
	stats["messages_passed_on"] = c.passedOn.Load() // relayed for others
	for _, c := range judgeCounters {
		stats[c.name] = c.of(n.judged.Load())
	}
	stats["messages_unauthorized"] = c.unauthorized.Load() + n.judged.Load().Refused // of nodes whose key is not known here
	stats["log_lines_lost"] = 0                                                      // by a handler that did not keep up
	if n.logs != nil {
		stats["log_lines_lost"] = n.logs.Lost()
	}
	n.countBeacons(stats)
	for name, value := range n.link.Stats() {
		stats["link_"+name] = value
	}
	return stats
}

// judgeCounters names what the rules about messages count.
var judgeCounters = []struct {
	name string
	of   func(*relay.Stats) uint64
}{
	{"messages_relayed", func(s *relay.Stats) uint64 { return s.Relayed }},      // that came by a relay
	{"messages_repaired", func(s *relay.Stats) uint64 { return s.Repaired }},    // that were missing, and were asked for
	{"messages_missed", func(s *relay.Stats) uint64 { return s.Missed }},        // that nobody had any more
	{"messages_duplicate", func(s *relay.Stats) uint64 { return s.Duplicates }}, // that came again
	{"messages_echoed", func(s *relay.Stats) uint64 { return s.Echoes }},        // own ones that relays brought back
	{"messages_unasked", func(s *relay.Stats) uint64 { return s.Unasked }},      // relays and answers that nobody wanted
	{"messages_not_held", func(s *relay.Stats) uint64 { return s.Overheld }},    // that came too early, and are asked for again
	{"streams_evicted", func(s *relay.Stats) uint64 { return s.Evicted }},       // that gave their places to others
	{"streams_forgotten", func(s *relay.Stats) uint64 { return s.Unknown }},     // of these, where they were is not known any more
	{"relay_conflicts", func(s *relay.Stats) uint64 { return s.Conflicts }},     // times that a relay had lied
	{"relay_prunes", func(s *relay.Stats) uint64 { return s.Prunes }},           // neighbours asked to leave an origin out
	{"relay_grafts", func(s *relay.Stats) uint64 { return s.Grafts }},           // times that they were asked to bring one again
	{"relay_digests", func(s *relay.Stats) uint64 { return s.Digests }},         // of numbers that they have, taken in
	{"relay_digests_cut", func(s *relay.Stats) uint64 { return s.Overtold }},    // of these, not to the end, as one tells too many
	{"repair_questions", func(s *relay.Stats) uint64 { return s.Questions }},    // for missing messages
	{"questions_put_off", func(s *relay.Stats) uint64 { return s.Overasked }},   // asked later or not at all, as too many are
}

// meshCounters names the machine's counters. Dashboards and alerts are built on these names: a field of mesh.Stats
// may be renamed, its counter may not.
var meshCounters = []struct {
	name string
	of   func(*mesh.Stats) uint64
}{
	{"mesh_beats", func(s *mesh.Stats) uint64 { return s.Beats }},
	{"mesh_repeats", func(s *mesh.Stats) uint64 { return s.Repeats }},
	{"mesh_lost_beats", func(s *mesh.Stats) uint64 { return s.LostBeats }},
	{"mesh_lists", func(s *mesh.Stats) uint64 { return s.Lists }},
	{"mesh_rounds", func(s *mesh.Stats) uint64 { return s.Rounds }},
	{"mesh_late_rounds", func(s *mesh.Stats) uint64 { return s.LateRounds }},
	{"mesh_dials", func(s *mesh.Stats) uint64 { return s.Dials }},
	{"mesh_local_failures", func(s *mesh.Stats) uint64 { return s.LocalFailures }},
	{"mesh_hello_again", func(s *mesh.Stats) uint64 { return s.HelloAgain }},
	{"mesh_hello_refused", func(s *mesh.Stats) uint64 { return s.HelloRefused }},
	{"mesh_over_quota", func(s *mesh.Stats) uint64 { return s.OverQuota }},
	{"mesh_lookups", func(s *mesh.Stats) uint64 { return s.Lookups }},
	{"mesh_over_found", func(s *mesh.Stats) uint64 { return s.OverFound }},
	{"mesh_stray", func(s *mesh.Stats) uint64 { return s.Stray }},
	{"mesh_forged", func(s *mesh.Stats) uint64 { return s.Forged }},
	{"mesh_impostors", func(s *mesh.Stats) uint64 { return s.Impostors }},
	{"mesh_foreign", func(s *mesh.Stats) uint64 { return s.Foreign }},
	{"mesh_conflicts", func(s *mesh.Stats) uint64 { return s.Conflicts }},
	{"mesh_restarts_told", func(s *mesh.Stats) uint64 { return s.RestartsTold }},
	{"mesh_rumours", func(s *mesh.Stats) uint64 { return s.Rumours }},
	{"mesh_tellings", func(s *mesh.Stats) uint64 { return s.Tellings }},
	{"mesh_no_budget", func(s *mesh.Stats) uint64 { return s.NoBudget }},
}

// meshStats adds the machine's counters.
func meshStats(stats map[string]uint64, s mesh.Stats) {
	for _, c := range meshCounters {
		stats[c.name] = c.of(&s)
	}
}
