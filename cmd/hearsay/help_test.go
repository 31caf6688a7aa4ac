package main

import (
	"regexp"
	"strings"
	"testing"
)

// Help says one default of a flag.
func TestHelpSaysOneDefault(t *testing.T) {
	t.Parallel()
	for _, command := range newApp().Commands {
		for line := range strings.Lines(must(t, command.Name, "--help")) {
			if len(regexp.MustCompile(`\(default: |the default\)`).FindAllString(line, -1)) > 1 {
				t.Errorf("%s: %s", command.Name, line)
			}
		}
	}
}

// A variable means one thing: where commands share one, its flag has one name.
func TestVariablesMeanOneThing(t *testing.T) {
	t.Parallel()
	of := map[string]string{seedsVariable: "SEED of node"}
	for _, command := range newApp().Commands {
		for _, f := range command.Flags {
			d, is := f.(interface{ GetEnvVars() []string })
			if !is {
				continue
			}
			for _, variable := range d.GetEnvVars() {
				if other, is := of[variable]; is && other != f.Names()[0] {
					t.Errorf("%s is --%s of %s, and %s", variable, f.Names()[0], command.Name, other)
				}
				of[variable] = f.Names()[0]
			}
		}
	}
}
