package node

import (
	"testing"
	"time"
)

// What a member misses while a network carries nothing to it is kept until it may ask for it, and no longer.
func TestRingsKeepMoreWhileReadersAreSilent(t *testing.T) {
	c := Config{RingTime: time.Minute}
	for _, row := range []struct {
		now, silent, want time.Duration
	}{
		{time.Hour, 0, time.Minute},
		{time.Hour, time.Hour, ringMost},
		{time.Hour, time.Hour - 59*time.Second, ringMost},
		{time.Hour, time.Hour - 61*time.Second, time.Minute},
	} {
		if got := c.ringAge(row.now, row.silent); got != row.want {
			t.Errorf("at %v, silent at %v: %v, not %v", row.now, row.silent, got, row.want)
		}
	}
	c.RingTime = time.Second
	if got := c.ringAge(time.Hour, time.Hour-59*time.Second); got != ringMost {
		t.Errorf("%v where rings keep for a second", got)
	}
	c.RingTime = time.Hour
	if got := c.ringAge(time.Hour, time.Hour); got != time.Hour {
		t.Errorf("%v of an hour", got)
	}
}
