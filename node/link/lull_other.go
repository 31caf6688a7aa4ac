//go:build !linux

package link

import "syscall"

const lowWater = false

func setLowWater(syscall.RawConn, int) bool { return false }
