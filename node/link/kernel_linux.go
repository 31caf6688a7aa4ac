package link

import (
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// setUp asks the kernel for it, before the socket is connected or listens: the window is agreed on then. What the
// kernel does not grant is done without.
func (t terms) setUp(_, _ string, c syscall.RawConn) error {
	return c.Control(func(fd uintptr) {
		_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_SNDBUF, t.send)
		_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, t.receive)
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(t.silence/time.Millisecond))
	})
}

// kernel is the kernel's side of a TCP connection.
type kernel struct{ raw syscall.RawConn }

// kernelOf returns nil for what is no TCP connection.
func kernelOf(c net.Conn) *kernel {
	t, ok := c.(*net.TCPConn)
	if !ok {
		return nil
	}
	raw, err := t.SyscallConn()
	if err != nil {
		return nil
	}
	return &kernel{raw}
}

// look fails where the connection is closed.
func (k *kernel) look() (v view, ok bool) {
	if k == nil {
		return v, false
	}
	err := k.raw.Control(func(fd uintptr) {
		held, err := unix.IoctlGetInt(int(fd), unix.SIOCOUTQ)
		if err != nil {
			return
		}
		unread, err := unix.IoctlGetInt(int(fd), unix.SIOCINQ)
		if err != nil {
			return
		}
		info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
		if err != nil {
			return
		}
		ok = true
		v = view{
			acked: info.Bytes_acked, held: held, unread: unread,
			heard: time.Duration(min(info.Last_ack_recv, info.Last_data_recv)) * time.Millisecond,
			// A window that is closed is answered for, probe by probe; a path that is cut is not.
			silent: info.Unacked > 0 && info.Retransmits > 0 || info.Probes > 1,
			tries:  int(info.Retransmits),
			probes: int(info.Probes),
		}
	})
	return v, ok && err == nil
}

// write gives the kernel as much as it takes at once, and returns how much that is.
func (k *kernel) write(b []byte) (n int) {
	_ = k.raw.Control(func(fd uintptr) { n, _ = unix.Write(int(fd), b) })
	return max(n, 0)
}

// probe sets how often the kernel asks a far end that says nothing whether it is there.
func (k *kernel) probe(every time.Duration) {
	_ = k.raw.Control(func(fd uintptr) {
		for _, option := range []int{unix.TCP_KEEPIDLE, unix.TCP_KEEPINTVL} {
			_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, option, int(every/time.Second))
		}
	})
}
