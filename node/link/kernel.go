package link

import (
	"net"
	"time"
)

// What is asked of the kernel for a connection. Left to itself it holds 4 MiB for a subscriber that does not read,
// and tries for 15 minutes to reach one that is gone.
const (
	// messageKernel is what it holds of messages in one direction: SO_SNDBUF here, SO_RCVBUF at the other end. Linux
	// counts its own overhead and so doubles it. A link across 100 ms carries some 2 MB/s with it.
	messageKernel = 256 << 10

	// listKernel is the same of lists, which have 16 KiB at most.
	listKernel = 64 << 10

	// smallKernel is for the other direction, in which subscriptions are said.
	smallKernel = 16 << 10

	// messageSilence is how long a message connection outlives a network that carries nothing, at both ends
	// (TCP_USER_TIMEOUT, and keep-alive): TCP sends again after as long as the silence has lasted, so that silences
	// up to half of it cost no message, and many longer ones.
	messageSilence = 5 * time.Minute

	// listSilence is the same of a listener. A list is worth nothing when the next has come, and who listens no more
	// should not count for long; the sixth retransmission comes after 12.6 s.
	listSilence = 20 * time.Second

	// deafSilence is the same at the other end. A node that hears nothing dials again anyway; the old connection may still
	// bring what the network held.
	deafSilence = time.Minute

	// keepAlive is between two probes of a connection that says nothing.
	keepAlive = 10 * time.Second
)

// terms are what is asked for one connection.
type terms struct {
	send, receive int           // bytes
	silence       time.Duration // until it counts as broken
}

// termsOf are those of a port's publisher, or of who dials it.
func termsOf(p Port, dials bool) terms {
	switch {
	case p == Message && dials:
		return terms{smallKernel, messageKernel, messageSilence}
	case p == Message:
		return terms{messageKernel, smallKernel, messageSilence}
	case dials:
		return terms{smallKernel, listKernel, deafSilence}
	}
	return terms{listKernel, smallKernel, listSilence}
}

// keepAlive is what the terms mean for connections on which nothing is under way.
func (t terms) keepAlive() net.KeepAliveConfig {
	return net.KeepAliveConfig{
		Enable: true, Idle: keepAlive, Interval: keepAlive, Count: int(t.silence/keepAlive) - 1,
	}
}

// view is what the kernel knows of a connection.
type view struct {
	acked  uint64        // bytes that the far end's kernel has taken
	held   int           // bytes that it has not taken yet
	heard  time.Duration // since anything came from it
	silent bool          // it does not answer to what was sent
	tries  int           // how often in a row that was sent again in vain
	probes int           // how often in a row it was asked in vain
	unread int           // bytes that have come and are not read yet
}
