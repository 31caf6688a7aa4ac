// Package sim plays membership: many machines of package mesh, the very ones that nodes run, on a virtual network
// and a virtual clock. A run is one goroutine, draws everything from one seed and repeats bit for bit, so whatever
// went wrong once goes wrong again under the eyes of the person who mends it. Thirty minutes of 64 nodes take seconds.
//
//	Scenario --Plan--> hosts, seeds, timed faults   (data, drawn from the seed)
//	                        |
//	          queue of events in virtual time
//	           |                          |
//	network, links, dials      processes: inbox -> Machine.Step -> effects
//	                        |
//	     watch: what was really delivered, against what each machine makes of it
//	                        |
//	     Result: figures, violations, transitions taken, a hash of everything
//
// # The model
//
// A host has a name, addresses and power, and at most one process. A process is what package node is: it takes in
// everything that has arrived, then gives the machine one Tick when its Deadline has passed. A stalled process takes
// nothing and gets its whole backlog when it runs again. Its incarnation is its host's wall clock at its start.
//
// A link is a TCP connection with a socket at each end. Either end may be gone while the other believes in it:
//
//   - A process that ends on a living host closes its connections, and the others hear of it one latency later.
//     A power cut tells nobody. Keep-alive ends a subscriber's socket after 60 s of silence, or five minutes
//     where it waits for messages, or at its first probe when the host is up again and knows nothing of it.
//   - What is lost is sent again after 0.2, 0.6, 1.4 s and so on, and everything behind it waits. After a cut the
//     sender's next try may be as far away as the cut was long. Without acknowledgements (a one-way cut) one
//     message arrives and no other. After 20 s the sender of lists gives up, and after five minutes
//     that of messages.
//   - A dial looks the name up, sends a SYN at 0, 1 and 3 s and shakes hands with a process that runs, all within
//     3.5 s. A host without a process refuses at once; nobody at all, a firewall, or DNS that does not answer take
//     the whole time. Several addresses of a name share it, one after the other: package node tries the next one beside
//     one that is slow. DNS gives a name's addresses in one order, in any, or one at a time.
//   - A new listener is announced, says its name (naive ones do not) and gets the newest whole list, alone, and what is
//     told of others.
//
// Naive nodes connect to every name they hear of, for ever, and list them all. Liars are machines under test whose
// lists or headers are changed on the way out, or that publish far too often. A forger is a liar that signs with the
// names of others, or claims to be what it is not. Strangers (Listeners) only connect, from any addresses, and say no
// name, names of nobody or those of others.
//
// # Its limits
//
// Steps take no time, so a node is never slowed by its own work, only by a fault that says so. Bandwidth has no end;
// loss is independent from packet to packet. What outboxes and kernel buffers hold is bounded by messages, not bytes,
// and never fills in the scenarios here. A naive node re-dials once a second instead of ten times. Messages of
// applications are only a sign of life (Chat), but for scenarios with Talk (see below). One process owns one socket per
// port: running out of file descriptors is not played. Of S11 only the part that is the machine's is checked: no two
// message links lead to one process, but for those that are retired.
//
// # What is checked
//
// At every step, from what was really delivered:
//
//	S1   alive means heard within three own rounds           S8   names never heard and dials are bounded: under way,
//	S2   listed means alive; complete lists miss nobody           of one name, and of all where nothing happens
//	S3   in only on a beat over an own link, at that moment  S9   an older incarnation counts after three beats
//	S4   no accusation without own silence or broken link,   S10  a goodbye is undone by another incarnation only
//	     no eviction before what others confirm allows it    S11  no two message links to one process
//	S5   a stall costs each peer one missed beat at most     S12  messages are said to flow where both links are up
//	S6   evictions stay within the budget                    S13  the departed that are remembered are bounded
//	S7   penalties lie in 0 to 6, grow by own events only    S14  whole lists go out for changes, and once in a
//	     and halve every half-life                                Refresh
//	S15  nobody of another mesh is heard or listed
//	S16  far means that a member which is heard lists it, or tells of it; in a partial mesh, that one did within
//	     2 s and a Tick
//
// What a machine under test or a naive node says of its beat is true; what another one claims counts up to 30 beats.
//
// After the last fault: L1, the dead are on no list; L2, everybody who can be reached is alive within 505 s (the longest
// back-off and the longest probation), and two without a bad past once each could have been probed; L3, nobody is
// quarantined for ever; L5, the mesh is one; L6, whom nothing leads to but a chain of members is far. L4, how often a
// dead name is dialled, is a goal of the scenarios that run for an hour. In a partial mesh far members are as good as
// alive ones in L2 and L3. S0 is broken by a machine whose Deadline does not move on, so that it gets more than maxTicks
// in a second.
// No rule protects a forger.
//
// # Messages
//
// In scenarios in which nodes talk, each process has a courier: a relay.Judge, the rings, and what package node does
// around them. Messages have numbers, uids and a ttl, subscriptions and questions go up the links, outboxes drop what
// does not fit or what the scenario says, and forgers say whatever they like. A process that is stalled has room for
// stallMost messages of each link; what does not fit is gone.
//
//	M1  each message is delivered once at most, and those of one origin in its order
//	M2  of what is missing between two deliveries exactly as many are told
//	M3  to the last that an origin said all is delivered or told, at everybody that was there when it began to talk
//	M4  nothing is delivered as an origin's which that origin never said, while its own messages come
//	M5  nothing is delivered of an origin while its key is withdrawn
//
// What an origin said just before it died is no rule but a figure, "last words": where not everybody hears everybody, who
// has it may be out of reach.
//
// # Reading the outputs
//
// The table (Report.WriteTable) has a block for each scenario and a line for each figure: its goal, its median and its
// worst over all seeds. The worst is what is judged, unless the goal says mean. "never" means that it had not happened
// by the end. A line that says MISSED names the seed to play again. A violation prints the rule, the two nodes, the end
// of their trace and the command that repeats it. WriteJSON has the same for programs.
//
// The timeline (WriteTimeline) has a band for each node, coloured by what the others make of it: all pale green is
// a mesh in peace. Up to 16 nodes each observer has its own line in every band; in larger meshes a band shows shares.
// The thin line below a band is the truth: when the node was down, stalled or behind a broken network. Numbered
// marks are the faults, listed below the picture. WriteScale draws how figures grow with the mesh.
//
// A trace (Options.Trace) has a line for everything but beats and ticks: time, node, what it did or met, whom.
package sim
