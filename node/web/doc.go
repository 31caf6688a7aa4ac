// Package web shows a node over HTTP: to probes, to Prometheus, to scripts and to people.
//
//	s := web.New(n, web.Options{})
//	go s.Serve(listener)
//	...
//	s.Close()
//
// It reads snapshots. One visit to the node's loop serves everybody who asks within 200 ms, or within twenty
// times what the visit took, so that reading costs the loop 5 % of its time at most, however many read. A
// snapshot that lacks an event which has been told is not used: who is told of a change and asks finds it.
//
// # What there is
//
//	GET  /                        the page
//	GET  /healthz                 200 while the loop answers, else 503
//	GET  /readyz                  200 when the node hears peers, or is the first of its mesh; else 503
//	GET  /metrics                 for Prometheus
//	GET  /v1/status               Status
//	GET  /v1/members              Members
//	GET  /v1/links                Links
//	GET  /v1/events               server-sent events, each an Event; ?after=ID
//	GET  /v1/messages             server-sent events, each a Message; ?channel=C, which may be repeated
//	POST /v1/messages             publish the body as it is; ?channel=C for a named channel
//	POST /v1/leave                say goodbye to the mesh; answered when that is done
//	POST /v1/members/NAME/forget  drop all that is known of a peer
//	GET  /debug/pprof/            profiles, if Options.Profile
//
// HEAD is answered wherever GET is. Bodies are JSON, except where it says otherwise; the types named above say
// what is in them. Times are RFC 3339, UTC, with milliseconds. Unknown fields have to be ignored by readers:
// new ones are no new version.
//
// # Readiness
//
// A node is ready when it hears at least one peer and does not doubt itself. One that was started without the
// name of another, remembers none, and has met none is the first of its mesh, and ready too. It is not ready
// while it looks for its seeds, when those it knew are all silent, when it hears less than its share of the
// members or its rounds come late (degraded), and when it is leaving. The reason is in the answer.
//
// # Streams
//
// /v1/events first replays those of the last 256 events that come after the one named by the header
// Last-Event-ID or by the parameter after, 0 meaning all of them; without either, none. The id of an event on
// the stream is INCARNATION-ID, so that a client which reconnects to a node that was started anew is told of
// everything in its new life; the parameter may be the number alone. A comment is sent every 15 s.
//
// Nobody is waited for. A client that takes nothing for 10 s is cut off, and so is one that fell behind by more
// events than fit in its queue of 1,024; it may come back and ask for what it missed. A reader of messages has
// a queue of 1 MiB: what does not fit is dropped and counted, and the next message says how many there were.
//
// # Errors
//
// An error is an Error: a sentence, a reason for programs, and where there is one a hint what to do.
//
//	400  bad_request         a parameter is not what it has to be
//	403  not_loopback        only this machine may do that, unless Options.RemoteWrite
//	403  cross_origin        a page of another site tried it
//	403  bad_host            the request is for another host: a browser was led here by a name that is not ours
//	404  not_found           no such path
//	404  unknown_peer        no such peer
//	404  unknown_channel     the node does not receive that channel
//	405  method_not_allowed  the header Allow says what is
//	413  too_large           a message over the node's maximum
//	415  unsupported_type    a form with parts is no message
//	500  internal            a mistake in the program; its log says more
//	503  not_ready           /readyz says why
//	503  no_answer           the loop did not answer within 2 s
//	503  leaving             the node is leaving, or has left
//	503  too_many            256 streams are open already
//
// # Who may do what
//
// Whoever reaches the address may read. What changes something is for clients on a loopback address alone,
// unless Options.RemoteWrite; a request that a proxy forwarded is not from loopback. No browser may be used
// against its owner: a request from a page of another origin changes nothing, and one that comes to a loopback
// address under a host name other than localhost, an address, or the node's own is refused whatever it asks.
package web
