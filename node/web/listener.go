package web

import (
	"net"
	"sync"
	"sync/atomic"
)

// limited is a listener that closes what it accepts while most connections are open: a crowd of clients may
// not take the file descriptors that the mesh needs.
type limited struct {
	net.Listener
	open    chan struct{} // one for each connection
	refused *atomic.Uint64
}

func limit(ln net.Listener, most int, refused *atomic.Uint64) net.Listener {
	return &limited{ln, make(chan struct{}, most), refused}
}

func (l *limited) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		select {
		case l.open <- struct{}{}:
			return &limitedConn{Conn: c, free: func() { <-l.open }}, nil
		default:
			l.refused.Add(1)
			c.Close()
		}
	}
}

// limitedConn is a connection that frees its place when it is closed.
type limitedConn struct {
	net.Conn
	once sync.Once
	free func()
}

func (c *limitedConn) Close() error {
	err := c.Conn.Close()
	c.once.Do(c.free)
	return err
}
