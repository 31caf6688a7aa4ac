package main

import (
	"strings"
	"testing"
	"time"
)

// A reader that loses a few messages before each one is told of them once a second, and of all of them.
func TestLateIsSaidOnceASecond(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	var due []func()
	l := newLate(&b)
	l.after = func(d time.Duration, f func()) {
		if d != lateGap {
			t.Errorf("again after %v", d)
		}
		due = append(due, f)
	}
	want := func(when string, lines ...string) {
		t.Helper()
		all := ""
		for _, n := range lines {
			all += "hearsay: not printed: " + n + ": this reader was too slow\n"
		}
		if b.String() != all {
			t.Errorf("%s: %q", when, b.String())
		}
		b.Reset()
	}
	pass := func() {
		f := due[0]
		due = due[1:]
		f()
	}
	l.add(1)
	want("the first", "1 message")
	for range 488 {
		l.add(4)
	}
	want("in the same second")
	pass()
	want("a second later", "1952 messages")
	pass()
	want("nothing came")
	if len(due) > 0 {
		t.Error("it waits though nothing came")
	}
	l.add(2)
	l.add(3)
	want("after a pause", "2 messages")
	l.close()
	want("at the end", "3 messages")
	l.add(0)
	pass()
	want("after the end")
}
