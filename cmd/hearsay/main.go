// Command hearsay runs nodes of a gossip mesh over ZeroMQ PUB/SUB, and shows and steers nodes that run.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"

	"hearsay/node/plain"
)

// Exit statuses, the same for every command.
const (
	exitFailed      = 1 // it was tried, and did not work
	exitUsage       = 2 // the command line, a variable or the configuration file cannot be meant: nothing was tried
	exitUnreachable = 3 // no node answers at --addr
	exitTimeout     = 4 // what was waited for did not come in time
)

// statusError is an error with the exit status of its own.
type statusError struct {
	error
	status int
}

func (e statusError) Unwrap() error { return e.error }

// usageError is a command line that cannot be meant.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// exitStatus is what the program ends with.
func exitStatus(err error) int {
	var own statusError
	var usage usageError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &usage):
		return exitUsage
	case errors.As(err, &own):
		return own.status
	}
	return exitFailed
}

func main() {
	if isBehindArguments(os.Args) {
		os.Exit(0)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	app := newApp()
	err := app.RunContext(ctx, sortArguments(app, os.Args))
	stop()
	if err != nil {
		complain(err)
	}
	os.Exit(exitStatus(err))
}

// complain says what went wrong, unless nobody reads that for a second: a terminal may be stopped.
func complain(err error) {
	said := make(chan struct{})
	go func() {
		defer close(said)
		fmt.Fprintf(os.Stderr, "hearsay: %s\n", plain.Text(err.Error()))
	}()
	select {
	case <-said:
	case <-time.After(time.Second):
	}
}

func newApp() *cli.App {
	app := &cli.App{
		Name:      "hearsay",
		Usage:     "a gossip mesh over ZeroMQ PUB/SUB: nodes find, lose and re-admit each other without a server",
		UsageText: "hearsay COMMAND [flags] [arguments]",
		Description: "Try it: 'hearsay ring' runs a mesh of four nodes in one process.\n" +
			"For real: start 'hearsay node OTHER_HOST' on every machine, each given any one of the others.\n" +
			"Then 'hearsay members' on any of them shows who is in the mesh, and why.\n\n" +
			"The exit status is 0 after success, 1 when something did not work, such as a file that cannot be read,\n" +
			"2 when the command line, a variable or the configuration file is wrong, 3 when no node answers, and 4\n" +
			"when what was waited for did not come in time.",
		Commands: []*cli.Command{
			nodeCommand(), ringCommand(), simCommand(),
			membersCommand(), linksCommand(), monitorCommand(), topCommand(), waitCommand(), healthCommand(), doctorCommand(),
			pubCommand(), subCommand(), reqCommand(), replyCommand(), leaveCommand(), forgetCommand(), tagsCommand(), keygenCommand(),
			completionCommand(), manCommand(), versionCommand(),
		},
		HideVersion:          true, // the package's own flag has a short form, -v, and another format
		HideHelpCommand:      true,
		EnableBashCompletion: true,
		Flags:                []cli.Flag{&cli.BoolFlag{Name: "version", Usage: "print the version of this program", DisableDefaultText: true}},
		Before: func(c *cli.Context) error {
			if c.Bool("version") && c.Args().Present() {
				return usagef("--version stands alone, but was given %.40q", c.Args().First())
			}
			return nil
		},
		Action: func(c *cli.Context) error {
			if c.Bool("version") {
				return printVersion(c)
			}
			switch word := c.Args().First(); {
			case !c.Args().Present(), word == "help" && c.NArg() == 1:
				return cli.ShowAppHelp(c)
			case word == "help" && c.NArg() == 2 && c.App.Command(c.Args().Get(1)) != nil:
				return cli.ShowCommandHelp(c, c.Args().Get(1))
			case word == "help":
				return unknownCommand(c.App, c.Args().Get(1))
			default:
				return unknownCommand(c.App, word)
			}
		},
		ExitErrHandler: func(*cli.Context, error) {}, // main says it, on one line
	}
	onUsageError := func(c *cli.Context, err error, _ bool) error {
		where, flags := "hearsay", app.Flags
		if c.Command != nil && c.Command.Name != "" && c.Command.Name != "hearsay" {
			where, flags = where+" "+c.Command.Name, c.Command.Flags
		}
		return usagef("%s: '%s --help' lists the flags", flagError(flags, err.Error()), where)
	}
	app.OnUsageError = onUsageError
	for _, command := range app.Commands {
		if slices.ContainsFunc(command.Flags, func(f cli.Flag) bool { return slices.Contains(f.Names(), "addr") }) {
			command.Flags = append(command.Flags, secureFlags()...)
		}
		command.Flags = decimals(command.Flags)
		command.OnUsageError = onUsageError
		action := command.Action
		command.Action = func(c *cli.Context) error {
			if err := checkLocks(c); err != nil {
				return err
			}
			return fromOrigin(c, action(c))
		}
		command.HideHelpCommand = true
		otherwise := command.BashComplete
		if otherwise == nil {
			otherwise = func(c *cli.Context) {
				shown := cli.Command{Subcommands: command.Subcommands, Flags: command.VisibleFlags()}
				cli.DefaultCompleteWithFlags(&shown)(c)
			}
		}
		command.BashComplete = completeValues(os.Args, otherwise)
	}
	return app
}

func unknownCommand(app *cli.App, word string) error {
	var names []string
	for _, command := range app.Commands {
		names = append(names, command.Name)
	}
	return usagef("unknown command %.40q%s: 'hearsay --help' lists the commands", word, meant(word, names, ""))
}

// noArguments refuses arguments to a command that takes none.
func noArguments(c *cli.Context) error {
	if c.Args().Present() {
		hint := map[string]string{"sub": ": --channel names one", "wait": ": --members says how many", "members": ": --state and --tag choose some"}
		return usagef("%s takes no arguments, but was given %.40q%s", c.Command.Name, c.Args().First(), hint[c.Command.Name])
	}
	return nil
}
