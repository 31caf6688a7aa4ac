package node

import (
	"testing"
	"time"
)

func TestDrainEnough(t *testing.T) {
	const beat = time.Second
	for name, c := range map[string]struct {
		taken, links int
		spent        time.Duration
		want         bool
	}{
		"at once":                             {0, 0, 0, false},
		"much, quickly":                       {1 << 20, 3, 99 * time.Millisecond, false},
		"much, for a tenth of a beat":         {1 << 20, 3, 100 * time.Millisecond, true},
		"not every link had its turn":         {drainTurns + 5, 3, 100 * time.Millisecond, false},
		"every link had its turn":             {drainTurns + 6, 3, 100 * time.Millisecond, true},
		"few events that take half of a beat": {1, 3, 500 * time.Millisecond, true},
	} {
		if got := drainEnough(c.taken, c.links, c.spent, beat); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
