package main

import (
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"hearsay/mesh"
	"hearsay/mesh/sim"
)

// valuesOf are what the flags take whose values are known beforehand.
var valuesOf = map[string]func(c *cli.Context) []string{
	"state":      func(*cli.Context) []string { return stateNames() },
	"scenario":   func(*cli.Context) []string { return append(sim.Names(), "all") },
	"log-level":  func(*cli.Context) []string { return []string{"debug", "info", "warn", "error"} },
	"log-format": func(*cli.Context) []string { return []string{"text", "json"} },
	"channel":    channels,
	"to":         peerNames,

	"body-format":         bodyFormats,
	"multicast-interface": func(*cli.Context) []string { return interfaceNames() },
}

// bodyFormats are those in which bodies are printed, or read.
func bodyFormats(c *cli.Context) []string {
	if c.Command.Name == "pub" {
		return []string{"base64", "raw"}
	}
	return []string{"text", "base64", "json", "raw"}
}

// interfaceNames are those of this machine.
func interfaceNames() (out []string) {
	all, _ := net.Interfaces()
	for _, i := range all {
		out = append(out, i.Name)
	}
	return out
}

// stateNames are those of a peer.
func stateNames() (out []string) {
	for s := mesh.Candidate; s <= mesh.Left; s++ {
		out = append(out, s.String())
	}
	return out
}

// completeValues offers the values of the flag before the cursor, where that takes some, and else what otherwise does.
func completeValues(args []string, otherwise cli.BashCompleteFunc) cli.BashCompleteFunc {
	return func(c *cli.Context) {
		name, offers := "", func(*cli.Context) []string { return nil }
		if len(args) > 2 && strings.HasPrefix(args[len(args)-2], "--") {
			name = strings.TrimLeft(args[len(args)-2], "-")
			offers = valuesOf[name]
		}
		if offers == nil || name == "" || !takes(c.Command, name) {
			otherwise(c)
			return
		}
		for _, value := range offers(c) {
			fmt.Fprintln(c.App.Writer, value)
		}
	}
}

// takes reports whether a command has a flag of this name.
func takes(command *cli.Command, name string) bool {
	return command != nil && slices.ContainsFunc(command.Flags, func(f cli.Flag) bool { return slices.Contains(f.Names(), name) })
}
