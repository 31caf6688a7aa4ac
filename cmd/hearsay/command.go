package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"time"
)

// command is a command line of the user's that is run for something that happened.
type command struct {
	line  string
	env   []string // beside that of this program
	input []byte
	limit time.Duration // and then it is killed, with all that it started
	stop  string        // what ends it before: the end of the context
}

// run runs it to its end, and kills what it leaves behind. An error of out is what it ends with.
func (m command) run(ctx context.Context, out, errs io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, m.limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, shell[0], append(slices.Clone(shell[1:]), m.line)...) //nolint:gosec // the user's own
	mark := "HEARSAY_RUN=" + rand.Text()
	cmd.Env = append(append(os.Environ(), m.env...), mark)
	cmd.Stdin = bytes.NewReader(m.input)
	cmd.WaitDelay = handlerOutput
	cmd.Stdout, cmd.Stderr = out, errs
	ownGroup(cmd)
	err := cmd.Run()
	endGroup(cmd)
	if cmd.Process != nil {
		endEscaped(mark, cmd.Process.Pid)
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("killed after %v", m.limit)
	case ctx.Err() != nil:
		return errors.New("killed, as " + m.stop)
	case errors.Is(err, exec.ErrWaitDelay):
		return errors.New("it ended, and what it had started was killed")
	}
	return err
}
