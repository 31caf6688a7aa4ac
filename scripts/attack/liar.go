package main

import (
	"context"
	"io"
	"net"
	"sync/atomic"
	"time"

	"hearsay/node/link/zmtp"
	"hearsay/topics"
)

// liar is somebody who says beats as a node does, and then messages as no node does.
type liar struct {
	addr  string
	born  int64 // Unix ms: its incarnation
	shape shape
	said  atomic.Int64
}

// open listens on both ports until ctx ends.
func (l *liar) open(ctx context.Context) error {
	for port, say := range map[string]func(context.Context, net.Conn){"20000": l.beats, "30000": l.messages} {
		ln, err := net.Listen("tcp", net.JoinHostPort(l.addr, port))
		if err != nil {
			return err
		}
		context.AfterFunc(ctx, func() { _ = ln.Close() })
		go func() {
			for c, err := ln.Accept(); err == nil; c, err = ln.Accept() {
				context.AfterFunc(ctx, func() { _ = c.Close() })
				go l.meet(ctx, c, say)
			}
		}()
	}
	return nil
}

// meet shakes hands as a publisher, and believes whatever the other says.
func (l *liar) meet(ctx context.Context, c net.Conn, say func(context.Context, net.Conn)) {
	defer func() { _ = c.Close() }()
	ready := append([]byte{byte(len(zmtp.TypeProperty))}, zmtp.TypeProperty...)
	ready = append(append(ready, 0, 0, 0, 3), "PUB"...)
	hello := zmtp.AppendCommand(zmtp.AppendGreeting(nil, zmtp.Null.Name()), "READY", ready)
	if _, err := c.Write(hello); err != nil {
		return
	}
	if _, err := io.CopyN(io.Discard, c, zmtp.GreetingSize+1); err != nil {
		return
	}
	go func() { _, _ = io.Copy(io.Discard, c) }()
	say(ctx, c)
}

func (l *liar) beats(ctx context.Context, c net.Conn) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for seq := uint64(1); ctx.Err() == nil; seq++ {
		h := topics.Header{Version: 1, Incarnation: l.born, Seq: seq, Beat: 1000, List: 1, Strict: true, Complete: true}
		beat := zmtp.AppendMessage(nil, []byte(topics.Discovery), []byte(l.addr), topics.AppendHeader(nil, h))
		if _, err := c.Write(beat); err != nil {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
}

// messages says what its shape makes, as fast as it goes.
func (l *liar) messages(ctx context.Context, c net.Conn) {
	select {
	case <-time.After(time.Second): // it is heard by now
	case <-ctx.Done():
	}
	make := l.shape.make(l)
	for out := make(nil); len(out) > 0 && ctx.Err() == nil; out = make(out[:0]) {
		n, err := c.Write(out)
		l.said.Add(int64(n))
		if err != nil {
			return
		}
	}
	<-ctx.Done()
}

// message appends a message of the liar's.
func (l *liar) message(out []byte, topic string, body []byte, e topics.Envelope) []byte {
	return zmtp.AppendMessage(out, []byte(topic), body, topics.AppendEnvelope(nil, e))
}
