//go:build unix

package main

import (
	"os/exec"
	"syscall"
)

// shell runs a command line.
var shell = []string{"/bin/sh", "-c"}

// ownGroup gives a command a group of its own, which is killed when its time is over.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}

// endGroup kills what a command that has ended has left in its group. There is mostly nothing.
func endGroup(cmd *exec.Cmd) {
	if cmd.Process != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	}
}
