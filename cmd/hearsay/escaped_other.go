//go:build !linux

package main

// endEscaped does nothing where nobody's environment can be read: what has left the group of its command goes on.
func endEscaped(string, int) {}
