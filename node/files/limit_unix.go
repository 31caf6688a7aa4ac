//go:build unix

package files

import (
	"os"
	"syscall"
)

// Limit returns how many file descriptors this process may have.
func Limit() int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 1024
	}
	return int(min(uint64(limit.Cur), 1<<20))
}

// OfRoot reports whether a file belongs to the superuser. Nobody else can have given it to a group.
func OfRoot(info os.FileInfo) bool {
	s, ok := info.Sys().(*syscall.Stat_t)
	return ok && s.Uid == 0
}
