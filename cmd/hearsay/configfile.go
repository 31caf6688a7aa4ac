package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"strconv"

	"github.com/urfave/cli/v2"
	"github.com/urfave/cli/v2/altsrc"
)

// What the command line can say, a file can say too: YAML, a key for each flag. The command line goes before the
// environment, and the environment before the file. A path in it that is not absolute starts at its directory.

func configFlag() cli.Flag {
	return &cli.StringFlag{Name: "config", EnvVars: []string{"HEARSAY_CONFIG"}, Usage: "`FILE` in YAML with what the flags say, by their names, and seeds; flags and the environment go before it, paths in it start at its directory"}
}

// seedsFlag is how a file says SEEDs.
func seedsFlag() cli.Flag { return &cli.StringSliceFlag{Name: "seeds", Hidden: true} }

// fromFile lets flags take their values from the file of --config, too.
func fromFile(flags []cli.Flag) []cli.Flag {
	out := make([]cli.Flag, len(flags))
	for i, f := range flags {
		switch f := f.(type) {
		case *cli.StringFlag:
			out[i] = altsrc.NewStringFlag(f)
		case *cli.PathFlag: // one that is not absolute is beside the file, wherever the program was started
			out[i] = altsrc.NewPathFlag(f)
		case *cli.StringSliceFlag:
			out[i] = altsrc.NewStringSliceFlag(f)
		case *cli.IntFlag:
			out[i] = altsrc.NewIntFlag(f)
		case *cli.BoolFlag:
			out[i] = altsrc.NewBoolFlag(f)
		case *cli.DurationFlag:
			out[i] = altsrc.NewDurationFlag(f)
		default:
			out[i] = f
		}
	}
	return out
}

// readConfig gives the flags of a command what the file of --config says.
func readConfig(c *cli.Context) error {
	path := c.String("config")
	if path == "" {
		return nil
	}
	values, err := parseConfig(path, c.Command, func(path string, most int64) ([]byte, error) {
		return readFile(c.Context, path, most)
	})
	if c.Context.Err() != nil {
		return fmt.Errorf("--config %s: nothing had come of it when it was to end", path)
	}
	if err != nil {
		return usageError{err}
	}
	noteConfig(c, path, values)
	if on, ok := values["on"]; ok && !c.IsSet("on") { // its values have commas of their own
		for _, text := range textsOf(on) {
			if err := c.Set("on", text); err != nil {
				return err
			}
		}
	}
	apply := maps.Clone(values)
	delete(apply, "on")
	if n, ok := apply["replay"].(int); ok { // a count, or a time
		apply["replay"] = strconv.Itoa(n)
	}
	if err := altsrc.ApplyInputSourceValues(c, altsrc.NewMapInputSource(path, apply), c.Command.Flags); err != nil {
		return usagef("--config %.200s: %w", path, err)
	}
	return nil
}

// maxConfig bounds the file, in bytes.
const maxConfig = 1 << 20

// readFile returns what is in a file, which may be a pipe, as of a shell, where it is read once. It waits for one that
// nobody writes to until ctx ends.
func readFile(ctx context.Context, path string, most int64) ([]byte, error) {
	file := readUntil(ctx, func() (io.ReadCloser, error) { return os.Open(path) })
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, most+1))
	if err == nil && int64(len(text)) > most {
		err = fmt.Errorf("larger than %d bytes", most)
	}
	return text, err
}
