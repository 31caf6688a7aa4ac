package multicast

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"
)

// shared lets several processes hear one port: Linux gives what was sent to a group to all of them.
func shared(_, _ string, c syscall.RawConn) (err error) {
	outer := c.Control(func(fd uintptr) {
		err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
	})
	return errors.Join(outer, err)
}

// isJoined reports whether a group had been joined before.
func isJoined(err error) bool { return errors.Is(err, unix.EADDRINUSE) }
