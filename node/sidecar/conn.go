package sidecar

import (
	"net"
	"time"

	"hearsay/node/link/zmtp"
)

const (
	shakeTime = 3 * time.Second // for greeting and READY
	readStep  = 64 << 10        // bytes that are read at once
)

// conn is a connection to a program.
type conn struct {
	net.Conn
	unread []byte
}

// shake exchanges greetings, and finds out what the other side is.
func (c *conn) shake(own string, peers ...string) error {
	if err := c.SetDeadline(time.Now().Add(shakeTime)); err != nil {
		return err
	}
	h := zmtp.NewHandshake(zmtp.Null, zmtp.Params{Side: zmtp.Server, SocketType: own, MaxMessage: maxControl}, peers...)
	if _, err := c.Write(h.Opening()); err != nil {
		return err
	}
	for {
		p, err := h.Advance(c.unread)
		if err != nil {
			return err
		}
		c.unread = c.unread[p.Used:]
		if len(p.Reply) > 0 {
			if _, err := c.Write(p.Reply); err != nil {
				return err
			}
		}
		switch {
		case p.Done:
			return c.SetDeadline(time.Time{})
		case p.Used == 0:
			if err := c.fill(); err != nil {
				return err
			}
		}
	}
}

// fill reads more. Memory is taken as bytes come, not as they are announced.
func (c *conn) fill() error {
	if cap(c.unread)-len(c.unread) < readStep {
		grown := make([]byte, len(c.unread), max(2*len(c.unread), 2*readStep))
		copy(grown, c.unread)
		c.unread = grown
	}
	n, err := c.Read(c.unread[len(c.unread):min(cap(c.unread), len(c.unread)+readStep)])
	c.unread = c.unread[:len(c.unread)+n]
	if n > 0 {
		return nil
	}
	return err
}

// next returns the next message or command whole. It is good until the next call.
func (c *conn) next(limits zmtp.Limits) (item []byte, command bool, err error) {
	for {
		n, _, command, err := limits.Item(c.unread)
		if err != nil {
			return nil, false, err
		}
		if n > 0 {
			item, c.unread = c.unread[:n:n], c.unread[n:]
			return item, command, nil
		}
		if err := c.fill(); err != nil {
			return nil, false, err
		}
	}
}
