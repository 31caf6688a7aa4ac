package sidecar

import "syscall"

// ownerOnly makes the file of a socket one that its owner alone may connect to, from its first moment: bind gives it the
// mode of the socket.
func ownerOnly(_, _ string, c syscall.RawConn) error {
	var failed error
	if err := c.Control(func(fd uintptr) { failed = syscall.Fchmod(int(fd), 0o600) }); err != nil {
		return err
	}
	return failed
}
