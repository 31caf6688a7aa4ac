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

	infoDesc     = describe("info", "The node's name, the program's version and the label of the mesh. Always 1.", "name", "version", "mesh")
	startDesc    = describe("start_time_seconds", "When the node started, in seconds since 1970: its incarnation.")
	readyDesc    = describe("ready", "1 when the node is of use, as /readyz says.")
	degradedDesc = describe("degraded", "1 while the node doubts itself: it hears too few members, or its rounds come late.")
	muteDesc     = describe("mute", "1 while the node hears peers and none of them hears it.")
	unlinkedDesc = describe("peers_unlinked", "Alive peers with which messages do not pass directly, one way or both.")
	oneWayDesc   = describe("peers_one_way", "Peers that hear the node and are not heard by it, or the other way round.")
	restartsDesc = describe("peers_restarting", "Peers whose process is started again and again: four times in two minutes, until two minutes passed without.")
	seedsDesc    = describe("seeds_unreached", "Configured names that lead to nobody, and never did.")
	unreadDesc   = describe("files_unreadable", "Groups of files (keys, certificate, tokens) that cannot be read now: what they held before holds, so nothing is withdrawn.")
	clockDesc    = describe("clock_off", "1 while the node's clock differs from those of most others, who agree, by more than 10 s.")
	secondDesc   = describe("name_taken", "1 while another process is the member of the node's name.")
	peersDesc    = describe("peers", "Peers known, by state: far ones are members that others hear.", "state")
	naiveDesc    = describe("peers_naive", "Alive peers that send no header.")
	linksDesc    = describe("links", "Links to peers that are up, of discovery and messages.")
	listenDesc   = describe("listeners", "Connections to the discovery publisher.")
	flyingDesc   = describe("dials_in_flight", "Dials under way.")
	budgetDesc   = describe("eviction_budget", "Evictions that the node may make now where others do not settle the matter.")
	withheldDesc = describe("names_withheld", "Names with a port that listeners without a name are not told.")
	takenDesc    = describe("transitions_total", "Changes of a peer's state, by what caused them.", "from", "to", "trigger")
	brokenDesc   = describe("violations_total", "Connections closed because they broke a limit, by its kind.", "kind")

	peerUpDesc       = describe("peer_up", "1 while the peer is alive, 0 while it is suspect, detached, on probation or in quarantine.", "peer")
	peerHeardDesc    = describe("peer_last_heard_timestamp_seconds", "When the peer was last heard, in seconds since 1970.", "peer")
	peerMissedDesc   = describe("peer_missed_beats", "Beats that the peer owes.", "peer")
	peerConflictDesc = describe("peer_conflict", "1 while another process uses the peer's name too.", "peer")
	peerClockDesc    = describe("peer_clock_ahead_seconds", "How far the clock of the peer is ahead of the node's, negative: behind; what was delayed is not taken for it.", "peer")
	peerUnlinkedDesc = describe("peer_unlinked", "1 while the peer is alive and messages do not pass directly, one way or both.", "peer")
	peerOneWayDesc   = describe("peer_one_way", "1 while the peer hears the node and is not heard by it, or the other way round.", "peer")
	peerPenaltyDesc  = describe("peer_penalty", "What evictions of the peer still count for.", "peer")
	peerReceivedDesc = describe("peer_received_bytes_total", "Bytes received over the links to the peer that are up now.", "peer")
)

// counted are the counters of node.Stats by their names there.
var counted = map[string]*prometheus.Desc{
	"messages_delivered":    describe("messages_delivered_total", "Messages given to the application."),
	"messages_expired":      describe("messages_expired_total", "Messages not given to the application, as they had expired."),
	"messages_lost":         describe("messages_lost_total", "Messages not given to the application, as it did not keep up."),
	"log_lines_lost":        describe("log_lines_lost_total", "Lines of the log that were lost, as it was not read in time."),
	"events_lost":           describe("events_lost_total", "Events not given to a reader that did not keep up."),
	"bad_lists":             describe("lists_refused_total", "Lists and headers refused as a whole."),
	"bad_names":             describe("list_names_refused_total", "Entries of lists that are no names."),
	"bad_messages":          describe("messages_refused_total", "Messages refused for their frames, size or envelope."),
	"messages_unsubscribed": describe("messages_unsubscribed_total", "Messages of topics that were not asked for."),
	"messages_relayed":      describe("messages_relayed_total", "Messages that came by a relay, as their origin's do not come."),
	"messages_passed_on":    describe("messages_passed_on_total", "Messages relayed for others."),
	"messages_repaired":     describe("messages_repaired_total", "Messages that were missing, and came when they were asked for."),
	"messages_missed":       describe("messages_missed_total", "Messages that nobody had any more: the application is told how many."),
	"messages_duplicate":    describe("messages_duplicate_total", "Messages that came again, and were not delivered again."),
	"messages_echoed":       describe("messages_echoed_total", "Own messages that relays brought back."),
	"messages_unasked":      describe("messages_unasked_total", "Relayed messages and answers that were not asked for."),
	"messages_not_held":     describe("messages_not_held_total", "Messages behind a gap that there was no room for: they are asked for again."),
	"messages_unauthorized": describe("messages_unauthorized_total", "Messages of nodes whose key is not known here, however they came."),
	"streams_evicted":       describe("streams_evicted_total", "Streams (an origin's messages on one topic) that gave their places to others, as too many come."),
	"streams_forgotten":     describe("streams_forgotten_total", "Streams of which it is not known any more where they were when they gave their places, as too many did."),
	"relay_conflicts":       describe("relay_conflicts_total", "Times that a relay was found to have lied."),
	"relay_prunes":          describe("relay_prunes_total", "Times that a neighbour was asked to leave out an origin, as another one brings its messages sooner."),
	"relay_grafts":          describe("relay_grafts_total", "Times that all neighbours were asked to bring an origin's messages again."),
	"relay_digests":         describe("relay_digests_total", "Digests of the newest numbers that neighbours have of such origins."),
	"relay_digests_cut":     describe("relay_digests_cut_total", "Digests that were not taken in to the end, as a neighbour tells too many numbers."),
	"repair_questions":      describe("repair_questions_total", "Questions asked for missing messages."),
	"questions_put_off":     describe("questions_put_off_total", "Questions for messages that were put off, or left out where a past is asked for, as the neighbour is asked too much."),
	"lists_unauthorized":    describe("lists_unauthorized_total", "Lists that start with a name which their sender's key may not say."),
	"requests_taken":        describe("requests_taken_total", "Requests taken for somebody here to answer."),
	"requests_busy":         describe("requests_busy_total", "Requests answered with \"too busy\", as too many waited."),
	"requests_expired":      describe("requests_expired_total", "Requests that were not answered in time."),
	"replies_taken":         describe("replies_taken_total", "Replies given to who asked."),
	"replies_late":          describe("replies_late_total", "Replies that nobody waits for any more, or that came twice."),
	"replies_unasked":       describe("replies_unasked_total", "Replies to what was not asked of their sender."),
	"replies_lost":          describe("replies_lost_total", "Replies that were lost here, as too many bytes of them waited."),
	"forged_origins":        describe("messages_forged_total", "Messages that claim to be from somebody else than their sender."),

	"multicast_sent":      describe("beacons_sent_total", "Beacons sent, each over one interface."),
	"multicast_failed":    describe("beacons_unsent_total", "Beacons that could not be sent."),
	"multicast_heard":     describe("beacons_heard_total", "Beacons of other nodes."),
	"multicast_own":       describe("beacons_own_total", "Own beacons that came back."),
	"multicast_malformed": describe("beacons_malformed_total", "Packets to the group that were no beacon."),
	"multicast_oversized": describe("beacons_oversized_total", "Packets to the group that were too large for a beacon."),
	"multicast_elsewhere": describe("beacons_elsewhere_total", "Packets to the port that were sent to another group."),
	"multicast_flooded":   describe("beacons_flooded_total", "Packets dropped because one address sent too many."),
	"multicast_lost":      describe("beacons_lost_total", "Beacons dropped because the node did not keep up."),

	"mesh_beats":          describe("beats_received_total", "Beats received."),
	"mesh_repeats":        describe("beats_repeated_total", "Beats that were said before: no signs of life."),
	"mesh_lost_beats":     describe("beats_lost_total", "Beats missing from the senders' sequences."),
	"mesh_lists":          describe("lists_sent_total", "Whole lists published."),
	"mesh_rounds":         describe("rounds_total", "Own rounds completed."),
	"mesh_late_rounds":    describe("rounds_late_total", "Own rounds completed more than two beats late."),
	"mesh_dials":          describe("dials_total", "Dials started."),
	"mesh_local_failures": describe("dials_failed_locally_total", "Dials that failed by this machine's fault."),
	"mesh_hello_again":    describe("dials_hello_again_total", "Dials made so that a peer hears our hello again."),
	"mesh_hello_refused":  describe("hellos_refused_total", "Second names said by one listener."),
	"mesh_lookups":        describe("lookups_total", "Times that a configured name was looked up, dials apart."),
	"mesh_over_found":     describe("addresses_over_bound_total", "Addresses that configured names lead to and that were not dialled, since enough are held."),
	"mesh_over_quota":     describe("names_over_quota_total", "Names not learned because their source had said too many, or the table is full."),
	"mesh_stray":          describe("beats_stray_total", "Beats over links that were hung up, or had not spoken."),
	"mesh_forged":         describe("beats_forged_total", "Beats that start with another name than those before."),
	"mesh_impostors":      describe("impostors_total", "Links that led to somebody else than they should."),
	"mesh_foreign":        describe("foreign_total", "Beats, hellos and beacons of other meshes, which count for nothing."),
	"mesh_conflicts":      describe("name_conflicts_total", "Times that two processes were seen under one name."),
	"mesh_restarts_told":  describe("restarts_told_total", "Times that it was told of a peer that its process is started again and again."),
	"mesh_rumours":        describe("rumours_total", "Names not taken from what members tell of whom others hear: too many, or they lead back here."),
	"mesh_tellings":       describe("tellings_total", "Times that this node told of members which others hear and it does not."),
	"mesh_no_budget":      describe("evictions_postponed_total", "Rounds in which a silent peer was kept, since the node hears nobody itself or may evict no more."),

	"link_accepted":              describe("connections_accepted_total", "Connections accepted, before any handshake."),
	"link_accept_errors":         describe("accept_errors_total", "Accepts that failed, such as for lack of file descriptors."),
	"link_refused_full":          describe("connections_refused_total", "Connections closed because too many were open."),
	"link_shed":                  describe("connections_shed_total", "Connections of strangers closed to make room."),
	"link_asked":                 describe("connections_asked_total", "PINGs sent to listeners because a port was nearly full."),
	"link_unanswered":            describe("connections_unanswered_total", "Listeners that did not answer one in time, and so may be closed to make room."),
	"link_handshake_timeouts":    describe("handshake_timeouts_total", "Connections closed because no handshake came in time."),
	"link_handshake_rejects":     describe("handshakes_rejected_total", "Connections closed for a wrong handshake."),
	"link_refused_keyed":         describe("refused_keyed_total", "Of them, those that came with a key to an open node."),
	"link_refused_no_key":        describe("refused_no_key_total", "Of them, those that came without a key to a locked node."),
	"link_refused_wrong_key":     describe("refused_wrong_key_total", "Of them, those that came with another key."),
	"link_refused_unauthorized":  describe("refused_unauthorized_total", "Connections closed because their key is not let in, or not under the name that was said."),
	"link_withdrawn":             describe("withdrawn_total", "Connections of subscribers closed because their key is good no more."),
	"link_renewed":               describe("renewed_total", "Connections replaced by ones with other keys."),
	"link_strays":                describe("frames_stray_total", "Frames dropped because they are not for this kind of socket."),
	"link_pings":                 describe("pings_answered_total", "ZMTP PINGs answered."),
	"link_hellos_ignored":        describe("hellos_ignored_total", "Hellos that were no name, or a second one."),
	"link_foreign_hellos":        describe("hellos_foreign_total", "Hellos that name another mesh."),
	"link_subscriptions_ignored": describe("subscriptions_ignored_total", "Subscriptions beyond what one connection may have."),
	"link_questions_answered":    describe("link_questions_answered_total", "Questions answered for messages that somebody missed."),
	"link_questions_refused":     describe("link_questions_refused_total", "Such questions that were none, and those beyond what is answered."),
	"link_messages_again":        describe("link_messages_again_total", "Messages said again as answers."),
	"link_messages_in":           describe("link_messages_received_total", "ZeroMQ messages received, beats included."),
	"link_bytes_in":              describe("link_received_bytes_total", "Bytes received in messages, beats included."),
	"link_list_pauses":           describe("link_list_pauses_total", "Times that a publisher of lists was read later, as it sends too much."),
	"link_messages_held":         describe("link_messages_held_total", "Times that a publisher of messages was not read, as the inbox was full."),
	"link_unfinished_waits":      describe("link_unfinished_waits_total", "Times that a publisher was not read for a moment, as messages that had come in part took all their memory."),
	"link_unfinished_cut":        describe("link_unfinished_cut_total", "Publishers hung up that did not go on with a message whose memory others needed."),
	"link_bytes_out":             describe("link_queued_bytes_total", "Bytes queued to subscribers."),
	"link_messages_dropped":      describe("link_messages_dropped_total", "Messages that there was no room for, as a subscriber is too slow. A member asks for them later: hearsay_messages_missed_total counts those that nobody has by then."),
	"link_messages_unsent":       describe("link_messages_unsent_total", "Messages that waited for a subscriber when its connection ended. A member that connects again asks for them."),
	"link_lists_dropped":         describe("link_lists_dropped_total", "Lists that there was no room for, or that waited when a connection ended: newer ones come."),
	"link_bytes_unacked":         describe("link_bytes_unacked_total", "Bytes of messages sent and not acknowledged when their connection ended."),
	"link_stalled_hang_ups":      describe("subscribers_hung_up_total", "Subscribers closed because they took nothing."),
}

// violations are the counters that are one metric with a label.
var violations = []string{"too_large", "too_many_frames", "bad_frame", "bad_box", "flood"}

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
	out <- gauge(muteDesc, number(v.Machine.Mute))
	out <- gauge(secondDesc, number(v.Machine.Second != ""))
	out <- gauge(oneWayDesc, float64(v.oneWay()))
	out <- gauge(restartsDesc, float64(v.restarting()))
	out <- gauge(seedsDesc, float64(len(v.LostSeeds)))
	out <- gauge(unreadDesc, float64(len(v.unreadable)))
	out <- gauge(unlinkedDesc, float64(v.unlinked()))
	out <- gauge(clockDesc, number(v.Machine.ClockOff != ""))
	out <- gauge(naiveDesc, float64(v.Machine.NaivePeers))
	out <- gauge(linksDesc, float64(v.Machine.Links))
	out <- gauge(listenDesc, float64(v.Machine.Listeners))
	out <- gauge(flyingDesc, float64(v.Machine.Flying))
	out <- gauge(budgetDesc, v.Machine.Budget)
	out <- gauge(withheldDesc, float64(v.Machine.Withheld))
	for state := mesh.Candidate; state <= mesh.Far; state++ {
		out <- gauge(peersDesc, float64(v.count(state)), state.String())
	}
}

// collectPeers writes of each peer that has metrics of its own.
func (v *view) collectPeers(out chan<- prometheus.Metric) {
	for _, m := range v.labelled() {
		v.collectPeer(m, out)
	}
}

// labelled are the peers that were heard and did not leave, members first, up to maxLabelled.
func (v *view) labelled() (out []mesh.Member) {
	for _, members := range []bool{true, false} {
		for _, m := range v.Members {
			if m.State.Member() == members && m.State != mesh.Candidate && m.State != mesh.Far && m.State != mesh.Left && len(out) < maxLabelled {
				out = append(out, m)
			}
		}
	}
	return out
}

func (v *view) collectPeer(m mesh.Member, out chan<- prometheus.Metric) {
	name := string(m.Name)
	out <- gauge(peerUpDesc, number(m.State == mesh.Alive), name)
	out <- gauge(peerHeardDesc, float64(v.time(m.Heard).UnixMilli())/1000, name)
	out <- gauge(peerMissedDesc, float64(m.Owes), name)
	out <- gauge(peerConflictDesc, number(m.Conflict != ""), name)
	out <- gauge(peerClockDesc, m.Clock.Seconds(), name)
	out <- gauge(peerUnlinkedDesc, number(m.Unlinked != ""), name)
	out <- gauge(peerOneWayDesc, number(m.OneWay != ""), name)
	out <- gauge(peerPenaltyDesc, m.Penalty, name)
	out <- counter(peerReceivedDesc, v.Received[m.Name.Key()], name)
}

func number(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
