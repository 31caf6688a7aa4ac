package link

import "net"

// pipeEnd is one end of a connection inside the process.
type pipeEnd struct {
	net.Conn
	local, remote net.Addr
}

func (p pipeEnd) LocalAddr() net.Addr  { return p.local }
func (p pipeEnd) RemoteAddr() net.Addr { return p.remote }

func newPipe(from, to net.Addr) (here, there net.Conn) {
	a, b := net.Pipe()
	return pipeEnd{a, from, to}, pipeEnd{b, to, from}
}
