package node

import (
	"testing"
	"time"

	"hearsay/topics"
)

// A header is compared with this node's clock as that is now, which may have been set since the start.
func TestAheadOf(t *testing.T) {
	t.Parallel()
	now := time.Unix(1e9, 0)
	for _, c := range []struct {
		h    *topics.Header
		want time.Duration
	}{
		{nil, 0},
		{&topics.Header{}, 0},
		{&topics.Header{At: now.Add(time.Hour).UnixMilli()}, time.Hour},
		{&topics.Header{At: now.Add(-time.Second).UnixMilli()}, -time.Second},
	} {
		if got := aheadOf(c.h, now); got != c.want {
			t.Errorf("%+v: %v, want %v", c.h, got, c.want)
		}
	}
}
