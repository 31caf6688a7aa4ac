package node

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"hearsay/mesh"
	"hearsay/node/nodetest"
)

func TestTurnedAwayIsToldOnceItBegins(t *testing.T) {
	var away turnaway
	const s = mesh.Time(time.Second)
	for i, look := range []struct {
		away         uint64
		at           mesh.Time
		begins, stay bool
	}{
		{0, 1 * s, false, false},
		{1, 2 * s, true, true},
		{5, 4 * s, false, true},
		{5, 63 * s, false, true},
		{5, 64 * s, false, false},
		{6, 65 * s, true, true},
	} {
		if begins := away.look(look.away, look.at); begins != look.begins || away.since > 0 != look.stay {
			t.Errorf("%d: begins %t, goes on %t", i, begins, away.since > 0)
		}
	}
}

// A node that has no connection to spare says so, as those that it hangs up cannot know why.
func TestNewcomersThatAreTurnedAwayAreToldOf(t *testing.T) {
	t.Parallel()
	addrs := nodetest.Addresses(t, 4)
	said := make(chan string, 9)
	logger := slog.New(slog.NewTextHandler(first{"newcomers are turned away", said}, nil))
	a := start(t, Config{Hostname: addrs[0], Bind: addrs[0], Logger: logger, OverTCP: true, places: 1, files: 8})
	for _, addr := range addrs[1:] {
		start(t, Config{Hostname: addr, Bind: addr, Seeds: addrs[:1], OverTCP: true})
	}
	nodetest.Eventually(t, func() error {
		if len(said) == 0 {
			return errors.New("nothing said")
		}
		status, err := a.Status(t.Context())
		if err == nil && !strings.Contains(status.TurnedAway, "8 file descriptors") {
			err = fmt.Errorf("%q", status.TurnedAway)
		}
		return err
	})
}
