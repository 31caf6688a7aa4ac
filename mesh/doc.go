// Package mesh decides who is a member of a gossip mesh.
//
// A Machine is one node's view. It is pure: Step takes an event and the time at which it happened, and returns what
// to do about it. It has no goroutine, clock, socket, log or global state, and the same events always give the same
// effects. The runtime (package node) turns I/O into events and effects into I/O; the simulator (package mesh/sim)
// does the same with thousands of machines on a virtual network.
//
//	link up, link down, dial failed     ┐             ┌ Dial, HangUp, Lookup
//	beat, sign of life, name resolved   ├─► Step ───► ┤ Publish, Keep, Tell
//	listener up, hello, listener down   │  (now, ev)  └ Emit(Change)
//	Tick, when Deadline has passed      ┘
//
// # What it never does
//
// It never believes what one node says of another that it can hear itself. A name in a list, a hello, an address: each
// is a hint where to listen, never evidence. Only beats over a link that this node dialled itself, and that start with
// the name that was dialled, make a peer alive; only this node's own silence makes it suspect; and nothing but alive
// peers is ever listed. So in a list a phantom travels one hop and a dead name none. The lists of others can do one
// thing: spare a silent peer, when enough of them hear it, or shorten the wait for its eviction, when they have lost it
// too. Of those that this node cannot reach they are all there is to go by: see Far members.
//
// It never bans. An evicted peer is probed for as long as it is known, and is alive again after as many beats
// as its past asks for: one, if it was steady. Of the departed, twice as many are known as there are members, and 16
// at least; those who were known for long are known for longer (graves).
//
// # States
//
//	             own beat                enough beats
//	candidate ────────────────► alive ◄──────────────── probation
//	    │                       │   ▲                    │     ▲
//	    │ leads to a            │   │ any sign           │     │ own beat,
//	    │ known process         │   │ of life            │     │ bad past
//	    ▼              3 beats  │   │           3 beats  │     │
//	  alias            missed,  │   │           missed,  │     │
//	                   refused  ▼   │           refused  ▼     │
//	                          suspect ────────────────► quarantined ──► alive
//	                           │   ▲    M(C) missed,              own beat,
//	        a third of the     │   │    the others too            good past
//	        voters list it     ▼   │ they list it no more
//	                          detached ──► alive
//	                                 any sign of life
//
//	any state ──► left ──► alive or probation
//	     it says      own beat of a newer
//	     goodbye      incarnation
//
//	            members that are heard list it, and no dial reaches it
//	candidate ──────────────────────────────────────────────────────► far ──► alive
//	          ◄──────────────────────────────────────────────────────     own beat
//	                            none of them does any longer
//
//	alive, suspect ──► far: in a partial mesh, where a neighbour hears it and this node need not
//
// Only alive peers are listed. Alive, suspect and detached ones are members: their messages are read. The message link
// of one that is evicted stays until it breaks, since what was sent in the silence comes over it when the network is
// back; of one that said goodbye, or was replaced by a new process, it is read to its end (fate.go). One that brings nothing
// though its publisher was asked is replaced by another one, beside which it is read for as long as TCP takes.
//
// The file transitions.go is this picture as a table; fire.go applies it. What runs have taught, and where the rules
// therefore differ from their first design, is in docs/decisions.md.
//
// # Parts
//
// Step is the only door. An input goes down through the parts that it concerns, and what comes of it comes up once:
// they return verdicts, and know nothing of the Machine that carries these from one part to the next. Each number stands,
// with its reason, in the part whose rule it is.
//
//	origin, hint.go      who named a peer, and who answers for that; what a name costs its source (source.go)
//	calm                 of which peers no rule wants anything, so that at rest a pulse and a round cost little
//	far                  whom members that are heard vouch for, and this node cannot reach; tell.go is what lies further
//	reach                ways, dials and discovery links; the one place that decides to dial (decide); waits (backoff.go)
//	detector             what was heard, silence in rounds; the court that makes a trigger of it
//	lineage              which run of a process counts, and whether a beat was made or is said again
//	record               penalty, probation, hold
//	row, column          who lists whom (matrix.go); ballot counts their votes by address
//	says                 what a peer says of itself
//	feed                 its message link; fate.go says what becomes of that, unlinked.go tells where there is none
//	stale                whether its name leads elsewhere than it calls from
//	oneWay               whether only one of both hears the other
//	roster               what this node publishes, and when
//	view                 which peers get a link: everybody, or few of many; neighbours.go makes the others far
//	lookup, resolve.go   what configured names lead to; seeds.go tells of those that lead to nobody
//	listeners, readers   who listens to this node's lists, and to its messages (flow.go); mute.go judges what that shows
//	twins, own           other processes under a peer's name, and under this node's
//	room, graves, known  who gives way in a full table; the departed; names of an earlier life
//	clock                by how much the clocks of peers differ from this node's, and whose is off
//	nameless             what listeners that may be naive are told
//	foreigners           nodes of other meshes that were met
//	relays               what package relay asks of the mesh
//	rate, shares         token buckets; who gives way to whom where places are few
//
// A name is learned (hint), wanted (reach), dialled (dial.go), linked (link.go), heard (beat.go), judged (round.go).
//
// # How a newcomer is found
//
// It dials its seeds, hears their lists, and dials whom they list. Each link of its own subscribes to hello/NAME at
// the other end, so that each node it listens to dials it back. Each node that hears it lists it, and that makes the
// others dial it. A naive newcomer says no hello: the address that its connection came from is dialled instead. All
// of this takes round trips, not intervals: a ring of 128 machines is whole after 60 ms where a round trip takes 2.
//
// Of the names remembered from an earlier life perSource have a place, and a dozen are dialled at the same time. While
// nobody is heard, one that fails gives its place to the next, so that a living one is found behind any number of dead
// ones.
//
// A peer that is not there yet is dialled ever more rarely: a seed four times an hour in the end, if others are heard.
// A node that hears others of whom none lists it for 40 s (4 BackOff) is mute: behind NAT, or known by a name that leads
// nobody to it. It says so once (Mute, Audible), and does not repeat its hello to each of them every few minutes.
//
// A link speaks for the name that was dialled. If something answers under another name N, then N is dialled itself.
// The same endpoint or the same incarnation shows that both are one process, and the dialled name becomes an alias.
// If N leads nowhere, its address is adopted from a seed. If DNS gives N no address and never did, it is adopted from a
// listener too that is N or said no name: so nobody takes a name that DNS knows while its node is down. One endpoint is
// at most one member. A link that leads to this node itself is hung up, and that address is not dialled for ten
// minutes, or for one by a node that hears nobody.
//
// A seed's name may be a service's: of a headless service in Kubernetes, of replicas in a compose file. So every
// address in an answer is dialled of which it is not known that it leads to this node or to a peer that is heard, and
// what is said there says who it is. The name is asked for again for ever, at once when the peer that it led to is
// lost: more and more rarely while answers have nothing new, up to 5 s apart while nobody is heard and 30 s else, or 0.25 s
// for each such name where that is longer (lookupWait), so that two meshes which share a name become one. A name that is
// one node's own, heard under it at its one address, is asked for no more. An answer may have all addresses or some, or one at a time. The first dial of each gives its place
// up after a second, so that one which lives is soon found behind many that are silent; these are then dialled for as long
// as it takes, a few at a time.
//
// # Started again and again
//
// A process that ends each few seconds, and that something starts again, looks well in each of its lives. Its peers tell: four
// new incarnations in two minutes are told (Restarts; restarts.go), then once a minute at most, until two minutes pass without:
// that is told, too (Steady).
//
// # Two of one name
//
// Two processes may go by one name: machines with one hostname, or replicas that were given a name each should have.
// Where a hello in a member's name comes from an address at which the member is not heard, that address is dialled by a
// link of its own, which proves nothing but who is there. If both speak, with two incarnations, everybody decides alike:
// the older one is the member for as long as it speaks, the messages of the other are not read, and both addresses are
// told (Conflict) once a minute. Once the other's hello is withdrawn, it is dialled again at once, and where it is gone, that is
// told as well (Settled; rival.go). The second one finds out by itself: those who list it do not listen to it (Stats.Second).
// The first one is told by those who hear both, in their beats, and dials the other to see (hearTwin).
// Where the two hear nobody else, as one is the other's seed, each hears of the other by the answer to a dial: the seed is
// dialled anyway, and who says hello in a node's own name is, too, once a minute (namesake.go). Where a node's own name is
// its seed, the runtime looks where that leads while nobody is heard, and hints at the addresses; where it is an IP address,
// it is dialled (seat.go).
// How old a process is, it says itself. So a name that is an IP address is that of the process there, and a member that
// was heard for 20 beats does not give way to another that says it is older: parts of a mesh that met with a member of
// one name each may keep each its own, and tell of both. A newcomer that hears both at once believes the older one.
// A process that was started again elsewhere is let in once its former link breaks, or is silent for two rounds.
// While the member is silent and DNS leads to it alone, nobody is let in for it, or a hello would take a name from a node
// that is down. So the other process hears the mesh, calls itself ready, and is heard by nobody; of several peers that do not
// list it this shows it (Mute), of one it cannot be told from a newcomer. It is decided when the first one speaks again,
// or DNS has the other's address.
// Two processes that started in the same millisecond are taken for one with two addresses by others, and not by
// themselves: what answers a dial in this node's name, with its incarnation, is this node if it says hello here too. Two
// that dial each other at the same moment take each other for themselves all the same, until these aliases are looked at
// again.
//
// # Other meshes
//
// A mesh may have a label (Config.Mesh), which each beat and each hello says. Who says another one, or none where there is
// one, is a stranger (foreign.go): the link is hung up as if nobody were there, the hello is no hint, and all that is kept
// is who it was. It is told once (Foreign), and is the cause where a seed leads there. A node without a header has no
// label. So where a mesh has one, naive nodes are strangers, and the address of a listener without a name is not dialled.
//
// # Far members
//
// In several networks that a few nodes join, the bridges, nobody hears everybody. A name that was never heard here, that a
// dial does not reach, and that a member which is heard lists, is a far member two rounds later: alive for people and
// programs, by way of that member (Member.Via), and in no list of this node. Its messages come by relay. It is dialled now
// and then, all far ones together once a beat at most, and is an ordinary member on its first beat here.
//
// Own ears rule: one that was heard here once is judged by its silence, as ever, and nobody's word makes it far. A word
// counts while its speaker is alive here and lists the name, so it is off as soon as those who hear it say that they do
// no more, and with the bridge. Where names are bound to keys, only those of whom this node knows one are far (Admit).
// Where somebody answers at its address that it is not there, it takes the word of two hosts, and not that of one which
// both pass on: ways that all lead over one member are one member's word (cut.go), and in a partial mesh it takes three. What is
// dropped and said again is known for its dials in a partial mesh (vain.go). Who vouches fills an eighth of the
// table at the most, and all together half. What a liar makes up is shown as alive, by the liar's word alone; so a dead
// name may be to a node that never heard it, and to none that did.
//
// A list shows what lies behind one bridge. What lies behind more is told (tell.go, Tell, Told): of its own far members a
// node tells those that some member cannot know by anybody else, with the way to each. In one network, and in two with
// bridges between, nobody has anything to tell. A telling is its teller's word alone: via is who is heard and tells.
//
// # Partial meshes
//
// In a mesh of more than Config.FullMesh members (48, as package node sets it) a node listens to some twelve of them, its neighbours
// (view.go). It draws six by lots of its own, more while fewer than four list it, and takes those that drew it, up to twelve
// in all; who draws it beyond that hears it and is not heard. The others are far members, whom it need not dial first. So
// what a node does at rest does not grow with the mesh, and everything that is known of one comes by tellings.
//
// Where more names are met than hear each other, a mesh is taken for a partial one before they are members, for a few
// rounds: to dial all of them first is most of what a start takes. A name that need not be heard is a member by the first word.
//
// While such a mesh grows by leaps, its neighbours change, and what those told that were given up: that is no sign of a death
// (growth.go). Few tell then, no name is held, and none is lost for want of a word. A deploy of a few at a time is no leap.
//
// Each far one is dialled in turn all the same, all of them together once in ten beats at most, and hung up on once it has
// spoken: a phantom is disproved by whoever answers there, or by two hosts' word that is missing. One that falls silent here
// while a neighbour lists it is given up as a neighbour, and not accused. Until then, for two beats, what it said of others
// counts: hundreds of names hang on it, and on a machine that is short of time most suspects are heard again.
//
// What is told of a neighbour is seen over its link, and ends with that (words.go). Of far members it is told alone that a link
// goes one way, or that a name leads elsewhere, by the end that is listened to and dials in vain. The end that is not listed tells
// nothing: the other one may have as many neighbours as it takes.
//
// A telling is a path vector, and on paths that lead through each other the word about one that died goes round, each way
// longer than the last. So a name whose nearer ways are gone is told to nobody for a while (holdTime), unless somebody is
// nearer to it than this node was: such a one cannot have it from here. This is the feasibility condition of EIGRP (RFC
// 7868), and bounds what the death of a member takes to be known to a few hops of tellings and that while. A circle that takes
// longer than a hold would still pass a word round for ever: a way that is much longer than the usual one is none (wayGrows).
//
// Of what is told, a change is told alone (saying.go), and what others say is looked at where it has changed (far.dirty): so
// a death costs each node a few names, however many are known.
//
// What a far member publishes is relayed as ever: by one neighbour where it lists the origin, and else by
// three that each node draws: so a message comes to each some three times, and not once from each neighbour.
//
// # How a peer is lost
//
// A link that breaks is dialled again at once. If that is refused, or the name resolves no more, the peer is off
// the list within milliseconds. If nothing is heard at all, rounds count: a round is one own beat, judged after
// everything that had arrived was taken in, so that an observer which stalls for an hour charges each peer one
// missed beat. Three make a suspect. A suspect is dialled again while its old link stays open, and the first of the
// two that speaks is kept.
//
// Only what was made since the last time counts (made). What a publisher says again to whoever subscribes proves the
// link, and that a peer which was never heard is there. From one that was heard it is no sign of life, or a process of
// which only the part that answers connections is left would be suspected and heard again for ever.
//
// A peer stays detached while all who may list it doubt themselves: that is no sign that they have lost it. So it does
// while those do that list it and are few: whoever doubts itself may have lost others for no reason, and has not made
// this one up. Where they are lost to this node, too, one that was detached for long is evicted M(C) beats later and
// not at once: they may have stalled. So is one for which enough vouched by their last word, if they were heard since it
// was suspect here: who died with it was not, and who stalls before that has not vouched. It may be evicted though
// somebody hears it where that is less than a third of the voters, or one of two: a bridge between two parts of a mesh that do not hear each other is too few, and each part
// evicts the other as its budget allows, within minutes. So it is where the one that hears both says nothing that
// counts, as a naive node does.
//
// Eviction waits for M(C) missed beats, 18 with no confirmation and 6 with three (evictLimit). Where members that this
// node hears have taken the peer from their lists, or its address or DNS answers that nobody is there, and none still
// lists it, that is enough, however many are gone at once. Else there is a budget, which is what this node hears
// itself. A node that hears nobody evicts nobody, ever. Each eviction costs one point of a penalty that halves every
// HalfLife; an eviction among many costs half a point at most.
//
// All observers of a peer that is gone probe it in turn, together about once a beat at first, each of them once in
// five minutes in the end. An observer that reaches it lists it, and that makes the others dial at once; so does its
// hello. A peer with a bad past has to wait a while before either is believed (hold). A suspect is dialled ever more
// rarely too, and all such dials of one node together are rationed: two a beat, after a burst.
//
// A node is degraded when it hears less than half of those it ought to hear. A peer whose address answers that nobody
// is there, or that was silent for 18 beats while others are heard, is dead and not among them.
//
// # Who gives way
//
// Places in the table are shared by address, and by /24 or /64 network (package shares). Nobody has a fixed share:
// while there is room, one address may hold all of it. Once there is none, a newcomer gets a place from the address
// that holds most: a name that never was heard first, then a peer that is long gone, then a member. A name that is only
// in somebody's list takes a member's place once a beat at most. Dials on the word of strangers go by network, too: one
// from which few are under way is next. So whoever says hello from a thousand addresses that lead nowhere makes a
// newcomer from elsewhere wait for the end of one dial, 3.5 s at most, unless each address is in a network of its own.
// In a poll a host is one voter however many processes run there, unless the whole mesh lives on one host (ballot).
//
// # Words
//
//	alias        another name of a peer, or of this node
//	alive        heard, and listed
//	beat         a list or a pulse, of which each node publishes one a beat interval
//	budget       evictions that this node may decide by what it hears itself alone
//	candidate    named by somebody, never heard
//	bridge       a member in two networks, by whose word those of one are members in the other
//	calm         of a peer: no rule wants anything of it until something happens; others are restless
//	claim        a listener that says it is a peer, or comes from where that lives
//	class        what kind of dial waits; each has a bound of its own
//	condemned    the trigger of an eviction
//	confirm      to have taken a suspect from a complete list since it fell silent
//	far          a member that is not heard here, by the word of members that are
//	feed         the message link of a peer
//	foreign      of a mesh with another label, or of one without where this has one
//	hello        a listener says its name
//	hint         somebody names a peer: a reason to listen, no evidence
//	hold         for how long no sign of life is followed up after an eviction
//	incarnation  when a process started; tells two runs of it apart
//	lane         the dials that wait on the word of one source; lanes of a class take turns
//	list, pulse  a beat with all names, and one that says that the last list stands
//	listener     a connection to this node's lists; a reader is one to its messages
//	mute         heard by nobody, though it hears others
//	naive        without a header in its beats, or a hello on its connections
//	nameless     of a listener that said no name: it may be naive
//	quarantined  evicted, and probed now and then
//	refund       what a source gets back for a name that turned out to be a peer
//	round        one own beat, at whose end silence is judged
//	silent       of a link for messages: it is up, and nothing comes back over it
//	source       who answers for names that were never heard: a lister, an address, memory
//	strict       of a node that lists only whom it hears itself
//	telling      whom a peer tells of that others hear
//	trigger      what moves a peer from one state to another
//	vouch        to list a suspect still, or one that is not heard here
//	way          how a name may be reached: resolved, or at an endpoint
//
// # Limits
//
// Identity is a claim: who can answer at the address that a name leads to is that name. Names without an address of
// their own are reached through a seed's or a hello's address by those who have one, and by nobody else: addresses
// are not gossiped. Listeners that said no name may be naive: a node on the default port tells them no names with a
// port, which would kill them, and that its list is not complete; all others are told everything (plain). Evictions are
// local: two nodes may differ for as long as probation
// lasts. A third of the voters that lie can hold a dead peer as detached: not listed, not read, one table entry. A
// peer that beats and does nothing else is alive.
//
// A pulse at rest costs some 60 ns and a whole list of 128 names 3 µs, without garbage, so 128 machines in one process use
// a thousandth of a core in the steady state.
package mesh
