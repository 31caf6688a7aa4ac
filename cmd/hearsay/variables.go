package main

import (
	"cmp"
	"log/slog"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

const (
	variablePrefix = "HEARSAY_"
	seedsVariable  = variablePrefix + "SEEDS"
	nameVariable   = "HOSTNAME" // the system's own
)

// handlerVariables are what a command of --on, or of hearsay reply, is told: it may start a node.
var handlerVariables = []string{
	"HEARSAY_EVENT", "HEARSAY_NODE", "HEARSAY_PEER", "HEARSAY_FROM", "HEARSAY_TO", "HEARSAY_WHY", "HEARSAY_CHANNEL", "HEARSAY_UID", "HEARSAY_TYPE",
}

// seedsOf are those of a list with commas. Blanks beside these are no part of a name, and one at the end ends the list.
func seedsOf(list string) (seeds []string) {
	for _, seed := range strings.Split(list, ",") {
		if seed = strings.TrimSpace(seed); seed != "" {
			seeds = append(seeds, seed)
		}
	}
	return seeds
}

// warnOfVariables tells of variables that look like those of the node's flags, mistyped: nobody else would read them.
func warnOfVariables(c *cli.Context, log *slog.Logger) {
	read := []string{seedsVariable}
	for _, command := range c.App.Commands {
		for _, f := range command.Flags {
			if d, is := f.(cli.DocGenerationFlag); is {
				read = append(read, d.GetEnvVars()...)
			}
		}
	}
	for _, entry := range os.Environ() {
		name, value, _ := strings.Cut(entry, "=")
		if value == "" {
			continue
		}
		if meant := mistyped(name, read); meant != "" {
			log.Warn("variable not read", "variable", name, "hint", "did you mean "+meant+"?")
		}
	}
}

// mistyped returns the variable that is near another one which nobody reads, "" where none is. A variable of somebody
// else, such as those that Kubernetes makes of a service's name, is far from all.
func mistyped(name string, read []string) string {
	word, ours := strings.CutPrefix(name, variablePrefix)
	if !ours || word == "" || slices.Contains(read, name) || slices.Contains(handlerVariables, name) {
		return ""
	}
	if bare, names := strings.CutSuffix(name, "_FILE"); names && slices.Contains(read, bare) { // as images of others have them
		return bare
	}
	far := func(other string) int { return distance(word, strings.TrimPrefix(other, variablePrefix)) }
	best := slices.MinFunc(read, func(a, b string) int { return cmp.Compare(far(a), far(b)) })
	if far(best) > 1+(len(word)-1)/4 {
		return ""
	}
	return best
}
