package node

import "testing"

func TestInboxIsDivided(t *testing.T) {
	const mib = 1 << 20
	for _, c := range []struct {
		what                  string
		inbox, queue, message int
		ahead                 int
	}{
		{"defaults", 64 * mib, 1024, mib, 15},
		{"small messages", 64 * mib, 1024, 100, 128},
		{"a short queue", 64 * mib, 1, mib, 1},
		{"a message that fills it", mib, 1024, mib, 0},
		{"a message that is larger", mib, 1024, 64 * mib, 0},
		{"the least", MinInboxBytes, 1024, 1, 0},
	} {
		got := divide(c.inbox, c.queue, c.message)
		largest := max(c.message+messageCost, runCost)
		if got.ahead != c.ahead {
			t.Errorf("%s: %d ahead, want %d", c.what, got.ahead, c.ahead)
		}
		if all := got.waiting + (got.ahead+1)*largest; all > max(c.inbox, 2*largest) || got.waiting < largest {
			t.Errorf("%s: %+v comes to %d bytes of %d", c.what, got, all, c.inbox)
		}
	}
}
