package main

import (
	"syscall"
	"time"
)

const prSetTimerslack = 29 // of linux/prctl.h

// sleep is as exact as the kernel can make it, as that of the program in C is. Go's own timers are up to a millisecond
// late, which would be the latency of most messages of a quick stream. It is that of scripts/bench/node, which is another module.
func sleep(d time.Duration) {
	_, _, _ = syscall.RawSyscall(syscall.SYS_PRCTL, prSetTimerslack, 1, 0) // of this thread, which may be another one each time
	t := syscall.NsecToTimespec(int64(d))
	_ = syscall.Nanosleep(&t, nil)
}
