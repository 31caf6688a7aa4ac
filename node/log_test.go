package node

import (
	"io"
	"log/slog"
	"testing"

	"hearsay/node/nodetest"
)

// stopped is a log that takes nothing until it is opened, as a terminal does after Ctrl-S.
type stopped chan struct{}

func (s stopped) Write(p []byte) (int, error) {
	<-s
	return io.Discard.Write(p)
}

// A log that nobody reads holds up neither the mesh nor the end.
func TestStoppedLogHoldsUpNothing(t *testing.T) {
	log := make(stopped)
	defer close(log)
	addrs := nodetest.Addresses(t, 3)
	logger := slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	a := start(t, Config{Hostname: addrs[0], Bind: addrs[0], Logger: logger})
	b, c := startAt(t, addrs[1], addrs[0]), startAt(t, addrs[2], addrs[0])
	whole(t, a, b, c)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	whole(t, a, b)
	closed := make(chan error)
	go func() { closed <- a.Close() }()
	nodetest.Eventually(t, func() error {
		select {
		case err := <-closed:
			return err
		default:
			return io.ErrNoProgress
		}
	})
}
