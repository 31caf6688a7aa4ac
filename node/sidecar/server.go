package sidecar

import (
	"context"
	"net"
	"sync"
	"time"
)

// maxConns is how many programs one socket has at most. Those that come beyond are hung up.
const maxConns = 64

// server accepts connections until it is closed.
type server struct {
	ln     net.Listener
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu    sync.Mutex
	conns map[net.Conn]bool
}

func (s *server) serve(ln net.Listener, handle func(*conn)) {
	s.ln, s.conns = ln, make(map[net.Conn]bool)
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.wg.Go(func() {
		for s.ctx.Err() == nil {
			c, err := ln.Accept()
			if err != nil {
				select { // file descriptors may be short for a while
				case <-time.After(100 * time.Millisecond):
				case <-s.ctx.Done():
				}
				continue
			}
			if !s.enter(c) {
				c.Close()
				continue
			}
			s.wg.Go(func() {
				defer s.leave(c)
				handle(&conn{Conn: c})
			})
		}
	})
}

func (s *server) enter(c net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil || len(s.conns) >= maxConns {
		return false
	}
	s.conns[c] = true
	return true
}

func (s *server) leave(c net.Conn) {
	c.Close()
	s.mu.Lock()
	delete(s.conns, c)
	s.mu.Unlock()
}

// programs is how many are connected.
func (s *server) programs() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

// Close ends all connections, and returns when nothing is left.
func (s *server) Close() {
	s.cancel()
	s.ln.Close()
	s.mu.Lock()
	for c := range s.conns {
		c.Close()
	}
	s.mu.Unlock()
	s.wg.Wait()
}
