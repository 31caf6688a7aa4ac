// Package node is a member of a mesh: the runtime of the membership machine, and the API for applications.
//
//	n, err := node.Start(ctx, node.Config{Hostname: "node_1", Seeds: []string{"node_2"}})
//	...
//	n.Publish([]byte("hello"))
//	for m := range n.Messages() { ... }
//
// A node binds a discovery PUB on port 20000 and a message PUB on port 30000, and keeps one SUB connected to
// every peer. What that means on the wire is said in package topics; how connections are kept harmless, in
// node/link; who is a member, in mesh. This package joins the three and decides nothing itself:
//
//	link.Events -> topics.Parse -> mesh.Step -> effects -> link.Dial, HangUp, Publish
//	link.Messages -> inbox -> decode -> judge -> Receive, Messages
//	                                           \-> rings, relays, questions
//
// One goroutine, the loop, takes in who is heard, and asks the machine. Messages pass it by: who reads a connection puts
// them into the inbox, and judges them where they are few (incoming.go, hear.go). When a round is due the loop first takes
// in everything that has arrived, so that a process that was stopped, or starved, does not blame its peers for it. A flood
// never ends: so it does this for a tenth of a beat, or half of one where a slow machine has not given each link its turn
// by then.
// Dials run in goroutines of their own, each with its look-up of the name under one deadline: a resolver or a host
// that does not answer holds up that one dial. The addresses of a name are tried in their order, the next one when the
// last has failed or taken 250 ms, eight at a time. So do the look-ups of the names in Config.Seeds, which go on for
// ever.
//
// The application is kept apart from the mesh. Messages wait for it in a queue that is bounded in bytes
// (Config.InboxBytes). When it is full, message connections are not read any more, until a quarter of it is free: what
// peers publish waits in their outboxes, bounded in bytes too (Config.OutboxBytes), and PublishWait waits for these. No
// beat waits behind any of it. Messages are decoded and judged before they wait (hear.go), so what is wrong with them
// is known whether the application reads or not. A node hears its own messages, in the memory from which they are sent;
// until the application has asked for messages, a MiB of these waits at the most.
//
// Channels are subscribed to when the node starts (Config.Channels) and while it runs (Subscribe, Unsubscribe), at
// every peer. What is published on a channel goes to no peer that has not subscribed to it. Who is asked to relay, and in a
// partial mesh everybody, subscribes to all of them, for others: its application gets those that it receives (carry.go).
//
// A member is heard, which does not say yet that messages flow: those have connections of their own, which come up to
// two seconds later in a mesh that starts. The event "linked" says that they flow both ways, and Member.Flowing is the
// same as a state: what is published after it reaches that member, for as long as both links last. WaitPeers waits for
// that. Whether a member reads is what its connection says of itself; of one that says no name, as older and naive
// nodes do not, it is guessed by its address, and never known where an address translator is between. A link over which
// nothing comes back for 20 s, though the kernel asks, carries nothing as far as anybody knows, and the member is told to be
// unlinked; it stays up for minutes, as TCP does, and what was sent over it arrives if it comes back (Linux).
//
// A member that this node does not hear, and that others do which it hears, is one too (mesh.Far, Member.Via): its messages
// come by relay. It has no links here, so what Flowing says of it is whether messages flow between this node and one of
// those. So it is at the other end of a link that goes one way, once that is sure. Alive has only those that are heard, and
// requests go to these alone, but in a partial mesh by relays to all others, too (fartalk.go).
//
// Messages are numbered, each topic by itself, and judged by the rules of package relay (judge.go): each is delivered
// once, in its sender's order. What was lost on the way, as an outbox was full or a connection ended, is asked for: at
// the sender first, then at members that hear it. Each node keeps what it published and heard in rings (rings.go),
// bounded in bytes and time (Config.RingBytes, RingTime); while a connection of a reader carries nothing, for six minutes.
// Messages behind a gap wait until it is filled, for ten seconds at most without progress. Where nothing waits behind it, it
// stays until TCP brings what is missing, or the sender says nothing of it any more, for six minutes at most; the log says that it is late. Then the gap is told:
// Message.Missed, an event, a line of the log, a counter. That time stands still while the inbox is full, and while the
// process is stopped. A newcomer gets no more of the past than what it asks for
// with Config.ReplayCount or ReplayTime, and what was said since the last beat before it came. Where messages of a
// member do not come, though others hear it, one of these is asked to relay them, and whoever is asked does.
//
// A message does not come where its subscriber's outbox is full, or where its connection ends first. The publisher counts
// both, see node/link. One that was published with PublishWait is not lost to a full outbox, or it is told to whom. An
// application that never asks for messages, or takes none for 10 s while its inbox is full, holds nobody up: its node
// drops what comes, and counts it. A network that carries nothing for a while loses none, also when the member was
// suspected or evicted meanwhile: they come late, and may come before it is a member again. What was published before
// Close arrives after the goodbye, at whoever reads: Close waits for 5 s in all, and no longer than a second in which
// nobody takes anything. What is left then is counted, logged, and told to whom it was meant for.
//
// A request has replies (Request, Ask, Answer). It goes to those who answer on a channel, or to one member, and to
// nobody else, unless it goes by relays; the publisher knows from their subscriptions who they are. So where nobody
// answers that is an error at once, and who did not answer in time is named. Replies are taken only from members that
// were asked, once of each. What waits is bounded in bytes, and who is turned away for it is told. Requests and replies
// come the way of messages, and wait behind them: an application that reads its messages too slowly waits longer for its
// replies. One that never reads messages need not.
//
// With Config.StateDir a node writes the names of its mesh to the file peers.json there, at most every 10 s and beside
// the loop: {"version": 1, "saved": TIME, "peers": [NAME, ...]}, members first, then the most recently heard. A later
// life tries them in that order, some at a time, until it hears somebody. A file that cannot be read is kept as
// peers.json.broken; a directory that cannot be used is told once for each reason.
//
// With Config.Keys a node is locked: package keys says how. It meets nobody who has none of the keys, in either
// direction. The files are looked at twice a second, beside the loop, and count when they have changed and stayed the same
// for a second; ReloadKeys reads them at once. Files that are not what they should be change nothing; each thing that is
// wrong is logged once, and they are read again at each look until they are well.
//
// With Config.Mesh a node has a label, and meets nobody of another one: neither lists nor messages pass between the two,
// whatever seeds, addresses and networks they share. Each tells once of those that it has met (Foreign). The label is said
// in the clear unless the node is locked, and keeps nobody out who wants in.
//
// With Config.Multicast a node says to the segments that it is on that it is there, and hears who says so too (package
// multicast): hints where to dial, which the loop takes when it comes to them, and otherwise drops and counts.
//
// Several nodes can live in one process: give each its own Bind address (127.0.0.0/8 has enough) or its own
// DiscoveryPort. A node whose discovery port is not 20000 carries it in its name. Naive nodes are not told of it and
// do not hear it; in a mesh with some, it needs a node on port 20000 to learn of the others.
package node
