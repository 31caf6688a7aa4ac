//go:build !unix

package main

import "os/exec"

// shell runs a command line.
var shell = []string{"cmd", "/c"}

// ownGroup does nothing where there are no process groups.
func ownGroup(*exec.Cmd) {}

// endGroup does nothing there, either.
func endGroup(*exec.Cmd) {}
