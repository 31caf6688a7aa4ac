package link

import "syscall"

const lowWater = true

// setLowWater has the kernel wake nobody before there are so many bytes.
func setLowWater(c syscall.RawConn, bytes int) (ok bool) {
	err := c.Control(func(fd uintptr) {
		ok = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVLOWAT, bytes) == nil
	})
	return ok && err == nil
}
