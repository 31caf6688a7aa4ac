package rate

import (
	"testing"
	"time"
)

const s = time.Second

func TestTake(t *testing.T) {
	t.Parallel()
	limit := Every(10*s, 3)
	for name, tc := range map[string]struct {
		at   []time.Duration
		want []bool
	}{
		"a burst":                  {[]time.Duration{0, 0, 0, 0}, []bool{true, true, true, false}},
		"then one each period":     {[]time.Duration{0, 0, 0, 9 * s, 10 * s, 10 * s}, []bool{true, true, true, false, true, false}},
		"a long rest saves one":    {[]time.Duration{0, 1000 * s, 1000 * s, 1000 * s, 1000 * s}, []bool{true, true, true, true, false}},
		"backwards nothing":        {[]time.Duration{9 * s, 9 * s, 9 * s, 0, 10 * s}, []bool{true, true, true, false, false}},
		"before the first moment":  {[]time.Duration{-40 * s, -40 * s, -40 * s, -40 * s, -30 * s}, []bool{true, true, true, false, true}},
		"a full one has no moment": {[]time.Duration{0, 100 * s, 50 * s, 50 * s, 60 * s}, []bool{true, true, true, true, false}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var b Bucket
			for i, at := range tc.at {
				if got := b.Take(at, limit); got != tc.want[i] {
					t.Errorf("token %d at %v: %v", i, at, got)
				}
			}
		})
	}
}

func TestFull(t *testing.T) {
	t.Parallel()
	limit := Every(s, 2)
	var b Bucket
	if !b.Full(0, limit) {
		t.Error("a new one is not full")
	}
	b.Take(0, limit)
	if b.Full(s/2, limit) {
		t.Error("full after half a period")
	}
	if !b.Full(s, limit) {
		t.Error("not full after a period")
	}
	b.Take(s, limit)
	b.Return()
	b.Return()
	if b.Take(s, limit); b.Full(s, limit) {
		t.Error("more was returned than was spent")
	}
}

func TestWait(t *testing.T) {
	t.Parallel()
	limit := Limit{Burst: 100, Tokens: 10, Period: s}
	for _, tc := range []struct {
		spent float64
		after time.Duration
		want  time.Duration
	}{
		{0, 0, 0}, {100, 0, 0}, {101, 0, s / 10}, {150, 0, 5 * s}, {150, 2 * s, 3 * s}, {150, 5 * s, 0}, {150, time.Hour, 0},
	} {
		var b Bucket
		b.Spend(0, tc.spent, limit)
		if got := b.Wait(tc.after, limit); got != tc.want {
			t.Errorf("%v spent, %v later: waits %v, want %v", tc.spent, tc.after, got, tc.want)
		}
	}
}
