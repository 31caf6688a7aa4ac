package web

import (
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"hearsay/mesh"
)

// maxLabelled is how many peers have metrics of their own. Names never heard have none, since anybody can make
// them up.
const maxLabelled = 1024

var (
	described []*prometheus.Desc // each that is made below

	infoDesc     = describe("info", "The node's name and the program's version. Always 1.", "name", "version")
	startDesc    = describe("start_time_seconds", "When the node started, in seconds since 1970: its incarnation.")
	readyDesc    = describe("ready", "1 when the node is of use, as /readyz says.")
	degradedDesc = describe("degraded", "1 while the node doubts itself: it hears too few members, or its rounds come late.")
	peersDesc    = describe("peers", "Peers known, by state.", "state")
	naiveDesc    = describe("peers_naive", "Alive peers that send no header.")
	linksDesc    = describe("links", "Links to peers that are up, of discovery and messages.")
	listenDesc   = describe("listeners", "Connections to the discovery publisher.")
	flyingDesc   = describe("dials_in_flight", "Dials under way.")
	budgetDesc   = describe("eviction_budget", "Evictions that the node may make now.")
	withheldDesc = describe("names_withheld", "Names with a port left out of the last list.")
	takenDesc    = describe("transitions_total", "Changes of a peer's state, by what caused them.", "from", "to", "trigger")
	brokenDesc   = describe("violations_total", "Connections closed because they broke a limit, by its kind.", "kind")

	peerUpDesc       = describe("peer_up", "1 while the peer is alive, 0 while it is suspect, detached, on probation or in quarantine.", "peer")
	peerHeardDesc    = describe("peer_last_heard_timestamp_seconds", "When the peer was last heard, in seconds since 1970.", "peer")
	peerMissedDesc   = describe("peer_missed_beats", "Beats that the peer owes.", "peer")
	peerPenaltyDesc  = describe("peer_penalty", "What evictions of the peer still count for.", "peer")
	peerReceivedDesc = describe("peer_received_bytes_total", "Bytes received over the links to the peer that are up now.", "peer")
)

// counted are the counters of node.Stats by their names there.
var counted = map[string]*prometheus.Desc{
	"messages_delivered":    describe("messages_delivered_total", "Messages given to the application."),
	"messages_lost":         describe("messages_lost_total", "Messages not given to the application, as it did not keep up."),
	"events_lost":           describe("events_lost_total", "Events not given to a reader that did not keep up."),
	"bad_lists":             describe("lists_refused_total", "Lists and headers refused as a whole."),
	"bad_names":             describe("list_names_refused_total", "Entries of lists that are no names."),
	"bad_messages":          describe("messages_refused_total", "Messages refused for their frames, size or envelope."),
	"messages_unsubscribed": describe("messages_unsubscribed_total", "Messages of topics that were not asked for."),
	"forged_origins":        describe("messages_forged_total", "Messages that claim to be from somebody else than their sender."),

	"mesh_beats":          describe("beats_received_total", "Beats received."),
	"mesh_lost_beats":     describe("beats_lost_total", "Beats missing from the senders' sequences."),
	"mesh_lists":          describe("lists_sent_total", "Whole lists published."),
	"mesh_rounds":         describe("rounds_total", "Own rounds completed."),
	"mesh_late_rounds":    describe("rounds_late_total", "Own rounds completed more than two beats late."),
	"mesh_dials":          describe("dials_total", "Dials started."),
	"mesh_local_failures": describe("dials_failed_locally_total", "Dials that failed by this machine's fault."),
	"mesh_hello_again":    describe("dials_hello_again_total", "Dials made so that a peer hears our hello again."),
	"mesh_hello_refused":  describe("hellos_refused_total", "Second names said by one listener."),
	"mesh_over_quota":     describe("names_over_quota_total", "Names not learned because their source had said too many."),
	"mesh_stray":          describe("beats_stray_total", "Beats over links that were hung up, or had not spoken."),
	"mesh_forged":         describe("beats_forged_total", "Beats that start with another name than those before."),
	"mesh_impostors":      describe("impostors_total", "Links that led to somebody else than they should."),
	"mesh_conflicts":      describe("name_conflicts_total", "Times that two processes were seen under one name."),
	"mesh_no_budget":      describe("evictions_postponed_total", "Evictions put off because the budget was spent."),

	"link_accepted":           describe("connections_accepted_total", "Connections accepted, before any handshake."),
	"link_accept_errors":      describe("accept_errors_total", "Accepts that failed, such as for lack of file descriptors."),
	"link_refused_full":       describe("connections_refused_total", "Connections closed because too many were open."),
	"link_shed":               describe("connections_shed_total", "Connections of strangers closed to make room."),
	"link_handshake_timeouts": describe("handshake_timeouts_total", "Connections closed because no handshake came in time."),
	"link_handshake_rejects":  describe("handshakes_rejected_total", "Connections closed for a wrong handshake."),
	"link_strays":             describe("frames_stray_total", "Frames dropped because they are not for this kind of socket."),
	"link_pings":              describe("pings_answered_total", "ZMTP PINGs answered."),
	"link_hellos_ignored":     describe("hellos_ignored_total", "Hellos that were no name, or a second one."),
	"link_messages_in":        describe("link_messages_received_total", "ZeroMQ messages received, beats included."),
	"link_bytes_in":           describe("link_received_bytes_total", "Bytes received in messages, beats included."),
	"link_bytes_out":          describe("link_queued_bytes_total", "Bytes queued to subscribers."),
	"link_messages_dropped":   describe("link_messages_dropped_total", "Messages that a subscriber's full outbox refused."),
	"link_stalled_hang_ups":   describe("subscribers_hung_up_total", "Subscribers closed because they took nothing."),
}

// violations are the counters that are one metric with a label.
var violations = []string{"too_large", "too_many_frames", "bad_frame", "too_many_subscriptions", "flood"}

func describe(name, help string, labels ...string) *prometheus.Desc {
	d := prometheus.NewDesc("hearsay_"+name, help, labels, nil)
	described = append(described, d)
	return d
}

func gauge(d *prometheus.Desc, value float64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
}

func counter(d *prometheus.Desc, value uint64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(value), labels...)
}

func (v *view) collectCounters(out chan<- prometheus.Metric) {
	for key, value := range v.Counters {
		kind, isLink := strings.CutPrefix(key, "link_")
		if d := counted[key]; d != nil {
			out <- counter(d, value)
		} else if isLink && slices.Contains(violations, kind) {
			out <- counter(brokenDesc, value, kind)
		}
	}
	for _, t := range v.Taken {
		out <- counter(takenDesc, t.Times, t.From.String(), t.To.String(), t.On)
	}
}

func (v *view) collectGauges(out chan<- prometheus.Metric) {
	ready, _ := v.ready()
	out <- gauge(readyDesc, number(ready))
	out <- gauge(degradedDesc, number(v.Machine.Degraded))
	out <- gauge(naiveDesc, float64(v.Machine.NaivePeers))
	out <- gauge(linksDesc, float64(v.Machine.Links))
	out <- gauge(listenDesc, float64(v.Machine.Listeners))
	out <- gauge(flyingDesc, float64(v.Machine.Flying))
	out <- gauge(budgetDesc, v.Machine.Budget)
	out <- gauge(withheldDesc, float64(v.Machine.Withheld))
	for state := mesh.Candidate; state <= mesh.Left; state++ {
		out <- gauge(peersDesc, float64(v.count(state)), state.String())
	}
}

// collectPeers writes of each peer that was heard and did not leave, members first, up to maxLabelled.
func (v *view) collectPeers(out chan<- prometheus.Metric) {
	left := maxLabelled
	for _, members := range []bool{true, false} {
		for _, m := range v.Members {
			if m.State.Member() != members || m.State == mesh.Candidate || m.State == mesh.Left || left == 0 {
				continue
			}
			left--
			v.collectPeer(m, out)
		}
	}
}

func (v *view) collectPeer(m mesh.Member, out chan<- prometheus.Metric) {
	name := string(m.Name)
	out <- gauge(peerUpDesc, number(m.State == mesh.Alive), name)
	out <- gauge(peerHeardDesc, float64(v.time(m.Heard).UnixMilli())/1000, name)
	out <- gauge(peerMissedDesc, float64(m.Missed), name)
	out <- gauge(peerPenaltyDesc, m.Penalty, name)
	out <- counter(peerReceivedDesc, v.Received[m.Name.Key()], name)
}

func number(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
