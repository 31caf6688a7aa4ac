package main

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"reflect"
	"slices"

	"github.com/urfave/cli/v2"

	"hearsay/node"
	"hearsay/node/files"
)

// At SIGHUP a node that was started with --config reads that file again. What it can change while it runs is changed:
// commands of --on, tags, and the level of the log. What the command line or the environment says stays, and of
// anything else the log says that it takes a restart. A file that is wrong changes nothing.

// live are the flags that a file may change while the node runs.
var live = []string{"on", "tag", "log-level"}

// configFile is what --config said.
type configFile struct {
	path    string
	command *cli.Command
	said    map[any]any
	over    map[string]bool // flags that the command line or the environment says
}

// configKey is where an App keeps the file for its command.
const configKey = "config"

// noteConfig keeps what a file said, before flags take it.
func noteConfig(c *cli.Context, path string, said map[any]any) {
	f := &configFile{path: path, command: c.Command, said: said, over: make(map[string]bool)}
	for _, flag := range c.Command.Flags {
		f.over[flag.Names()[0]] = c.IsSet(flag.Names()[0])
	}
	c.App.Metadata[configKey] = f
}

// configOf is the file of a command, nil if it has none.
func configOf(c *cli.Context) *configFile {
	f, _ := c.App.Metadata[configKey].(*configFile)
	return f
}

// running is what a file may change.
type running struct {
	node    *node.Node
	handled *handlers
	level   *slog.LevelVar
	log     *slog.Logger
}

// reload reads the file again, and does what it says.
func (f *configFile) reload(r running) {
	if f == nil {
		return
	}
	said, err := parseConfig(f.path, f.command, files.Read)
	if err == nil {
		err = f.apply(said, r)
	}
	if err != nil {
		r.log.Warn("configuration not read again, nothing is changed", "why", err)
		return
	}
	changed := f.changed(said)
	waiting := slices.DeleteFunc(slices.Clone(changed), func(name string) bool { return slices.Contains(live, name) })
	r.log.Info("configuration read again", "path", f.path, "changed", changed)
	if len(waiting) > 0 {
		r.log.Warn("what has changed takes a restart", "path", f.path, "flags", waiting)
	}
	for _, name := range live {
		f.said[name] = said[name]
	}
}

// changed are the keys that differ from what the node goes by, and are not said elsewhere.
func (f *configFile) changed(said map[any]any) (out []string) {
	both := maps.Clone(f.said)
	maps.Copy(both, said)
	for key := range both {
		if name, _ := key.(string); !f.over[name] && !reflect.DeepEqual(f.said[key], said[key]) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// apply checks all of it first.
func (f *configFile) apply(said map[any]any, r running) error {
	on, err := parseHandlers(textsOf(said["on"]))
	if err != nil {
		return err
	}
	tags, err := parseTags(textsOf(said["tag"]))
	if err != nil {
		return err
	}
	level := slog.LevelInfo
	if text, ok := said["log-level"]; ok {
		if level, err = parseLevel(fmt.Sprint(text)); err != nil {
			return err
		}
	}
	if !f.over["on"] {
		r.handled.replace(on)
	}
	if !f.over["log-level"] {
		r.level.Set(level)
	}
	if f.over["tag"] || reflect.DeepEqual(f.said["tag"], said["tag"]) { // 'hearsay tags' may have set others since
		return nil
	}
	if err := r.node.SetTags(tags); !errors.Is(err, node.ErrClosed) {
		return err
	}
	return nil
}
