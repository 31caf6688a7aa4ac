package sidecar

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"hearsay/node/link/zmtp"
	"hearsay/topics"
)

// tellEvery is between two lines of the log about what was refused.
const tellEvery = time.Minute

// Inject is the socket at which programs publish.
type Inject struct {
	server
	most    int
	publish func(ctx context.Context, channel string, body []byte) error
	log     *slog.Logger
	taken   atomic.Uint64
	refused atomic.Uint64

	tell sync.Mutex
	told time.Time
	more int
}

// OpenInject publishes what comes to a listener: bodies of at most so many bytes. publish may wait for slow members, and
// is called from one goroutine for each program; "" is no channel.
func OpenInject(ln net.Listener, most int, log *slog.Logger, publish func(ctx context.Context, channel string, body []byte) error) *Inject {
	i := &Inject{most: most, publish: publish, log: log}
	i.serve(ln, i.handle)
	return i
}

// Taken and Refused are how many messages were published, and how many were not.
func (i *Inject) Taken() uint64   { return i.taken.Load() }
func (i *Inject) Refused() uint64 { return i.refused.Load() }

// Addr is where it listens.
func (i *Inject) Addr() string { return address(i.ln) }

// Programs is how many are connected.
func (i *Inject) Programs() int { return i.programs() }

func (i *Inject) handle(c *conn) {
	err := c.shake("PULL", "PUSH")
	limits := zmtp.Limits{Message: i.most + topics.MaxChannel, Frames: topics.MaxFrames}
	for err == nil {
		var item []byte
		var command bool
		if item, command, err = c.next(limits); err == nil && !command {
			i.take(item)
		}
	}
	var broken net.Error
	if i.ctx.Err() == nil && !errors.Is(err, io.EOF) && !errors.As(err, &broken) {
		i.refuse(err)
	}
}

// take publishes one message.
func (i *Inject) take(item []byte) {
	var frames [topics.MaxFrames][]byte
	run := zmtp.Run(item)
	parts := run.Next(frames[:0])
	if len(parts) != 2 {
		i.refuse(fmt.Errorf("%d frames: must be CHANNEL and BODY", len(parts)))
		return
	}
	if err := i.publish(i.ctx, string(parts[0]), parts[1]); err != nil {
		i.refuse(err)
		return
	}
	i.taken.Add(1)
}

// refuse counts what is not published, and tells it now and then.
func (i *Inject) refuse(why error) {
	i.refused.Add(1)
	i.tell.Lock()
	defer i.tell.Unlock()
	if i.more++; !i.told.IsZero() && time.Since(i.told) < tellEvery {
		return
	}
	i.log.Warn("injected message refused", "why", why, "count", i.more)
	i.told, i.more = time.Now(), 0
}
