//go:build !linux && !darwin && !freebsd && !netbsd && !openbsd && !dragonfly

package main

import "io"

// terminal is left as it is on systems where nobody tried: q needs Enter after it.
type terminal struct{}

func openTerminal(io.Reader) *terminal { return &terminal{} }

func (*terminal) restore() {}

func terminalSize(io.Writer) (width, height int) { return 80, 24 }
