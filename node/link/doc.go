// Package link makes ZeroMQ fit for a mesh: a node's two PUB sockets, its one SUB socket, and everything
// that github.com/go-zeromq/zmq4 v0.17.0 does not do by itself. It knows of connections and of messages;
// who is a member, and what a list means, is decided elsewhere.
//
// zmq4 as it is cannot carry a mesh: one malformed READY ends the process, one silent client stops the accept
// loop, one frozen subscriber silences all others, Dial cannot be aborted, and a peer cannot be dropped. All
// of that is cured from outside, through zmq4.RegisterTransport: zmq4 never meets the network, only
// connections of this package. The file zmq4.go has all that is there for zmq4's sake, and why.
//
//	network -> gate -> guard -> Events, Config.Messages
//	Publish -> run -> outbox -> network
//	            \-> Echo
//
// The parts, and what each is for:
//
//   - Gate (gate.go and the files that it names, conn.go). Each connection, in and out, exchanges greeting and READY in a
//     goroutine of its own, under a deadline, and is judged by them. zmq4 is then played a greeting of our own making and
//     told what the READY said (judged), so its accept loop and its Dial only meet connections that answer at once and
//     that parse.
//   - Codec (package zmtp). Greeting, handshake, frames and limits, without a socket. The mechanism (NULL, or
//     Config.Mechanism) makes what comes over the network plain before the guard measures it, and seals what the outbox
//     writes.
//   - Lock (locked.go, renew.go). With Config.Keys every connection over the network is CURVE, and a name is who holds
//     its key. SetKeys changes the keys while the link runs: subscribers that would not be let in any more are hung up,
//     and dialled connections that would be made with other keys are made anew, with no message lost or doubled, under
//     the ID that they had.
//   - Label (label.go). With Config.Mesh, and where a subscriber says another one, nothing that is published goes to it.
//   - Inquiries (inquiries.go, inquiryrow.go). A subscription to a question for messages that somebody missed is answered to
//     that connection alone (Config.Answer), by one goroutine, within bounds for each connection and for all. Until their
//     connection's turn comes questions wait: 16 MiB of them, beside the 32 that each connection may always have. One that there is
//     no room for is answered with nothing, unless much waits for who asked.
//   - Relays (relayed.go). Who has asked for messages that are relayed, and how a node asks one publisher for something
//     alone (Say). What a subscriber leaves out of them, and who has asked anew for the newest numbers (spared.go). Audience
//     (audience.go) is who has subscribed to a topic by now.
//   - Guard (inbox.go, dialled.go, subscriber.go, bucket.go, zmtp.Limits). Frames are measured before zmq4 reads them:
//     flags, sizes, frames of a message, subscriptions, commands. A breach ends that connection and is counted. Memory
//     is taken as bytes come, not as they are announced.
//   - Reader (dialled.go). The goroutine in which zmq4's SUB reads a connection stays within that one Read, reports what
//     comes, and gives zmq4 nothing but the end. Messages come in runs, all that a connection has ready: what they cost is
//     paid once a run. A run is copied, once: it may be kept for a minute, and is to hold no more than itself. The beginning
//     and the end of a connection are reported by the same goroutine, so neither overtakes a message. What comes over
//     connections for messages may go to Config.Messages in place of Events.
//   - Outbox (outbox.go, budget.go). A subscriber's bytes wait in a bounded buffer that is written in batches by a
//     goroutine which lives only while there is something to write, but for a message that comes alone: who publishes it gives
//     the kernel what that takes at once. What does not fit is lost to that subscriber alone,
//     message by message, and counted; a subscriber that takes nothing at all for the stall time is hung up. Who would
//     rather wait than have that happen asks first (full.go).
//   - Valve (valve.go). Messages are admitted before they are passed on (Config.Admit). What is not admitted stays
//     where it is, at last with its publisher. Lists pass it by: they have connections of their own.
//   - Delivery (deliver.go). What is published goes to the outboxes of those who subscribed to it by the gate alone. zmq4's
//     PUB accepts subscribers, has a goroutine read each, and lets them go; nothing is sent through it, since its one queue
//     has no bound, and makes 8 KiB of garbage for each message that finds it empty.
//   - Subscriptions are said by this package, once per connection, and each change of them (wanted.go). zmq4 would say
//     all of them again to every connection at each new one.
//   - A subscriber to the lists gets the newest whole list at the moment it subscribes, alone: nobody waits for the
//     next beat, and the others are not told what they know.
//   - What a node tells of whom others hear (Tell) goes to those who ask for it, and to who comes then, after the list.
//   - A beat has one text for listeners that said hello and may have another for those that did not (texts.go).
//   - Wire (wire.go, exchange.go). A dial to an address that this process listens on joins two links through memory,
//     unless Config.OverTCP: no socket, no handshake, no goroutine, and nothing of zmq4, whose goroutines read what comes from
//     the network. One goroutine of a link, the exchange, reads all its wires. What is published is not copied for them. So 128
//     nodes in one process, 32,512 connections, take 2.1 kB and some 10 µs each (BenchmarkMesh); as connections of zmq4's,
//     with two goroutines each, they took 15 kB, and the scheduler let some nodes starve for seconds.
//   - Lull (lull.go). While a publisher of lists sends nothing but pulses, a beat or so apart, they are read a few
//     times a second, those of all publishers together; anything else is read at once. To be woken for each pulse costs
//     a process several times what reading it does, since threads of the Go runtime start and stop for it.
//   - Kernel (kernel.go, stall.go, flush.go, ending.go). How much the kernel holds for a connection and how long it
//     tries to reach its other end is asked of it; so is what the other end has taken, before somebody is hung up for
//     taking nothing, and before the end. A listener whose machine has vanished without a word is one until 20 s after
//     the first beat that it does not answer: 21 s with a beat each second. Its message connection lasts five minutes.
//   - Silence (silence.go). Long before that it is said which of these carry nothing. What was sent is not acknowledged,
//     however often the kernel sends it again; where nothing is sent, the kernel's probes have no answer. Such a connection
//     is not hung up. A dialled one that was silent counts as silent until something that this end sends is acknowledged:
//     on a way that carries one direction only, something may come in all the time.
//   - Stuck ones (stuck.go). After an outage TCP tries a connection again as late as the outage was long. A PING shows it
//     (Ask, Stuck, Flows), and a connection that another one has replaced is read to its end (Retire).
//
// # What is lost
//
// A message reaches who has subscribed by the time that it is published, unless
//
//   - it does not fit the subscriber's outbox, which may hold as much as the other outboxes leave of
//     Config.OutboxBytes: half of it at most. An empty outbox takes one message of any size;
//   - the connection ends first. A subscriber that takes nothing for 30 s is hung up. A network that carries nothing
//     is TCP's to judge, which gives up after five minutes;
//   - the publisher is closed, and its subscriber takes nothing for a second, or not all within the grace time;
//   - a receiver that hears a goodbye is sent on for longer than 10 s, or more than 64 MiB.
//
// The publisher counts it: messages_dropped are those that did not fit, messages_unsent those that were in the outbox at the
// end of a message connection, and bytes_unacked what the kernel still held then. A node that connects again asks for these
// messages; a naive one does not. lists_dropped are lists that did not fit, or were in the outbox at the end: others follow.
// What the receiver's kernel had taken and its process did not read is known to nobody.
//
// All outboxes together hold OutboxBytes, 128 MiB, and one message each. What several subscribers wait for is held
// once. A subscriber that does not read takes half of that at most, another one half of what is left, and so on: some
// of it is always left to those that keep up. Each costs 0.6 MiB in the kernel besides.
//
// What has come of messages that have not ended takes UnfinishedBytes, 32 MiB, on all connections of the message port
// together, and a quarter of it beside on those for lists (unfinished.go). Room for a message is kept once its length is
// known. Where there is none its publisher is not read until there is, and those who do not go on with their messages, 50
// KiB a second, are hung up after two seconds: so liars in numbers cost time and no memory.
//
// A connection that is read is hung up less often than one that is not: a receiver that holds messages up for longer
// than the stall time loses what waits for it. It does well to drop them itself before.
//
// What one connection subscribes to beyond 64 KiB (64 bytes for each topic, and the topic) is ignored and counted:
// hung up, it would only connect again. One that says more than 10,000 subscriptions, cancellations and commands at
// once, and then more than 100 a second, is hung up.
//
// A connection is a stranger, whatever name it said, until it subscribes to something that the port carries, and again
// when it does not answer: a port that is nearly full sends a PING to all who can answer one, and whoever reads 1 KiB a
// second comes to it in time (questions.go). A stranger is closed when there are too many, or no file descriptors left;
// then the address that holds most gives way (places.go). See Config for all limits and Stats for all counters.
package link
