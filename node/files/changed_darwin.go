package files

import (
	"os"
	"syscall"
	"time"
)

// changed is when a file, its owner or its mode was changed last; zero where the system does not say.
func changed(info os.FileInfo) time.Time {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return time.Unix(s.Ctimespec.Unix())
	}
	return time.Time{}
}
