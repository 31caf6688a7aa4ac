package main

import "github.com/urfave/cli/v2"

// shares is how --inbox-bytes is divided among those for whom messages wait in a node that runs as a program.
type shares struct {
	node    int // between the mesh and this program
	printer int // standard output
	readers int // all clients of /v1/messages together
	tap     int // all readers of --tap together; 0 without it
}

const (
	defaultInbox  = 64 << 20
	defaultOutbox = 128 << 20
	minInbox      = 1 << 20 // in each share, what a moment's messages take
	maxInbox      = 1 << 30
)

// sharesOf divides what the command line says.
func sharesOf(c *cli.Context) shares { return divideInbox(c.Int("inbox-bytes"), c.String("tap") != "") }

// divideInbox gives half to clients over HTTP, who may be many, and of that half to those of the tap.
func divideInbox(all int, tap bool) shares {
	s := shares{node: all / 4, printer: all / 4, readers: all / 2}
	if tap {
		s.readers /= 2
		s.tap = s.readers
	}
	return s
}
