package main

import (
	"bytes"
	"os"
	"strconv"
	"syscall"
)

// sweeps bounds how often those are looked for that were started while others were killed.
const sweeps = 8

// endEscaped kills what a command has left outside its group, as setsid does: the processes with its mark in their
// environment. first is its own number: those of what it started are among the ones that were given since.
func endEscaped(mark string, first int) {
	for range sweeps {
		killed := false
		for _, pid := range startedSince(first, lastPid()) {
			if pid != os.Getpid() && hasMark(pid, mark) {
				killed = syscall.Kill(pid, syscall.SIGKILL) == nil || killed
			}
		}
		if !killed {
			return
		}
	}
}

// hasMark reports whether a process has it. One that has ended has none.
func hasMark(pid int, mark string) bool {
	env, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/environ")
	return err == nil && bytes.Contains(append([]byte{0}, env...), []byte("\x00"+mark+"\x00"))
}

// startedSince are the processes whose numbers were given since that of one, where last is the newest: mostly these are few.
// Where they may be many, or numbers began anew since, which may leave last on either side of first, they are all there are.
func startedSince(first, last int) (pids []int) {
	const few = 64
	if last >= first && last-first < few {
		for pid := first; pid <= last; pid++ {
			pids = append(pids, pid)
		}
		return pids
	}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// lastPid is the number that was given to a process last; 0 if that is not known.
func lastPid() int {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0
	}
	fields := bytes.Fields(text)
	if len(fields) < 5 {
		return 0
	}
	n, _ := strconv.Atoi(string(fields[4]))
	return n
}
