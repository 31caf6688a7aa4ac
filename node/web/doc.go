// Package web shows a node over HTTP: to probes, to Prometheus, to scripts and to people.
//
//	s := web.New(n, web.Options{})
//	go s.Serve(listener)
//	...
//	s.Close()
//
// It reads snapshots. One visit to the node's loop serves everybody who asks within 200 ms, or within twenty
// times what the visit took, so that reading costs the loop 5 % of its time at most, however many read. A
// snapshot that lacks an event which has been told is not used: a client that is told of a change finds it when it
// asks.
//
// # What there is
//
//	GET  /                        the page
//	GET  /healthz                 200 while the loop answers, else 503
//	GET  /readyz                  200 when the node hears peers, or is the first of its mesh; else 503
//	GET  /metrics                 for Prometheus
//	GET  /v1/status               Status
//	GET  /v1/members              Members; ?tag=KEY=VALUE or ?tag=KEY, ?state=STATE: only peers that are so; each may be
//	                              repeated
//	GET  /v1/links                Links
//	GET  /v1/events               server-sent events, each an Event; ?after=ID
//	GET  /v1/messages             server-sent events, each a Message; ?channel=C, which may be repeated; ?replay=N or
//	                              ?replay=30s: first the last N messages, or those of so long, as far as the node has them:
//	                              at most 10,000 messages with 8 MiB of bodies, and none of a naive node
//	POST /v1/tags                 say these tags of the node: one JSON object of texts, in place of all former ones
//	POST /v1/messages             publish the body as it is; ?channel=C for a named channel, ?ttl=N to be relayed N times at most,
//	                              ?expires=5s to be given to nobody later, ?type=text/plain; ?lines=true for a message of each line that is
//	                              not empty, ?body_format=base64 where the body, or each line, is that, ?wait=N to wait until
//	                              messages reach N members, ?timeout=1m for so long; the answer is Published
//	POST /v1/requests             ask with the body who answers on ?channel=C, or ?to=NAME alone; ?want=N good replies are
//	                              enough, ?timeout=5s; Answers
//	POST /v1/answers              answer requests on ?channel=C, or those to the node itself: server-sent events, each a
//	                              Call, ?at_once=4 at a time, for as long as they are read
//	POST /v1/answers/ID           the body is the reply; ?fail=TEXT says why it is no better one
//	POST /v1/leave                say goodbye to the mesh; answered when that is done
//	POST /v1/members/NAME/forget  drop all that is known of a peer
//	GET  /debug/pprof/            profiles, if Options.Profile
//
// A member that the node does not hear itself, and that members which it hears do, is "alive" with their names as via. Its
// state in metrics is "far".
//
// HEAD is answered wherever GET is. Bodies are JSON, except where it says otherwise; the types named above say
// what is in them. Times are RFC 3339, UTC, with milliseconds. Unknown fields have to be ignored by readers:
// new ones are no new version.
//
// # Readiness
//
// A node is ready when it hears at least one peer and does not doubt itself. One that was started without the
// name of another, remembers none, and has met none is the first of its mesh, and ready too. So is one whose seeds
// lead to nobody but itself for 10 s, as the only pod of a service. It is not ready
// while it looks for its seeds, when those it knew are all silent, when it hears less than its share of the
// members or its rounds come late (degraded), and when it is leaving. The reason is in the answer. Both it and
// /healthz have a "warning", which names what does not work while the node is of use: another process of its own name or
// of a peer's, links that go one way, names and seeds that lead elsewhere or nowhere, members with which messages do not
// pass directly, files of keys, certificate or tokens that cannot be read, since when, that newcomers are turned away,
// members that are started again and again, and those that are not heard; "" if there is nothing. /healthz, whose status
// says no more than that the process works, names there why the node is not ready, too.
//
// # Streams
//
// /v1/events first replays those of the last 256 events that come after the one named by the header
// Last-Event-ID or by the parameter after, 0 meaning all of them; without either, none. The id of an event on
// the stream is INCARNATION-ID, so that a client which reconnects to a node that was started anew is told of
// everything in its new life; the parameter may be the number alone. A comment is sent every 15 s.
//
// Nobody is waited for. A client that takes nothing for 10 s is cut off, and so is one that fell behind by more
// than 1,024 events, which are kept once for all clients; it may come back and ask for what it missed. Time in which the
// node's process was stopped is no client's, and does not count. Messages
// that wait for their readers are held once, however many readers there are, and take Options.ReaderBytes at most,
// 64 MiB unless told otherwise. Where that is not enough, those who are furthest behind lose the oldest of theirs: they
// are counted, and the next message says how many there were. A client that is in the middle of a message keeps it,
// unless such messages come to half of the bound: then the one that has been at it longest is cut off.
// What no member has any more was never to be had here: the next message of the same sender and channel says with "missed"
// how many messages those are, and the event "missed" says which. One of the past does not say it.
// What a message that a slow reader lost had as missed is counted as lost with it.
// A stream that begins with the past holds 80 kB more at most, and one at a time gathers it.
//
// # Connections
//
// There are at most 512 connections, or fewer where file descriptors are: a quarter of the process's, less 16 (package
// files, Divide); the mesh takes none of these. Half of them may be streams. When all are taken, the address that holds most gives way to one that
// holds less: by the connection that has been idle for longest, else by its newest, even if a request is being answered
// on it. Eight connections and eight streams more are for loopback alone, so that a health check gets in whatever others
// do.
//
// # Errors
//
// An error is an Error: a sentence, a reason for programs, and where there is one a hint what to do.
//
//	400  bad_request         a parameter is not what it has to be
//	401  no_token            that takes a token
//	403  not_loopback        only this machine may do that, unless Options.RemoteWrite
//	403  cross_origin        a page of another site tried it
//	403  bad_host            the request is for another host: a browser was led here by a name that is not ours for sure
//	404  not_found           no such path
//	404  unknown_peer        no such peer
//	404  nobody_answers      nobody is there to answer a request
//	404  too_few_answer      fewer are there than have to
//	404  unknown_request     nobody waits for that reply any more
//	404  unknown_channel     the node does not receive that channel
//	405  method_not_allowed  the header Allow says what is
//	413  too_large           a message over the node's maximum
//	415  unsupported_type    a form with parts is no message
//	500  internal            a mistake in the program; its log says more
//	503  not_ready           /readyz says why
//	503  no_answer           the loop did not answer within 2 s
//	503  leaving             the node is leaving, or has left
//	503  too_many            as many streams are open as may be, or bodies under way take more than 32 MiB,
//	                         or than three messages of the largest size where that is more
//
// # Who may do what
//
// Every client that reaches the address may read. What changes something is for clients on a loopback address alone,
// unless Options.RemoteWrite; a request that a proxy forwarded is not from loopback, which Forwarded, Via, X-Real-Ip
// or X-Forwarded-ANY say by being there, whatever is in them. With Options.Token it is for clients anywhere that show
// a token, whatever RemoteWrite says, and with Options.Private everything is for these alone, on loopback too, but
// /healthz and /readyz, which say without one no more than whether the node works, and, with Options.OpenMetrics,
// /metrics. A token is shown as "Authorization: Bearer TOKEN", or as the password of any user, which is how a browser
// asks for it. A stream, and a POST that waits for its body, for members or for replies, ends within two seconds after
// a token is withdrawn without which it would not begin: nothing is carried out then. With Options.Certificate all of
// it is HTTPS. Files are looked at twice a second, beside all requests, and read again when they have changed and
// stayed the same for a second, or were not what they should be: what they held before holds until then. No browser
// may be used against its owner: a request from a page of another origin changes nothing, and one that comes to a
// loopback address under a host name other than localhost, an address, or the node's own is refused whatever it asks.
// Where RemoteWrite lets everybody write, a browser, which says Origin, may do so under such a name or one without a
// dot: others may be an attacker's that lead here.
package web
