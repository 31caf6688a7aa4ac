// Package relay is the rules about messages: what is delivered, in what order, what was missed and whom to ask for it,
// and who passes on for whom. It is pure, as package mesh is: no goroutine, clock, socket, log or global state.
//
//	message, direct, relayed or answered ┐            ┌ deliveries, in their origin's order
//	end of an answer                     ├─► Judge ──►┤ gaps that nobody could fill
//	numbers that a beat tells            │            └ Say: subscribe here to this, cancel that
//	Tick, with a View of the mesh        ┘
//	message published or heard ──► Ring ──► answers to the questions of others
//
// # What is delivered
//
// A numbered message is known by its stream (origin, incarnation, topic) and its number. A Judge delivers each number
// once, and in order: what comes after a gap is held while the gap is being repaired, and no longer. What it gives up
// is told exactly, as a Gap and as Missed of the next delivery. A stream begins with the first number that comes; that of
// an origin which is known to have started after this node (Born), or after a message of its life before came here, begins
// with 1.
//
// A stream that gives its place to another one goes on where it was, if it comes again within some minutes; a gap that is being
// repaired is told at once. One origin takes a part of the places at most, and relays together another part, of which each has an
// equal share where all want more. Of what a relay began, a stream gives its place last that misses something.
//
// A message without a number is delivered as it comes, over its origin's own connection. Where it is relayed, it is
// delivered once by the uid that its envelope has.
//
// # How a gap is repaired
//
// A gap shows where a number comes that is not the next, or where a beat tells of a higher one and nothing has come for
// tailGrace. The stream's repair asks the origin first, if messages come from it, then members that list it, in
// an order that differs from node to node and from origin to origin (rendezvous hashing). It goes on with the same one as
// long as answers bring something, and with the next one at the end of an answer that brought nothing, or when nothing
// at all has come from there for answerTime. Everybody is asked in two rounds, within Window; then the gap is given up.
//
// An origin that does not answer though its connection is up is starved: its packets are dropped on the way. From then
// on it is treated as one that is not heard, until a message comes from it. What it said last is not given up while that
// connection is up, for delayMost at most, unless something is held behind it: after a network carried nothing, beats come
// at once over a new connection, and TCP may wait for as long again until it brings the messages. Who calls has a new
// connection made where an origin is starved (Starved). What is missing is asked for over that, with as much time as at the
// beginning; and while the old one is up beside it (Open), what it may still bring is waited for, unless something waits
// behind that. So is what an origin has that is heard, and of which no connection is up. At the window nothing is given up
// that turned out to be missing after it began.
//
// # What one said last that is gone
//
// Of one that died, left, or started again, no beat tells what it said last, and of those that heard it each may have
// another part. A beat after it was heard last (lookGone), two members ask all others once for what follows the last number
// that they have: those with the lowest hash over the origin alone, so that all take the same two. A second later the
// others ask these two. Both happen twice, 3 s apart, as a member may have been frozen. At N members that are at most
// eight questions for each of them and each stream, beside those that bring something.
//
// # Who relays for whom
//
// Each node decides for itself, and asks for it by a subscription. It needs a relay for an origin that members
// list while it gets no messages from it, for settleBeats. Of these members it takes the one with the lowest hash, and
// keeps it while it can. When that one is gone the next is asked, and for what was missed in between: the ring of the
// new relay has it. So few copies travel, nobody has to agree with anybody, and where everybody hears everybody
// nothing is relayed. In a partial mesh nearly all are lacked for good: there a relay is asked a quarter of a beat after one
// comes, for some that come together; only where many do, as in a mesh that starts, after settleBeats.
//
// Where an origin's own connection ends, what follows its last message is asked for a little later: copies were not taken while that
// brought it, and it may say nothing more.
//
// What was said before this node came, where Config wants it (Replay), is asked of an origin when its messages begin
// to come over its own connection, and of the relay where it is asked for one of which nothing has come. What beats
// tell of such an origin meanwhile begins no stream. Of an origin that no list tells of, in a row or behind two bridges, it
// is asked once, when the first message comes, of the relay that brings it, unless it is known with which number it begins.
//
// In a partial mesh it is asked for without that, of the last lateBeats and 10 s at least, and of these too where Config wants less,
// unless this node has just come itself: an origin is a member there before a way of its messages is, and what it says meanwhile
// would be missed in silence. Whoever brings its first message is asked, be it the origin itself.
// A relay that has no more than that itself, as its own question is under way, answers nothing, and passes on what comes a
// moment later (lateWait).
//
// One that says nothing more has no first message. So in a partial mesh whoever is newly asked to relay is watched for watchTime
// (watch.go): it is asked which numbers it has, tells at once those of late (Recent), and is asked for what is missing
// here, as long as that lasts and within bounds of its own. What it has later it passes on. A neighbour is asked for what its first
// beat told of (lookMet). So what somebody has reaches all: each node has it told by those that it asks, or passed on by them.
//
// What a relay was relayed itself goes to those that ask for that, which are all that miss somebody: in a chain or
// behind a bridge there are nodes that no list tells of. It is a flood in that part of the mesh, stopped by numbers, uids
// and ttl. In a partial mesh it goes by three neighbours of each node (View.Partial), and each message comes to most by these
// alone: by one of them, as the others are spared. A bridge between two partial meshes that none of its neighbours draws brings
// what it lists, and no more.
//
// # Whose copies are spared
//
// That one of several ways of an origin which brings its messages first stays, in a partial mesh, and after three copies in a
// row another one is asked to leave that origin out (prune; spare.go). So there is a tree for each origin, of those ways that
// are quickest; nobody makes it, and nobody knows more of it than its own part. It is Plumtree (Leitão, Pereira and Rodrigues,
// "Epidemic Broadcast Trees", 2007), with two differences. What is told of messages that are not sent is no id of each of them: a member that
// is spared tells its newest numbers once or twice a beat (Newest), as everything is numbered anyway. And what is missing behind a gap is
// repaired as everywhere. All ways are open again (graft) when one may have lost something: a number that was told did not come
// for tailGrace, what is missing has to be asked for, the way that is left is gone, or no message came for a minute. Those that
// were spared are asked then for what they left out, each once, as they tell of it no more (owe). One that had what the way that
// was left did not bring is not spared for a minute (needs).
//
// What one that is spared has told stands in for the question after the last message that a relay is asked else. Numbers are told
// again 40 s later, as both a message and what tells of it may be lost. Of a stream that has not begun, of which one that is
// spared tells, that one is asked for what was said of late (begins). What has no number is brought by all ways: nobody could ask
// for it again.
//
// # Who is not admitted
//
// Where names are bound to keys, Admit says whose messages are wanted. Those of others are refused, over whatever way they
// come: nothing is held or asked for, nothing is told missing, and no relay is asked. One that is admitted again is heard
// from then on.
//
// # Who lies
//
// A relay can forge, as an open mesh has no signatures. It can do so for origins only that this node asked it for, and
// that this node does not get messages from: whatever the origin says itself is believed over all relays, also when
// a relay has used up its numbers (Conflicts). Streams, held bytes, uids and questions are bounded, each with its own
// bound, and Stats says of which it counts what does not fit. How often a member is asked is bounded, too (askLimit): else origins
// that are made up would have it hang up. Two thirds of that are kept for names that the View knows as members, and one for the sake
// of those that have not brought much: whoever makes up lives or topics of members leaves that to others.
package relay
