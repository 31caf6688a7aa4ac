package node

import (
	"bytes"
	"testing"
	"time"

	"hearsay/mesh/relay"
	"hearsay/node/link"
)

// Small runs of a stream stand in memory that they share, in the order in which they came, whatever came over other ways.
func TestSmallRunsAreKeptTogether(t *testing.T) {
	one := link.Run(onTheWire("1", "a", 1, 1, []byte("x")))
	joined, size, ok := joinRuns(one, one)
	if !ok || size != cap(joined) || !bytes.Equal(joined, append(bytes.Clone(one), one...)) {
		t.Fatalf("%q, %d bytes of %d", joined, size, cap(joined))
	}
	more, _, _ := joinRuns(joined, one)
	if &more[0] != &joined[0] || len(joined) != 2*len(one) {
		t.Error("what has room is copied")
	}
	if _, _, ok = joinRuns(make(link.Run, joinedMost), one); ok {
		t.Error("a large run is made larger")
	}
	c := Config{RingBytes: 1 << 20, RingTime: time.Minute}
	own, others := newRings(&c, time.Now())
	for n := uint64(1); n <= 3; n++ {
		own.put(relay.Stream{Origin: "a", Topic: "1"}, n, n, one)
		others.put(relay.Stream{Origin: "b", Topic: "1"}, n, n, one)
	}
	if own.kept.Len() != 3 || others.kept.Len() != 3 {
		t.Errorf("%d and %d runs: what came between is out of its place", own.kept.Len(), others.kept.Len())
	}
}

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
