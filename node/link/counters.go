package link

import "sync/atomic"

// counter is one of the things that a link counts. Each has one name, the same in logs and metrics.
type counter int

const (
	accepted counter = iota
	acceptErrors
	refusedFull
	shed
	handshakeTimeouts
	handshakeRejects
	violations
	violationTooLarge
	violationTooManyFrames
	violationBadFrame
	violationTooManySubscriptions
	violationFlood
	strays
	pings
	hellosIgnored
	messagesIn
	bytesIn
	bytesOut
	messagesDropped
	stalledHangUps
	numCounters
)

var counterNames = [numCounters]string{
	accepted:                      "accepted",               // connections accepted, before any handshake
	acceptErrors:                  "accept_errors",          // accepts that failed (out of file descriptors)
	refusedFull:                   "refused_full",           // connections closed because there are too many
	shed:                          "shed",                   // connections that said nothing useful, closed to make room
	handshakeTimeouts:             "handshake_timeouts",     // no greeting and READY in time
	handshakeRejects:              "handshake_rejects",      // a greeting or READY that is wrong
	violations:                    "violations",             // connections closed for breaking a limit, of any kind:
	violationTooLarge:             "too_large",              // a message or control frame announced too large
	violationTooManyFrames:        "too_many_frames",        // frames of one message
	violationBadFrame:             "bad_frame",              // not a ZMTP frame
	violationTooManySubscriptions: "too_many_subscriptions", // of one connection
	violationFlood:                "flood",                  // commands, strays and subscriptions without end
	strays:                        "strays",                 // frames dropped: not for this kind of socket
	pings:                         "pings",                  // PINGs answered
	hellosIgnored:                 "hellos_ignored",         // hellos that were no name, or a second one
	messagesIn:                    "messages_in",            // messages received
	bytesIn:                       "bytes_in",               // bytes received in messages
	bytesOut:                      "bytes_out",              // bytes queued to subscribers
	messagesDropped:               "messages_dropped",       // messages that a subscriber's full outbox refused
	stalledHangUps:                "stalled_hang_ups",       // subscribers closed because they took nothing
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

// Stats returns every counter by its name, since the link was opened.
func (l *Link) Stats() map[string]uint64 {
	m := make(map[string]uint64, numCounters)
	for k, name := range counterNames {
		m[name] = l.counters[k].Load()
	}
	return m
}
