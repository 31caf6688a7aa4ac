//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package main

import (
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// terminal is a terminal that gives each key as it is pressed.
type terminal struct {
	fd     int
	before *unix.Termios // nil: nothing was changed
}

// openTerminal makes keys come at once and unseen, if r is a terminal. Ctrl-C still interrupts.
func openTerminal(r io.Reader) *terminal {
	f, ok := r.(*os.File)
	if !ok {
		return &terminal{}
	}
	t := &terminal{fd: int(f.Fd())}
	before, err := unix.IoctlGetTermios(t.fd, getTermios)
	if err != nil {
		return t
	}
	raw := *before
	raw.Lflag &^= unix.ICANON | unix.ECHO
	raw.Cc[unix.VMIN], raw.Cc[unix.VTIME] = 1, 0
	if unix.IoctlSetTermios(t.fd, setTermios, &raw) == nil {
		t.before = before
	}
	return t
}

func (t *terminal) restore() {
	if t.before != nil {
		_ = unix.IoctlSetTermios(t.fd, setTermios, t.before)
	}
}

// terminalSize returns the columns and lines of a terminal, 80 by 24 if they are not known.
func terminalSize(w io.Writer) (width, height int) {
	if f, ok := w.(*os.File); ok {
		if size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ); err == nil && size.Col > 0 && size.Row > 0 {
			return int(size.Col), int(size.Row)
		}
	}
	return 80, 24
}
