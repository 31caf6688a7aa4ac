package link

import "sync/atomic"

// counter is one of the things that a link counts. Each has one name, the same in logs and metrics.
type counter int

const (
	accepted counter = iota
	acceptErrors
	refusedFull
	shed
	asked
	unanswered
	handshakeTimeouts
	handshakeRejects
	refusedKeyed
	refusedNoKey
	refusedWrongKey
	refusedUnauthorized
	withdrawn
	renewed
	violations
	violationTooLarge
	violationTooManyFrames
	violationBadFrame
	violationBadBox
	violationFlood
	strays
	pings
	hellosIgnored
	foreignHellos
	subscriptionsIgnored
	questionsAnswered
	questionsRefused
	messagesAgain
	messagesIn
	bytesIn
	listPauses
	messagesHeld
	unfinishedWaits
	unfinishedCut
	bytesOut
	messagesDropped
	messagesUnsent
	listsDropped
	bytesUnacked
	stalledHangUps
	numCounters
)

var counterNames = [numCounters]string{
	accepted:               "accepted",              // connections accepted, before any handshake
	acceptErrors:           "accept_errors",         // accepts that failed (out of file descriptors)
	refusedFull:            "refused_full",          // connections closed because there are too many
	shed:                   "shed",                  // connections that said nothing useful, closed to make room
	asked:                  "asked",                 // PINGs sent, by a publisher that is nearly full
	unanswered:             "unanswered",            // and those that got no answer in time
	handshakeTimeouts:      "handshake_timeouts",    // no greeting and READY in time
	handshakeRejects:       "handshake_rejects",     // a greeting or READY that is wrong
	refusedKeyed:           "refused_keyed",         // of them, those that came with a key to an open node
	refusedNoKey:           "refused_no_key",        // without one to a locked node
	refusedWrongKey:        "refused_wrong_key",     // with another one
	refusedUnauthorized:    "refused_unauthorized",  // with one that is not let in, or not under the name that was said
	withdrawn:              "withdrawn",             // subscribers closed because their key is good no more
	renewed:                "renewed",               // dialled connections replaced by ones with other keys
	violations:             "violations",            // connections closed for breaking a limit, of any kind:
	violationTooLarge:      "too_large",             // a message or control frame announced too large
	violationTooManyFrames: "too_many_frames",       // frames of one message
	violationBadFrame:      "bad_frame",             // not a ZMTP frame
	violationBadBox:        "bad_box",               // of CURVE: forged, or said before
	violationFlood:         "flood",                 // commands, strays and subscriptions without end
	strays:                 "strays",                // frames dropped: not for this kind of socket
	pings:                  "pings",                 // PINGs answered
	subscriptionsIgnored:   "subscriptions_ignored", // subscriptions beyond what one connection may have
	hellosIgnored:          "hellos_ignored",        // hellos that were no name, or a second one
	questionsAnswered:      "questions_answered",    // for messages that somebody missed
	questionsRefused:       "questions_refused",     // those that were none, and those beyond what is answered
	messagesAgain:          "messages_again",        // said again as answers
	foreignHellos:          "foreign_hellos",        // hellos that name another mesh
	messagesIn:             "messages_in",           // messages received
	bytesIn:                "bytes_in",              // bytes received in messages
	listPauses:             "list_pauses",           // times that a publisher of lists was read later: it sends too much
	messagesHeld:           "messages_held",         // times that a publisher of messages was not read, as there was no room
	unfinishedWaits:        "unfinished_waits",      // times that a publisher was not read for a moment, as messages that had come in part took all their memory
	unfinishedCut:          "unfinished_cut",        // publishers hung up that did not go on with a message whose memory others needed
	bytesOut:               "bytes_out",             // bytes queued to subscribers
	messagesDropped:        "messages_dropped",      // messages that a subscriber's outbox had no room for
	messagesUnsent:         "messages_unsent",       // messages that waited for a connection which ended
	listsDropped:           "lists_dropped",         // lists that a subscriber's outbox had no room for, or that waited for a connection which ended
	bytesUnacked:           "bytes_unacked",         // bytes of messages sent, and not acknowledged by the end of their connection
	stalledHangUps:         "stalled_hang_ups",      // subscribers closed because they took nothing
}

type counters [numCounters]atomic.Uint64

func (c *counters) add(k counter, n int) { c[k].Add(uint64(n)) }

func (c *counters) violation(kind string) {
	c.add(violations, 1)
	for k := violationTooLarge; k <= violationFlood; k++ {
		if counterNames[k] == kind {
			c.add(k, 1)
		}
	}
}

// TurnedAway is how many connections were not let in, as there was no place left for them.
func (l *Link) TurnedAway() uint64 {
	return l.counters[refusedFull].Load() + l.counters[acceptErrors].Load()
}

// Stats returns every counter by its name, since the link was opened.
func (l *Link) Stats() map[string]uint64 {
	m := make(map[string]uint64, numCounters)
	for k, name := range counterNames {
		m[name] = l.counters[k].Load()
	}
	return m
}
