package main

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"hearsay/node"
	"hearsay/node/keys"
)

// What a flag says may come from the command line, the environment or a file. An error names the place where it can be
// mended.

// givenKey is where an App keeps the flags that stand on its command line.
const givenKey = "given"

// noteGiven keeps the name of such a flag.
func noteGiven(app *cli.App, name string) {
	if app.Metadata == nil {
		app.Metadata = make(map[string]any)
	}
	given, _ := app.Metadata[givenKey].([]string)
	app.Metadata[givenKey] = append(given, name)
}

// originOf is where the value of a flag comes from: --NAME, a variable, or a key of the file of --config.
func originOf(c *cli.Context, name string) string {
	flag := flagNamed(c.Command, name)
	given, _ := c.App.Metadata[givenKey].([]string)
	if flag == nil || slices.ContainsFunc(flag.Names(), func(n string) bool { return slices.Contains(given, n) }) {
		return "--" + name
	}
	if d, is := flag.(cli.DocGenerationFlag); is {
		for _, variable := range d.GetEnvVars() {
			if os.Getenv(variable) != "" {
				return variable
			}
		}
	}
	if f := configOf(c); f != nil && f.said[name] != nil {
		return fmt.Sprintf("--config %.200s: %s", f.path, name)
	}
	if name == "hostname" && os.Getenv(nameVariable) != "" {
		return nameVariable
	}
	return "--" + name
}

// seedsOrigin is where SEEDs come from.
func seedsOrigin(c *cli.Context) string {
	switch {
	case c.Args().Present():
		return "SEED"
	case len(seedsOf(os.Getenv(seedsVariable))) > 0:
		return seedsVariable
	}
	return originOf(c, "seeds")
}

// flagOf is what a field of node.Config, or of node.Keys, is called on the command line.
var flagOf = map[string]string{
	"Hostname": "hostname", "Bind": "bind", "Mesh": "mesh", "MulticastGroups": "multicast-group", "DiscoveryPort": "discovery-port", "MessagePort": "message-port",
	"Interval": "interval", "Beat": "beat", "FullMesh": "full-mesh", "Channels": "channel", "Keys.Mesh": "mesh-key", "Keys.Own": "key", "Keys.Authorized": "authorized-keys",
}

// asFlag turns an error about a field of node.Config into one about the flag that it came from.
func asFlag(c *cli.Context, err error) error {
	var field *node.FieldError
	if !errors.As(err, &field) {
		return err
	}
	name, _, _ := strings.Cut(field.Field, "[")
	named := *field
	text, _ := field.Value.(string)
	switch {
	case name != "Seeds":
		named.Field = "--" + flagOf[name]
	case strings.ContainsAny(text, ", \t"):
		named.Field, named.Want = seedsOrigin(c), "must be one name: several are arguments of their own, or joined by commas in "+seedsVariable
	default:
		named.Field = seedsOrigin(c)
	}
	return usageError{&named}
}

// ofKeys says which flag named keys that cannot be read.
func ofKeys(err error) error {
	var failed *keys.ReadError
	if !errors.As(err, &failed) {
		return err
	}
	return fmt.Errorf("--%s: %w", flagOf["Keys."+failed.Of], failed)
}

var aboutFlag = regexp.MustCompile(`^--([a-z-]+)(: | )`)

// fromOrigin names the place that a flag's value came from in an error that begins with the flag.
func fromOrigin(c *cli.Context, err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	m := aboutFlag.FindStringSubmatch(text)
	if m == nil || m[1] == "config" {
		return err
	}
	origin := originOf(c, m[1])
	if origin == "--"+m[1] {
		return err
	}
	return renamed{origin + strings.TrimPrefix(text, "--"+m[1]), err}
}

// renamed is an error in other words.
type renamed struct {
	text string
	error
}

func (r renamed) Error() string { return r.text }

func (r renamed) Unwrap() error { return r.error }
