// Package mesh decides who is a member of a gossip mesh.
//
// A Machine is one node's view. It is pure: Step takes an event and the time at which it happened, and returns what
// to do about it. It has no goroutine, clock, socket, log or global state, and the same events always give the same
// effects. The runtime (package node) turns I/O into events and effects into I/O; the simulator (package mesh/sim)
// does the same with thousands of machines on a virtual network.
//
//	link up, link down, dial failed     ┐             ┌ Dial, HangUp
//	beat, other sign of life            ├─► Step ───► ┤ Publish, Show
//	listener up, hello, listener down   │  (now, ev)  └ Emit(Change)
//	Tick, when Deadline has passed      ┘
//
// # What it never does
//
// It never believes what one node says of another. A name in a list, a hello, an address: each is a hint where to
// listen, never evidence. Only beats over a link that this node dialled itself, and that start with the name that
// was dialled, make a peer alive; only this node's own silence makes it suspect; and nothing but alive peers is
// ever listed. So a phantom travels one hop and a dead name none. The lists of others can do one thing: spare a
// silent peer, when enough of them hear it, or shorten the wait for its eviction, when they have lost it too.
//
// It never bans. Whoever was evicted is probed for as long as it is known, and is alive again after as many beats
// as its past asks for: one, if it was steady.
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
//	        a third of the     │   │    budget left               good past
//	        voters list it     ▼   │ they list it no more
//	                          detached ──► alive
//	                                 any sign of life
//
//	any state ──► left ──► alive or probation
//	     it says      own beat of a newer
//	     goodbye      incarnation
//
// Only alive peers are listed. Alive, suspect and detached ones are members: their messages are read.
//
// The file transitions.go is this picture as a table; fire.go applies it; rules.go has every number with its
// reason.
//
// # How a newcomer is found
//
// It dials its seeds, hears their lists, and dials whom they list. Each link of its own subscribes to hello/NAME at
// the other end, so that each node it listens to dials it back. Whoever hears it lists it, and that makes the
// others dial it. A naive newcomer says no hello: the address that its connection came from is dialled instead. All
// of this takes round trips, not intervals: a ring of 128 machines is whole after 60 ms where a round trip takes 2.
//
// A link speaks for the name that was dialled. If something answers under another name N, then N is dialled itself.
// The same endpoint or the same incarnation shows that both are one process, and the dialled name becomes an alias.
// If N leads nowhere, its address is adopted from a seed, or from a listener that is N or said no name, and from
// nobody else. One endpoint is at most one member. A link that leads to this node itself is hung up and remembered.
//
// # How a peer is lost
//
// A link that breaks is dialled again at once. If that is refused, or the name resolves no more, the peer is off
// the list within milliseconds. If nothing is heard at all, rounds count: a round is one own beat, judged after
// everything that had arrived was taken in, so that an observer which stalls for an hour charges each peer one
// missed beat. Three make a suspect. A suspect is dialled again while its old link stays open, and the first of the
// two that speaks is kept.
//
// Eviction waits for M(C) missed beats, 18 with no confirmation and 6 with three (evictLimit), and for the budget,
// which is what this node hears itself: who hears nobody evicts nobody. Each eviction costs one point of a penalty
// that halves every HalfLife; an eviction among many costs half a point at most.
//
// All observers of a peer that is gone probe it in turn, together about once a beat at first, each of them once in
// five minutes in the end. Whoever reaches it lists it, and that makes the others dial at once; so does its hello.
// A peer with a bad past has to wait a while before either is believed (hold).
//
// # What was learned
//
// The following was decided by runs of this package's tests and differs from the first design of the rules.
//
//   - A penalty up to 1.25 has no consequence (forgiven). With probation of 4^P beats, a steady peer frozen for 10
//     s, or down for 20 s, was kept waiting for four beats after its return, three seconds too long; with
//     4^(P-1.25) it is alive everywhere some 30 ms after it speaks. A peer that is up and down for 30 s each is
//     admitted three times and then no more, and is alive everywhere 47 s after it starts to stay.
//   - The damping is meant for crash loops, and is harsh: of the time that it is up, a peer that is down for 30 s
//     after each 60 s is used 0 %, after 120 s 31 %, after 300 s 96 %.
//   - A node that hears a peer drop it from its list says hello again on a new link. Without this, a node frozen
//     for 10 s came back only when somebody's probe met it, more than a second later.
//   - Hanging up a silent link before another one speaks loses what the network still holds. The old link stays
//     open until a new one speaks.
//   - A token bucket on names learned need not slow an honest join, when names that turn out to be peers are paid
//     back: then it counts names that never were anybody. A publisher of ever new phantoms gets 6 of them dialled a
//     minute after the first 192.
//   - A second dial must be allowed beside one that hangs, when there is a sign of life: the first one may not send
//     its next SYN for seconds.
//   - A seed that said goodbye is looked for all the same: it may be started again without knowing anybody.
//   - A discovery link can be dead while messages arrive. It is dialled again after six beats without a list.
//   - Probing in turns costs an observer 45 to 70 dials in the first hour of a dead name (32 and 4 nodes), and 12
//     an hour from then on.
//   - Links for messages must wait until nobody new came for a moment: dialled as members were met, they were half
//     of all dials before 128 nodes that start together on two cores heard each other. So must lists to all: see
//     listGap.
//   - A machine that is short of time must send fewer lists. 250 nodes in one process suspected each other faster
//     than they could read the lists that said so: "hearsay ring --nodes 250 --once" was not whole after 50 s on two
//     cores in two runs of five. With a gap that grows with how late Ticks come, it is after 6 to 17 s. How long
//     dials take is no measure of it: a distant peer's take long on an idle machine.
//
// # Limits
//
// Identity is a claim: who can answer at the address that a name leads to is that name. Names without an address of
// their own are reached through a seed's or a hello's address by those who have one, and by nobody else: addresses
// are not gossiped. While a naive peer is alive, names with a port are left out of the list, since they would kill
// it; then the list is not complete, does not confirm evictions, and says so. A naive listener that is connected
// before it is heard gets one list with them. Evictions are local: two nodes may differ for as long as probation
// lasts. A third of the voters that lie can hold a dead peer as detached: not listed, not read, one table entry. A
// peer that beats and does nothing else is alive.
//
// A pulse costs some 150 ns and a whole list of 128 names 3 µs, without garbage, so 128 machines in one process use
// three thousandths of a core in the steady state.
package mesh
