//go:generate ../scripts/docs.sh

// Package topics is the wire of hearsay: topic names, node names, peer lists, the beat header and the message
// envelope. It parses and writes them, and nothing else: no socket, no clock, no goroutine, no state but an
// Interner's memory of names. Nothing in it panics on any input, and every error says which Rule was broken.
//
//	list, bad, err := interner.ParseList(frames[1], nil)
//	header, err := topics.ParseHeader(frames[2])
//
// The rest of this page is the specification, version 1. It is meant to be enough to write a node in another
// language. MUST and SHOULD are used as in RFC 2119. Sizes are in bytes, and a limit is the largest size allowed.
//
// # Sockets and ports
//
// A node binds two PUB sockets and connects one SUB (or several; nobody can tell):
//
//	discovery PUB  tcp port 20000  lists of peers
//	message PUB    tcp port 30000  what applications say
//	SUB            connected to both ports of every peer
//
// Everybody binds and everybody connects: between two nodes that hear each other there are four TCP connections,
// two each way. Data flows only from PUB to SUB; the other way go subscriptions. A node that carries a port in its
// name binds its discovery PUB on that port and its message PUB on that port + 10000, always.
//
// Several nodes can share a machine by having an address each (all of 127.0.0.0/8 is there to try it), or a port each.
//
// A node MUST have at most one connection to a publisher's port, or it hears everything twice. Two names can lead
// to one publisher; a node finds that out by the address reached and by the first name in the lists.
//
// Nodes on one network segment may find each other by multicast. The beacon is specified with package multicast. It is a
// hint where to listen, as a name in a list is, and nothing here depends on it.
//
// # ZMTP
//
// Plain ZMTP 3.0 (rfc.zeromq.org/spec/23) over TCP. Each side sends, without waiting for the other:
//
//	greeting, 64 bytes:  FF 00 00 00 00 00 00 00 00 7F  03 00  "NULL" and 16 zeros  00  and 31 zeros
//	READY, a command:    04 SIZE 05 "READY" 0B "Socket-Type" 00 00 00 03 "PUB"      (or "SUB")
//
// The minor version is 0 on purpose: a libzmq peer of any later version then says its subscriptions as messages (a
// frame 01 TOPIC subscribes, 00 TOPIC cancels) and not as commands. A node MUST accept any version from 3.0 on,
// the peer socket types PUB and XPUB for its SUB, SUB and XSUB for its PUBs, and unknown properties in READY. The
// mechanism is NULL: nothing is encrypted, nobody is authenticated. A name is a claim.
//
// In a locked mesh the mechanism is CURVE (rfc.zeromq.org/spec/26) on both ports, and nobody falls back to NULL. The
// publisher is the server. With a mesh key, its key and the subscriber's are the same one. With own keys each node has its
// own, and the name that it says in a hello, or first in a list, MUST be one that its key is known for. What goes in the
// boxes is as it is said here.
//
// A node that says hello SHOULD answer a PING of ZMTP 3.1 with a PONG, whatever its greeting says, and MUST NOT take one
// for a message. A publisher that is running out of connections sends PINGs to listeners that said hello or whose
// greeting says 3.1, and may end a connection that does not answer within 2 s of having read it, if it read 1 KiB a
// second of what was sent before; others are not asked. Any other command after READY is dropped. Unless a receiver has
// its own reasons, a message has at most 8 frames. A receiver MUST bound what a frame may announce before it allocates,
// MUST bound subscriptions per connection, and MUST NOT let one connection that stalls hold up another.
//
// # Topics
//
// The first frame is the topic. ZeroMQ matches a subscription by prefix: a subscriber to "1" is also sent "10",
// and "2/a" brings "2/ab". So a receiver MUST compare the whole topic and drop the others.
//
//	topic           on port    frames                                        publishers
//	0               discovery  "0", list, header                             all; no header: a naive node
//	1               message    "1", body, envelope                           all; no envelope: a naive node
//	2/CHANNEL       message    "2/CHANNEL", body, envelope                   hearsay nodes
//	3/ORIGIN/TOPIC  message    "3/ORIGIN/TOPIC", body, envelope              relays: see Relays
//	3/-/            message    "3/-/", newest                                relays: see Copies
//	4/CHANNEL       message    "4/CHANNEL", body, envelope                   who asks: see Requests
//	5/QUESTION      message    "5/QUESTION", body, envelope                  whoever is asked: see Repair
//	6/NAME/         message    "6/NAME/", body, envelope                     who asks or answers NAME alone
//	6/NAME/CHANNEL  message    "6/NAME/CHANNEL", body, envelope              who asks NAME alone: see Requests
//	7               discovery  "7", records, header                          who tells of others: see Tellings
//	7+              discovery  "7+", changes, header                         the same
//	hello/NAME      both       none: it is only ever subscribed to           nobody
//	mesh            discovery  "mesh", label                                 hearsay nodes, to who asks: see Meshes
//
// Frames after the third are ignored. A body is any bytes, also none, of at most 1 MiB unless the nodes of a mesh
// agree on more.
//
// A CHANNEL is 1 to 128 bytes of printable ASCII (21 to 7E) except the comma. Case counts.
//
// # Names
//
// A name is a hostname or an IP address, with a port where several nodes share an address. In ABNF (RFC 5234):
//
//	name     = ( host / "[" IPv6address "]" ) [ ":" port ]
//	host     = label *( "." label )                 ; at most 253, and its first byte is not "_"
//	label    = let-dig [ *61( let-dig / "-" ) let-dig ]
//	let-dig  = ALPHA / DIGIT / "_"
//	port     = %x31-39 *4DIGIT                      ; 1 to 55535: the message port is a port too
//	IPv6address                                     ; RFC 4291 section 2.2 in any spelling, without a zone
//
// with these rules on top:
//
//   - The first byte of a name is a letter, a digit or a bracket: libzmq's connect fails with EINVAL on anything
//     else, which ends a naive node. "_" is allowed elsewhere, because docker-compose names its containers node_1.
//   - No dot at the end.
//   - If the last label of a host is a number (decimal digits only, or "0x" and hexadecimal digits or none), the
//     host MUST be an IPv4 address of four decimal numbers from 0 to 255 without leading zeros. So 127.1, 0x7f.1,
//     010.0.0.1, 2130706433 and 999.1.1.1 are no names: some resolvers read them as addresses.
//   - One exception: a host that is one label of decimal digits whose value is over 4294967295, and, if it starts
//     with 0 and has no digit 8 or 9, is over 4294967295 in octal too. No resolver reads that as an address, and
//     the ID of a container, which is its default hostname, is sometimes all digits.
//   - No address that cannot be a node's: 0.0.0.0, 255.255.255.255, 224.0.0.0/4, [::], ff00::/8, and fe80::/10,
//     which means nothing without a zone.
//   - No IPv4-mapped IPv6 address (::ffff:0:0/96): it is written as IPv4. A node that takes a name from the
//     address of a connection unmaps it first.
//
// Two names are equal when their keys are. The key of a name is the name in lower case, an IPv6 address spelled as RFC
// 5952 section 4 says (all of it in hexadecimal), without ":20000". Messages carry names as their owner spells them.
//
// A name with a port, be it ":20000", MUST NOT be told to a naive node: it appends ":20000" to whatever it reads, and
// looks the result up for ever. So a publisher on port 20000, to which naive nodes connect, SHOULD leave such names out
// of what it sends to connections that said no hello. A node with a port in its own name is nothing for naive ones.
//
// # Lists
//
// A list is names joined by commas, without spaces:
//
//	list     = name *1023( "," name )               ; at most 65536
//
// The first name is the sender's own. The others are nodes that the sender hears, in any order. A sender MUST NOT
// publish a name because it read it somewhere: what one node says of another is hearsay, a hint where to listen,
// and is passed on only as the result of one's own listening. A sender that hears more than fit publishes some of
// them, and then it MUST NOT set complete.
//
// A receiver
//
//   - refuses the whole list when it is over 65536 bytes, or when its first entry is not a valid name: nobody said
//     it;
//   - skips and counts entries that are not valid names, empty ones included;
//   - takes at most 1024 names and counts all further entries as bad;
//   - takes names with equal keys once, in the first spelling, and does not count the repeats;
//   - knows the sender by the connection, and takes the first name as what the sender calls itself. It MUST NOT
//     credit a third node with it;
//   - treats all other names as hints: it may connect to them, within limits of its own. A name in a list is never
//     evidence that a node lives, nor is its absence that one is dead, except as strict and complete allow.
//
// # Beats
//
// A hearsay node publishes on "0" at least every beat milliseconds. Each such message is a beat. The third frame,
// the header, is one JSON object (RFC 8259) in UTF-8 of at most 1024 bytes:
//
//	key        type     bounds            meaning
//	v          integer  1..2^31-1         version of this specification: 1. Required
//	inc        integer  0..253402300799999 incarnation: Unix ms when the sender started. 0: not said
//	seq        integer  0..2^53-1         counts the beats of this incarnation from 1. 0: not counted
//	beat       integer  10..3600000       ms from one beat to the next. Required
//	list       integer  0..2^53-1         number of the list that stands, from 1. 0: not numbered
//	pulse      boolean                    only the own name is here; the last list to all was number list, and stands
//	strict     boolean                    I list only what I hear
//	complete   boolean                    I list all that I hear
//	leaving    boolean                    I am about to go
//	degraded   boolean                    I hear too few, or run too late, to be trusted about others
//	replay     boolean                    I said this before, and say it again to you alone
//	listeners  integer  0..2^31-1         how many nodes have said hello to me and are connected
//	last       string   0..320            numbers of my last messages: see Numbers
//	at         integer  0..253402300799999 when I said this, Unix ms by my clock. 0: not said
//	program    string   0..48             what I run, and its version. In lists only
//	tags       string   0..160            KEY=VALUE,KEY=VALUE…: what I say of myself. In lists only
//	mesh       string   0..32             label of my mesh: see Meshes. Empty: it has none
//	told       integer  0..2^53-1         number of what I told of others last: see Tellings. 0: nothing
//	twin       string   0..80             NAME@ADDRESS: a second process uses a member's name: see Twins. Empty: none
//
// program is printable ASCII without quotes, backslash, "<", ">" and "&". A tag's key is 1 to 32 bytes of a-z, 0-9, ".",
// "_" and "-", its value 0 to 64 bytes of these and of A-Z, ":", "/", "+" and "@"; keys ascend, and each is there once. Both
// are for people and tools: nothing in membership goes by them. A sender whose tags change counts the list up.
//
// Absent and null are zero, or false. Integers are written without sign, fraction, exponent and leading zeros. A
// key is written once, in lower case; what a receiver makes of repeats, or of other case, is undefined. Keys that
// a receiver does not know, of any type, it MUST ignore, in every version, and a v over 1 is no reason to refuse a
// header. The largest integer is one that a double holds exactly; 253402300799999 is the end of the year 9999.
//
// A beat is a list or a pulse. A list carries all names and the number list. The number counts up by one or more when
// the names or the flags strict and complete differ from those of the list before; it starts at 1 in each incarnation.
// A list that is only repeated keeps its number.
//
// A pulse carries only the own name and "pulse":true. If the receiver has the list with that number, of that
// incarnation, from that sender, those names and that list's strict and complete still stand, as if just said. If
// it has not, it knows that the sender lives and no more; it need not ask, for each new subscriber is sent the
// list. Names in a pulse after the first are ignored. pulse with list 0 is refused. A naive node sees a pulse as a
// list of one, which takes nothing from it. A node that wants to be simple sends lists only.
//
// When to send which: a pulse every beat; the whole list instead
//
//   - at once, to that connection alone or to all, when somebody subscribes to "0" (or to a prefix of it, the
//     empty one): the newest list, so that a newcomer need not wait. What it gets can be older than the last
//     pulse; what was said before SHOULD have its seq as it was, and replay. Once for each connection is enough;
//   - soon (tens of ms, to gather what changes together) after the names or the flags change;
//   - every 2.5 s or oftener to connections that said no hello, for naive nodes read nothing else;
//   - every now and then to all others, against loss.
//
// What is sent to connections without a hello may differ from what is sent to the others: whole lists in place of
// pulses, and lists without some names, in which case neither the list nor pulses after it are complete. The numbers
// are the same.
//
// strict says: this list has only nodes that I hear myself, now. complete says: it has all of them. A list with both is
// testimony: that X stands in it is a vouch for X, and that X no longer does, having stood in the one before, is the
// sender's word that it stopped hearing X. Receivers may count such testimony to judge their own links better. It can
// neither bring a node back nor take one away that the receiver hears. Lists without strict are hints only.
//
// leaving is sent a few times within a tenth of a beat, and then the sender goes silent. A receiver takes it over
// the sender's own connection only. The node has left, and did not fail: until a beat with a higher inc comes over
// such a connection, or, for a sender without inc, any beat without leaving.
//
// degraded says: do not count my testimony. The sender is alive.
//
// inc rises with each start. A beat with a higher inc is a restart: seq and list start anew. A lower one is a
// clock that was set back, or a second process with the same name; a receiver SHOULD believe it only after some
// beats in a row. Where beats of two incs keep coming from two addresses, two processes go by one name: receivers SHOULD
// all take the lower inc, the older process, for the node of that name, and SHOULD NOT read the messages of the other.
// But a name that is an IP address is that of the process there, and a lower inc that turns up after another one was
// heard for 20 beats SHOULD NOT take its name: anybody may claim an inc.
//
// A beat shows that its sender lives if it was made since the last one. One with a seq not above all that were received
// of that incarnation, and not above the one before it on the same connection, or with replay and without seq, was not:
// the part of a program that answers connections may outlive the part that beats. A receiver SHOULD NOT take it for a
// sign of life of a sender that it has heard before. The names in it stand.
//
// A message without a third frame is a naive node's: a list of hints, no testimony. The sender's own name in it
// says that it is alive.
//
// # Hello
//
// PUB and SUB do not tell a publisher who listens. So the SUB of every hearsay node also subscribes to "hello/"
// and its own name, as it would spell it in its list, at every discovery port that it connects to. Nothing is ever
// published on such a topic. The publisher reads the subscription as: NAME listens to you. It is a hint like a
// name in a list, and the way in which a newcomer whom nobody was told of is found by everybody it dials. An
// unsubscription, or the end of the connection, takes it back. One connection has one name: a publisher heeds the
// first valid one and counts the others as faults.
//
// A node says it at every message port too, as the last of its subscriptions there. The publisher reads it as: NAME
// gets your messages from now on. Nothing but what an application is told depends on it, and a node need not say it.
//
// A naive publisher keeps the subscription as a filter that never matches. A libzmq publisher reads subscriptions with
// an XPUB socket and XPUB_VERBOSE.
//
// # Meshes
//
// A mesh may have a label: 1 to 32 bytes of letters, digits, ".", "_" and "-". Case counts. It keeps meshes apart that
// share a seed, a host or a network, or of which one gets an address of the other. It is no secret and no protection:
// anybody may say it.
//
// A node of a mesh with a label says it in the header of every beat, pulses too, and its hello, on both ports, is
//
//	hello/MESH/NAME
//
// and hello/MESH/ from a subscriber that is no node. A node of a mesh without a label does neither, as nodes did before
// there were labels. A naive node has neither header nor hello, so it is of the mesh without a label, and of no other.
//
// Two labels are two meshes, and a label and none are too. A node
//
//   - MUST NOT take a beat of another mesh for anything: not for a sign of life, a list or a hint. It SHOULD hang up;
//   - MUST NOT take a hello of another mesh for a hint, nor the address that such a connection comes from;
//   - with a label MUST NOT dial the address of a listener that says no name, nor send lists or messages to a connection
//     that did not say its label, on either port. So no naive node learns its names, and carries them elsewhere. A
//     publisher that cannot tell connections apart, as one of libzmq's, sends to all: receivers go by the header, but nodes
//     of a time before labels take its lists for those of their mesh;
//   - without one SHOULD send nothing to a connection that said one.
//
// So that it is known why nothing comes, a node SHOULD answer the subscription to "mesh" of a connection that has said
// another label, or none where the node has one, with one message of two frames, "mesh" and the node's label, empty where
// there is none, to that connection alone. Where nodes of a mesh get another label by one restart after another, there are
// two meshes until all have it.
//
// # Messages
//
// The third frame of a message, the envelope, is one JSON object of at most 1024 bytes, under the same rules as a
// header:
//
//	key        type     bounds            meaning
//	v          integer  1..2^31-1         version of this specification: 1. Required
//	from       string   a name            the node that said it first. Required
//	uid        string   1..64             with from, unique for each message ever. Required
//	ttl        integer  0..32             how many more times it may be relayed. 0: not at all
//	at         integer  0..253402300799999 Unix ms when it was said, by the clock of from. 0: not said
//	inc        integer  0..253402300799999 incarnation of from, as its beats have it. 0: not said
//	n          integer  0..2^53-1         number: see Numbers. 0: not numbered
//	type       string   0..128            media type of the body. Empty: not said
//	exp        integer  0..253402300799999 Unix ms, by the clock of from, from which on nobody is given it. 0: never
//	ask        integer  0..3600000        this is a request: ms that I wait for replies. 0: it is none
//	re         string   0..64             this is a reply: uid of the request. Empty: it is none
//	fail       string   0..96             why this reply is no better one. Empty: it is good
//
// uid is printable ASCII without space (21 to 7E); the incarnation and a count of messages make a good one. re is one too.
// fail is printable ASCII with spaces, without quotes and backslash. type is, in printable ASCII with spaces (20 to 7E),
//
//	type     = token "/" token [ ";" *( %x20-7E ) ]
//	token    = ( ALPHA / DIGIT ) *( ALPHA / DIGIT / "!" / "#" / "$" / "&" / "-" / "^" / "_" / "." / "+" )
//
// On 1 and 2/CHANNEL the publisher speaks for itself: from is the first name of its lists, up to case and
// spelling. A receiver that knows better drops the message and counts it. A message without envelope is a naive
// node's, said by the node that published it.
//
// There is no receipt and no order between publishers. Messages of one publisher come in its order, with gaps
// where a subscriber was too slow or not yet connected. Numbers show the gaps, questions fill them. What has expired counts.
//
// # Numbers
//
// A node that numbers its messages counts them from 1, without a gap, for each topic (1, 2/CHANNEL) in each
// incarnation: n in the envelope, with inc. A message that was dropped for some subscriber has its number, too: 7 after 5
// says that 6 was lost. (from, inc, topic, n) is one message for ever, and a receiver delivers it once.
//
// So that the loss of the last message is noticed too, the key last of the beats says the numbers of the last messages
// of topics, those first that were used last:
//
//	last     = entry *( "," entry )                 ; at most 320
//	entry    = n ":" topic                          ; 1 to 2^53-1 without leading zeros, "1" or "2/" channel
//
// A beat overtakes messages that were said before it, as it has a connection of its own. A receiver SHOULD wait for
// some tenths of a second without a message of that topic before it takes one for lost. A topic that is not in last did
// not fit, or was never used in this incarnation: the latter, if the longest entry would still fit. So who has heard an
// origin's beats knows the first number that it misses, before a message has come. A header with last has inc.
//
// # Repair
//
// A node may keep the last messages that it published, and those that it relayed. Whoever misses some asks for them at
// the message port of the origin, or of anybody who may have them. The question is a subscription:
//
//	question = "5/" origin "/" inc "/" range "/" topic
//	range    = n "-" n                              ; those with these numbers, the first and the last too
//	range    =/ n "-"                               ; all from this number on: of one that is gone, too
//	range    =/ "-" count                           ; the last ones, at most so many
//	range    =/ "~" ms                              ; those of the last ms, 1 to 3600000
//
// inc is 0 in the last two forms where any will do, and never in the first two. Numbers are written without leading zeros. The
// publisher answers in turn, to that connection alone, with messages whose first frame is the question, and body and envelope as
// they were published, in the order of their numbers. It may leave out what it does not keep, and SHOULD end after about 1 MiB.
// The end of the answer is a message of two frames, the question and an empty body. Who asked cancels the subscription then, and
// asks again for what is still missing, here or elsewhere. Who is asked does not keep the subscription, so that to ask the same
// again is to subscribe again. It SHOULD NOT answer what is canceled, and end at once what it has no room for.
//
// A publisher that knows nothing of this keeps the question as a filter that never matches. So who asks SHOULD wait a
// few seconds at most, and MUST cancel what it asked. It takes only what it asked for, from whom it asked.
//
// # Relays
//
// Where a node does not hear an origin, or does not get its messages, another that does can pass them on. The one in need asks
// for it, again by a subscription, at the message port of a node that it hears:
//
//	3/ORIGIN/       what ORIGIN says, if you hear it yourself
//	3/*/            what you are relayed yourself
//
// A relay publishes a message that it hears of an origin on 3/ORIGIN/TOPIC, where TOPIC is the one that it was said on ("1" or
// "2/CHANNEL"), and one that it was relayed on 3/*/ORIGIN/TOPIC, each once, and where nobody has asked for it not at all. A
// message that came with ttl 0 is not passed on, any other with ttl - 1 and the rest of its envelope as it was. One without an
// envelope gets one: from is the name of the naive node, and uid is the relay's. from and ORIGIN MUST have equal keys. A node
// SHOULD publish its own messages with ttl 16. Who is asked to relay SHOULD subscribe to "2/", all channels.
//
// Strict and complete lists tell whom to ask: X needs a relay for O where members that X hears list O and X has had no messages
// of O for some beats. X takes that one of those members whose hash over X, O and its own name is lowest; so different nodes ask
// different relays. X subscribes to 3/*/ at every member that lists some node which X does not hear, as it may be the only way to
// nodes that no such member lists either. Where everybody hears everybody nobody asks, and nothing is relayed. A receiver MUST
// drop relayed messages of an origin that it did not ask this relay for, those of an origin that it gets messages of over its own
// connection, and its own; in a mesh with own keys, those of an origin that it has no key of. It delivers the others once: by
// number, and where they have none by (from, uid).
//
// # Requests
//
// Who answers requests on a channel subscribes to "4/CHANNEL" at every message port. Every node subscribes to "6/", its own name
// as it spells it in its lists, and "/" there, which brings replies, and requests for that node alone. A request is a message
// with ask on 4/CHANNEL, or to one node on 6/NAME/CHANNEL or 6/NAME/, NAME as in the subscription. An envelope with ask has no
// re, and one without re has no fail. The sender of a request knows from the subscriptions at its message port, and from the
// hellos there, whom it asks: where nobody has subscribed, or NAME is no member, there is nobody to ask, and it need not wait. A
// reply is a message on 6/ASKER/, where ASKER is from of the request, whose re is the request's uid. Each node sends one reply at
// most, before ask is over, and does not say it until ASKER has subscribed to it. A request to itself alone that nobody there
// answers it answers with fail "nobody answers here"; one on 4/CHANNEL, too, if somebody answered there before, and else it drops
// that. Who asked drops and counts a reply to what it did not ask, from whom it did not ask or who is no member, and any but the
// first of a node. The publisher of a reply speaks for itself, as on 1.
//
// Where each node listens to a few of many, most have no link to who asks. For them a request or a reply is said as the body of a
// message on 2/hearsay/talk, its topic, envelope and body with LF between, which expires with ask. All subscribe to that, always.
// Every member answers one on 4/CHANNEL then, most with fail "nobody answers here", unless it knows of more than 256 members, or
// would say so more than 32 times a second, and who started after it was said with "was started again since it was asked". A
// reply goes on 6/ASKER/ where ASKER has subscribed to that. Else requests and replies have ttl 0 and no number: they are neither
// relayed nor repaired, as who asks may ask again. Nobody who has not subscribed is sent them; a naive node never is.
//
// # Naive nodes
//
// The protocol is compatible with programs that know only lists and plain messages. Such a naive node
//
//   - binds the same two ports, subscribes to "0" and "1", and connects to both ports of every name it knows, its
//     own included;
//   - publishes ["1", "PING! from host NAME"] and then ["0", list] every 2.5 s, and nothing else;
//   - has in its list itself, its arguments, and every name it ever read, in that order;
//   - on "0" splits at commas, adds each new name and connects to tcp://NAME:20000 and tcp://NAME:30000. If libzmq
//     refuses the endpoint (a space, a control character, "*", a slash, "_" or "-" at the start), the node dies;
//   - warns on any other topic, and ignores every frame after the second.
//
// It never removes a name, never says hello, never checks anything, and never resolves a name but through libzmq.
// So its lists prove nothing, a mesh finds it only by a list or by the address it connects from, and what it is
// sent on "0" MUST hold nothing but valid names without a port. No such name makes libzmq's connect fail.
//
// # Garbage
//
// Whatever breaks a rule here is dropped and counted, by rule; it is not answered, not passed on, and changes
// nothing. It costs the receiver time in proportion to its size and no lasting memory.
//
//	wrong                                           what is dropped
//	an entry of a list                              that entry
//	the first entry of a list, or its size          the whole message
//	a header or an envelope, in any field           the whole message
//	fewer than two frames, or more than 8           the whole message
//	records, by size, or their header; a way, a name the telling; that record, that name
//	a topic that is not in the table                the message, without a look at the rest
//	a subscription hello/ with no valid name        that subscription
//	a beat or a hello of another mesh               all of it
//	a channel that was not asked for                the message
//	a relayed message or an answer not asked for    the message
//	a question that is none                         that subscription
//	a request or a reply that is none, or not asked the message
//
// Errors and logs show input quoted and cut; it may hold terminal control sequences. Bytes that break ZMTP itself
// end the connection.
//
// # Limits
//
//	host 253, label 63, list 65536, names in a list 1024, header 1024, envelope 1024, body 1 MiB,
//	channel 128, uid 64, type 128, ask 3600000, fail 96, ttl 32, last 320, mesh 32, way 15, frames 8, port 55535
//
// They are the constants of this package. Nobody writes what exceeds them.
//
// # Versions
//
// A change that old nodes can ignore (a new key, a new topic) keeps v. One that they cannot raises it, and keeps
// the keys here with their types and meaning, so that a node of version 1 still reads what it knows.
//
// # Golden vectors
//
// The directory testdata holds inputs with what they mean, as JSON, for names, lists, headers, envelopes, hellos,
// topics, relayed messages, questions and messages to one node; its README.md describes the form. An implementation that
// agrees with all of them reads this wire.
//
// # A minimal node
//
// In Python, with pyzmq. It is complete in what it sends: others treat it as a member in full. It takes no care to
// re-dial, to resolve again, to bound what others send, or to know which node speaks other than by the first name; a
// node to rely on does.
//
//	import json, os, re, sys, time, zmq
//
//	me, bind, seeds = os.environ["HOSTNAME"], os.environ.get("BIND", "*"), sys.argv[1:]
//	lists, messages, sub = (zmq.Context.instance().socket(t) for t in (zmq.XPUB, zmq.PUB, zmq.SUB))
//	lists.setsockopt(zmq.XPUB_VERBOSE, 1)  # hand up every subscription, not only the first to a topic
//	lists.bind(f"tcp://{bind}:20000")
//	messages.bind(f"tcp://{bind}:30000")
//	for topic in ("0", "1", "hello/" + me):
//	    sub.subscribe(topic)
//	header = {"v": 1, "inc": int(time.time() * 1000), "seq": 0, "beat": 1000, "list": 1, "strict": True, "complete": True}
//	dialled, heard = {me}, {}  # heard: name -> when
//
//	def dial(name):  # a name is a hint where to listen; the pattern allows less than the grammar does
//	    label = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
//	    if re.fullmatch(rf"(?!_)(?=.{{1,253}}\Z){label}(\.{label})*", name) and name not in dialled and len(dialled) < 1024:
//	        dialled.add(name)
//	        sub.connect(f"tcp://{name}:20000")
//	        sub.connect(f"tcp://{name}:30000")
//
//	def beat():  # always the whole list, to everybody
//	    header["seq"] += 1
//	    lists.send_multipart([b"0", ",".join([me, *heard]).encode(), json.dumps(header).encode()])
//
//	def hear(name, there):  # only its own beats make a name heard
//	    if name in dialled and name != me:
//	        if there != (name in heard):
//	            header["list"] += 1
//	            print("+" if there else "-", name, flush=True)
//	        heard[name] = time.monotonic()
//	        if not there:
//	            del heard[name]
//
//	def leaving(frames):
//	    try:
//	        return len(frames) > 2 and json.loads(frames[2]).get("leaving") is True
//	    except (ValueError, AttributeError, RecursionError):
//	        return False
//
//	for seed in seeds:
//	    dial(seed)
//	due = 0
//	while True:
//	    if time.monotonic() >= due:
//	        due = time.monotonic() + 1
//	        for name in [n for n, at in heard.items() if time.monotonic() - at > 3]:
//	            hear(name, False)
//	        beat()
//	        messages.send_multipart([b"1", f"PING! from host {me}".encode()])
//	    for socket in zmq.select([lists, sub], [], [], max(0, due - time.monotonic()))[0]:
//	        frames = socket.recv_multipart()
//	        if socket is lists and frames[0] == b"\x010":  # a subscription to "0"
//	            beat()
//	        elif socket is lists and frames[0].startswith(b"\x01hello/"):
//	            dial(frames[0][7:].decode("latin-1"))
//	        elif socket is sub and frames[0] == b"0" and len(frames) > 1 and len(frames[1]) <= 65536:
//	            names = frames[1].decode("latin-1").split(",")[:1024]
//	            for name in names:
//	                dial(name)
//	            hear(names[0], not leaving(frames))
package topics
