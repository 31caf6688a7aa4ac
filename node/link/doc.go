// Package link makes ZeroMQ fit for a mesh: a node's two PUB sockets, its one SUB socket, and everything
// that github.com/go-zeromq/zmq4 v0.17.0 does not do by itself. It knows of connections and of messages;
// who is a member, and what a list means, is decided elsewhere.
//
// zmq4 as it is cannot carry a mesh: one malformed READY ends the process, one silent client stops the accept
// loop, one frozen subscriber silences all others, Dial cannot be aborted, and a peer cannot be dropped. All
// of that is cured from outside, through zmq4.RegisterTransport: zmq4 never meets the network, only
// connections of this package.
//
//		network -> gate -> guard -> postmark -> zmq4 SUB -> Events
//		Publish -> run -> zmq4 PUB -> outbox -> network
//
//	  - Gate (gate.go, conn.go). Each connection, in and out, exchanges greeting and READY in a goroutine of its
//	    own, under a deadline, and is judged by them. zmq4 is then played a greeting of our own making and told
//	    what the READY said (judged), so its accept loop and its Dial only meet connections that answer at once
//	    and that parse. That zmq4 neither writes nor reads a READY saves 4 of 10 bytes that a dial allocates
//	    (BenchmarkDialTCP).
//	  - Guard (inbox.go, dialled.go, subscriber.go, bucket.go). Frames are measured before zmq4 reads them: flags,
//	    sizes, frames of a message, subscriptions, commands. A breach ends that connection and is counted.
//	    Memory is taken as bytes come, not as they are announced.
//	  - Postmark (run.go). zmq4 gets one message of two frames for every run of messages that a connection has
//	    ready: the connection's ID, and the run as it came. So one SUB still tells who spoke, and zmq4's cost
//	    is paid once a run, not once a message. The beginning and the end of a connection go the same way: an
//	    empty run each, so that neither overtakes a message.
//	  - Outbox (outbox.go). A subscriber's bytes wait in a bounded buffer that is written in batches by a goroutine
//	    which lives only while there is something to write. What does not fit is lost to that subscriber
//	    alone, message by message, and counted; who takes nothing at all for the stall time is hung up.
//	  - Meter (meter.go). The first subscriber of each PUB is our own: it tells how much zmq4 has not written yet
//	    (zmq4's queue has no bound), serves the wires, and ends zmq4's writer goroutine, which nothing else does.
//	  - Subscriptions are said by this package, once per connection. zmq4 would say all of them again to every
//	    connection at each new one.
//	  - A subscriber to the lists gets the newest whole list at the moment it subscribes, alone: nobody waits for
//	    the next beat, and the others are not told what they know.
//	  - Wire (wire.go, exchange.go). A dial to an address that this process listens on joins two links through memory:
//	    no socket, no handshake, no goroutine, nothing for zmq4 to hold. What the PUB sends, its meter hands to
//	    the wires that want it; what comes over all wires, the SUB reads over one connection. So 128 nodes in one
//	    process, 32,512 connections, take 2.6 kB and some 20 µs each (BenchmarkMesh); as connections of zmq4's, with
//	    two goroutines each, they took 15 kB, and the scheduler let some nodes starve for seconds.
//	  - Lull (lull.go). While a publisher of lists sends nothing but pulses, a beat or so apart, they are read a few
//	    times a second, those of all publishers together; anything else is read at once. To be woken for each pulse
//	    costs a process several times what reading it does, since threads of the Go runtime start and stop for it.
//
// A connection that has not subscribed yet is a stranger, and the oldest stranger is closed when there are
// too many, or no file descriptors left. See Config for all limits and Stats for all counters.
package link
