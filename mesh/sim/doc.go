// Package sim plays membership: many machines of package mesh, the very ones that nodes run, on a virtual network
// and a virtual clock. A run is one goroutine, draws everything from one seed and repeats bit for bit, so whatever
// went wrong once goes wrong again under the eyes of whoever mends it. Thirty minutes of 64 nodes take seconds.
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
//     A power cut tells nobody. Keep-alive ends a subscriber's socket after 60 s of silence (Go's 15 s, three
//     times), or at its first probe when the host is up again and knows nothing of it.
//   - What is lost is sent again after 0.2, 0.6, 1.4 s and so on, and everything behind it waits. After a cut the
//     sender's next try may be as far away as the cut was long. Without acknowledgements (a one-way cut) one
//     message arrives and no other. After 924 s the sender gives up.
//   - A dial looks the name up, sends a SYN at 0, 1 and 3 s and shakes hands with a process that runs, all within
//     3.5 s. A host without a process refuses at once; nobody at all, a firewall, or DNS that does not answer take
//     the whole time. Several addresses of a name share it, as in package node.
//   - A new listener is announced, says its name (naive ones do not) and gets the newest whole list, alone.
//
// Naive nodes connect to every name they hear of, for ever, and list them all. Liars are machines under test whose
// lists are changed on the way out. A forger is a liar that signs with the names of others.
//
// # Its limits
//
// Steps take no time, so a node is never slowed by its own work, only by a fault that says so. Bandwidth has no end;
// loss is independent from packet to packet. What outboxes and kernel buffers hold is bounded by messages, not bytes,
// and never fills in the scenarios here. A naive node re-dials once a second instead of ten times. Messages of
// applications are only a sign of life (Chat). One process owns one socket per port: running out of file descriptors
// is not played. Of S11 only the part that is the machine's is checked: no two message links lead to one process.
//
// # What is checked
//
// At every step, from what was really delivered:
//
//	S1   alive means heard within three own rounds           S7   penalties lie in 0 to 6 and grow by own events only
//	S2   listed means alive; complete lists miss nobody      S8   tables and dials under way are bounded
//	S3   in only on a beat over an own link, at that moment  S9   an older incarnation counts after three beats
//	S4   no accusation without own silence or broken link    S10  a goodbye is undone by another incarnation only
//	S5   a stall costs each peer one missed beat at most     S11  no two message links to one process
//	S6   evictions stay within the budget
//
// After the last fault: L1, the dead are on no list; L2, everybody who can be reached is alive within 505 s (the
// longest back-off and the longest probation); L3, nobody is quarantined for ever; L5, the mesh is one. L4, how often
// a dead name is dialled, is a goal of the scenarios that run for an hour. S0 says that a machine asks for Ticks
// without end. A forger is owed nothing.
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
