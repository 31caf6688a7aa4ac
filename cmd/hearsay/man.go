package main

import (
	"io"

	"github.com/urfave/cli/v2"
)

// manCommand prints the manual page, which packages install.
func manCommand() *cli.Command {
	return &cli.Command{
		Name:   "man",
		Usage:  "print the manual page: hearsay man | man -l -",
		Before: noArguments,
		Action: func(c *cli.Context) error {
			page, err := newApp().ToManWithSection(1)
			if err != nil {
				return err
			}
			_, err = io.WriteString(c.App.Writer, page)
			return err
		},
	}
}
