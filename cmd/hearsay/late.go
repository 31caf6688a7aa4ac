package main

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// lateGap is the time between two lines about messages that were not printed: a reader that is too slow loses a few before each
// message that it gets.
const lateGap = time.Second

// late says how many messages were not printed as this reader was too slow: the first at once, and then once a second at most
// what came meanwhile.
type late struct {
	w     io.Writer
	after func(time.Duration, func()) // time.AfterFunc, other than in tests

	mu     sync.Mutex
	count  uint64 // that were not told yet
	hushed bool   // a line was written less than lateGap ago
	ended  bool
}

func newLate(w io.Writer) *late {
	return &late{w: w, after: func(d time.Duration, f func()) { time.AfterFunc(d, f) }}
}

// add counts messages that were not printed.
func (l *late) add(n uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.count += n; !l.hushed {
		l.tell()
	}
}

// tell writes what was not told, if there is something, and is called again later. l.mu is held.
func (l *late) tell() {
	if l.hushed = l.count > 0; !l.hushed {
		return
	}
	l.write()
	l.after(lateGap, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if !l.ended {
			l.tell()
		}
	})
}

func (l *late) write() {
	fmt.Fprintf(l.w, "hearsay: not printed: %s: this reader was too slow\n", count(int(l.count), "message"))
	l.count = 0
}

// close writes what was not told. Nothing is written after it.
func (l *late) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended = true; l.count > 0 {
		l.write()
	}
}
