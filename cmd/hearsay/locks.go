package main

import (
	"fmt"
	"os"
	"slices"

	"github.com/urfave/cli/v2"
)

// locks are the flags that keep strangers out, and what there is without each. One that is given and empty, as by a script
// whose variable is not set, would leave a door open that somebody meant to be locked.
var locks = map[string]string{
	"mesh-key":        "leave it out for an open mesh",
	"key":             "leave it out, with --authorized-keys, for an open mesh",
	"authorized-keys": "leave it out, with --key, for an open mesh",
	"http-cert":       "leave it out, with --http-key, for plain HTTP",
	"http-key":        "leave it out, with --http-cert, for plain HTTP",
	"http-token":      "leave it out for HTTP without tokens",
	"token-file":      "leave it out to show no token",
	"ca":              "leave it out to believe the system's certificates",
}

// checkLocks refuses a lock that is given and empty, wherever that is.
func checkLocks(c *cli.Context) error {
	for _, flag := range c.Command.Flags {
		name := flag.Names()[0]
		if without, is := locks[name]; is && c.IsSet(name) && c.String(name) == "" {
			return usagef("%s: %s", emptyOrigin(c, flag), emptyLock(name, without))
		}
	}
	return nil
}

func emptyLock(name, without string) string {
	what := "file"
	if name == "authorized-keys" {
		what = "directory"
	}
	return fmt.Sprintf("is given, and empty: name a %s, or %s", what, without)
}

// emptyOrigin is where a flag was given that is empty: on the command line, or in a variable.
func emptyOrigin(c *cli.Context, flag cli.Flag) string {
	name := flag.Names()[0]
	given, _ := c.App.Metadata[givenKey].([]string)
	if d, is := flag.(cli.DocGenerationFlag); is && !slices.Contains(given, name) {
		for _, variable := range d.GetEnvVars() {
			if _, set := os.LookupEnv(variable); set {
				return variable
			}
		}
	}
	return "--" + name
}
