package main

import (
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/urfave/cli/v2"

	"hearsay/node/keys"
	"hearsay/topics"
)

func keygenCommand() *cli.Command {
	return &cli.Command{
		Name:  "keygen",
		Usage: "make a key pair to lock a mesh with",
		Description: "Writes NAME.key_secret, for --mesh-key or --key, and NAME.key, for --authorized-keys of others. The files\n" +
			"are those of czmq and pyzmq. Nothing is written over.\n\n" +
			"With --mesh-key all members share one pair: copy NAME.key_secret to each of them. With --key each node has\n" +
			"its own, and NAME is its name: copy NAME.key to all others.\n\n" +
			"A file may hold several pairs, one after the other. The first is spoken, and all are accepted. To change a\n" +
			"key, append the new one to the file of each node, then put it first in each, then remove the old one.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "name", Value: "mesh", Usage: "`NAME` of the files: with --key, the node's"},
			&cli.StringFlag{Name: "dir", Value: ".", Usage: "`DIR` to write them to"},
		},
		Before: noArguments,
		Action: func(c *cli.Context) error {
			name := c.String("name")
			if _, err := topics.ParseName(name); err != nil || strings.ContainsAny(name, "/\\") || strings.HasPrefix(name, ".") {
				return usagef("--name %.80q: must be the name of a node, and of a file", name)
			}
			public, err := keys.Generate(c.String("dir"), name)
			if err != nil {
				return fmt.Errorf("keygen: %w", err)
			}
			path := filepath.Join(c.String("dir"), name)
			_, err = fmt.Fprintf(c.App.Writer, "%s  keep it secret\n%s  public: %s\n", path+keys.SecretExt, path+keys.PublicExt, public)
			return err
		},
	}
}

// onHangUp calls f at each SIGHUP, until the function that it returns is called.
func onHangUp(f func()) (stop func()) {
	hups, done := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(hups, syscall.SIGHUP)
	go func() {
		for {
			select {
			case <-hups:
				f()
			case <-done:
				return
			}
		}
	}()
	return func() { signal.Stop(hups); close(done) }
}
