package record

import (
	"math"
	"testing"
	"time"
)

func TestPenaltyDecays(t *testing.T) {
	t.Parallel()
	const h = 10 * time.Minute
	for _, c := range []struct {
		p    float64
		dt   time.Duration
		want float64
	}{{0, h, 0}, {1, 0, 1}, {1, h, .5}, {6, 2 * h, 1.5}, {1, 24 * time.Hour, 0}} {
		if got := decay(c.p, c.dt, h); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

func TestProbationBeats(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		p    float64
		want int
	}{{0, 1}, {1, 1}, {1.25, 1}, {1.5, 2}, {2, 3}, {3, 12}, {4, 46}, {6, 48}} {
		if got := probationBeats(c.p); got != c.want {
			t.Errorf("P = %v: %d beats, want %d", c.p, got, c.want)
		}
	}
}

func TestHold(t *testing.T) {
	t.Parallel()
	const s = time.Second
	for _, c := range []struct {
		p    float64
		want time.Duration
	}{{0, 0}, {1.25, 0}, {2, 10 * s}, {3, 20 * s}, {5, 60 * s}, {6, 60 * s}} {
		if got := hold(c.p, 10*s); got != c.want {
			t.Errorf("P = %v: %v, want %v", c.p, got, c.want)
		}
	}
}

// A probation of three beats takes three that are half a beat apart at least.
func TestProbation(t *testing.T) {
	t.Parallel()
	const s, half = time.Second, 10 * time.Minute
	var r Record
	if !r.Clean(0, half) || !r.Forgiven(0, half) {
		t.Fatal("a clean record has a probation")
	}
	r.Punish(2, 0, half)
	if r.Clean(0, half) || r.Forgiven(0, half) {
		t.Fatal("a bad one has none")
	}
	r.Begin(0, half)
	for _, c := range []struct {
		at   time.Duration
		want bool
	}{{s, false}, {s + s/4, false}, {2 * s, true}} {
		if got := r.Beat(c.at, s); got != c.want {
			t.Errorf("a beat at %v: passed %v", c.at, got)
		}
	}
	if !r.Clean(half, half) {
		t.Error("a half-life later there is a probation still")
	}
}

func TestPunish(t *testing.T) {
	t.Parallel()
	const half = 10 * time.Minute
	var r Record
	r.Punish(1, 0, half)
	if r.Punish(1, half, half); r.Penalty(half, half) != 1.5 {
		t.Errorf("penalty %v", r.Penalty(half, half))
	}
	if r.PunishToLeast(1, half, half); r.Penalty(half, half) != 1.5 {
		t.Errorf("a penalty of 1.5 is %v after one of at least 1", r.Penalty(half, half))
	}
	if r.PunishToLeast(2, half, half); r.Penalty(half, half) != 2 {
		t.Errorf("a penalty of 1.5 is %v after one of at least 2", r.Penalty(half, half))
	}
	if r.Punish(100, half, half); r.Penalty(half, half) != MaxPenalty {
		t.Errorf("penalty %v", r.Penalty(half, half))
	}
}
