//go:build !linux

package sidecar

import "syscall"

// ownerOnly does nothing where a socket has no mode before it has a file: others may connect in the moment until the mode
// is set.
func ownerOnly(_, _ string, _ syscall.RawConn) error { return nil }
