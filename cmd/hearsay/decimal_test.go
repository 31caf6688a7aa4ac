package main

import (
	"testing"

	"github.com/urfave/cli/v2"
)

// A number is its digits, wherever it is given: leading zeros are nothing. One in another base is none.
func TestNumbersAreDecimal(t *testing.T) {
	port, count := 0, uint64(0)
	read := func(t *testing.T, args ...string) error {
		t.Helper()
		port, count = 0, 0
		app := cli.NewApp()
		app.Commands = []*cli.Command{{
			Name: "x", Before: readConfig,
			Flags: decimals(fromFile([]cli.Flag{
				&cli.StringFlag{Name: "config"}, &cli.IntFlag{Name: "port", EnvVars: []string{"TEST_PORT"}, Value: 20000}, &cli.Uint64Flag{Name: "count"},
			})),
			Action: func(c *cli.Context) error {
				port, count = c.Value("port").(int), c.Value("count").(uint64)
				return nil
			},
			OnUsageError: func(_ *cli.Context, err error, _ bool) error { return err },
		}}
		app.ExitErrHandler = func(*cli.Context, error) {}
		return app.Run(append([]string{"hearsay", "x"}, args...))
	}
	for text, want := range map[string]int{"": 20000, "020": 20, "099": 99, "70": 70, "-5": -5, "0": 0, "0x50": -1, "0o17": -1, "0b1": -1, "1_000": -1, "1e3": -1} {
		for _, way := range []string{"flag", "variable", "file"} {
			t.Run(way+" "+text, func(t *testing.T) {
				var args []string
				switch {
				case way == "variable":
					t.Setenv("TEST_PORT", text)
				case text == "":
				case way == "flag":
					args = []string{"--port=" + text}
				default:
					args = []string{"--config", config(t, "port: "+text+"\n")}
				}
				if err := read(t, args...); (err != nil) != (want == -1) || err == nil && port != want {
					t.Errorf("%d, %v, not %d", port, err, want)
				}
			})
		}
	}
	for text, want := range map[string]uint64{"010": 10, "18446744073709551615": 1<<64 - 1} {
		if err := read(t, "--count", text); err != nil || count != want {
			t.Errorf("%s: %d, %v, not %d", text, count, err, want)
		}
	}
}
