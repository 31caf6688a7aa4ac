package link

import (
	"time"

	"hearsay/node/files"
	"hearsay/node/keys"
	"hearsay/node/link/zmtp"
	"hearsay/topics"
)

// MostSubscribers is how many connections a port takes where there are file descriptors enough.
const MostSubscribers = 2048

// Config says where a link listens and what it tolerates. Zero fields take their defaults.
type Config struct {
	Bind          string      // literal address to listen on and to dial from; empty: all
	DiscoveryPort int         // 0: any free one
	MessagePort   int         // 0: any free one
	Hello         topics.Name // said to every publisher; empty: nothing is said
	Mesh          string      // label of the mesh: who does not say it is sent nothing, and who says another one neither
	Subscribe     []string    // topics subscribed to on message publishers at first

	// Admit is asked about messages that have come, before they are passed on, from any goroutine. What it admits is passed
	// on for sure, unless the link is closed. It may not wait. Once it has held something up, Resume is called when there
	// is room. nil: everything is admitted.
	Admit func(bytes, messages int) Verdict

	// Messages is told what happens to dialled message connections, before and in place of Events, and reports whether these
	// are to have it too, without the run. One goroutine reads a connection and tells of it, in order; it may be held up.
	// nil: everything comes as events.
	Messages func(Event) (tell bool)

	// Echo is given what is published on the message port, as it goes over the wire, in its order. It may not wait, and
	// nobody may write to the run: it is being sent. nil: nobody hears it.
	Echo func(run Run, messages int)

	// Answer gives what a question at the message port asks for, about so many bytes of it, in runs whose messages have the
	// question's topic as their first frame. It may wait for memory that others use, and for nothing else. nil: nobody is
	// answered.
	Answer func(q topics.Question, topic string, most int, give func(Run))

	Mechanism zmtp.Mechanism // of every connection over the network; nil: NULL
	Keys      *keys.Ring     // of a locked mesh: CURVE with these in place of Mechanism; nil: none. SetKeys changes them
	OverTCP   bool           // dial publishers of this process over TCP too; false: through memory

	MaxMessage       int           // bytes of one message, all frames together: 1 MiB of body and some for the rest
	MaxFrames        int           // of one message: 8
	HandshakeTimeout time.Duration // for greeting and READY: 3 s; a round trip is needed
	StallTimeout     time.Duration // one that takes nothing for so long is hung up: 30 s, so that 50 kB/s are enough
	OutboxBytes      int           // waiting for all subscribers: 128 MiB; for one: see What is lost
	UnfinishedBytes  int           // of messages that have come in part: 32 MiB, and a quarter of it of lists; or what two of the largest need
	MaxStrangers     int           // connections that have not subscribed yet, a port: 256
	MaxSubscribers   int           // connections, a port: MostSubscribers, or less where file descriptors are few
	MaxDials         int           // connections to others over the network, a port: as file descriptors allow (files.Divide)
	EventBuffer      int           // events waiting for the reader of Events: 128, of 64 KiB each (see Part)
}

func (c Config) withDefaults() Config {
	set := func(field *int, value int) {
		if *field == 0 {
			*field = value
		}
	}
	if c.Mechanism == nil {
		c.Mechanism = zmtp.Null
	}
	set(&c.MaxMessage, topics.MaxMessage+8<<10)
	set(&c.MaxFrames, topics.MaxFrames)
	set(&c.OutboxBytes, 128<<20)
	set(&c.UnfinishedBytes, 32<<20)
	share := files.Divide(files.Limit()).Port
	set(&c.MaxStrangers, min(256, max(1, share/2)))
	set(&c.MaxSubscribers, min(MostSubscribers, share))
	set(&c.MaxDials, share)
	set(&c.EventBuffer, 128)
	if c.HandshakeTimeout == 0 {
		c.HandshakeTimeout = 3 * time.Second
	}
	if c.StallTimeout == 0 {
		c.StallTimeout = 30 * time.Second
	}
	return c
}

func (c *Config) limits() zmtp.Limits { return zmtp.Limits{Message: c.MaxMessage, Frames: c.MaxFrames} }
