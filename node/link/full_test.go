package link

import (
	"testing"
	"time"
)

// A subscriber is waited for until it has taken nothing for a second in which this process ran, and somebody looked.
func TestUnmoved(t *testing.T) {
	type look struct {
		after time.Duration // since the look before
		moved int64
		acked uint64
		want  time.Duration
	}
	const ms = time.Millisecond
	for name, looks := range map[string][]look{
		"nothing is taken":              {{0, 1, 0, 0}, {100 * ms, 1, 0, 100 * ms}, {100 * ms, 1, 0, 200 * ms}},
		"some is taken":                 {{0, 1, 0, 0}, {100 * ms, 1, 0, 100 * ms}, {100 * ms, 2, 0, 0}, {100 * ms, 2, 0, 100 * ms}},
		"it was not waited for before":  {{time.Hour, 1, 0, 0}, {100 * ms, 1, 0, 100 * ms}},
		"this process was stopped":      {{0, 1, 0, 0}, {time.Hour, 1, 0, unmovedStep}, {100 * ms, 1, 0, unmovedStep + 100*ms}},
		"stopped, and then it is taken": {{0, 1, 0, 0}, {time.Hour, 1, 0, unmovedStep}, {time.Hour, 2, 0, 0}},
		"its kernel takes some":         {{0, 1, 5, 0}, {100 * ms, 1, 6, 100 * ms}, {100 * ms, 1, 7, 200 * ms}, {100 * ms, 1, 8, 0}},
		"and then nothing":              {{0, 1, 5, 0}, {300 * ms, 1, 5, unmovedStep}, {300 * ms, 1, 5, 2 * unmovedStep}},
		"some, a moment before it is too long": {{0, 1, 5, 0}, {240 * ms, 1, 5, 240 * ms}, {240 * ms, 1, 5, 480 * ms},
			{240 * ms, 1, 5, 720 * ms}, {240 * ms, 1, 5, 960 * ms}, {100 * ms, 1, 6, 0}},
		"it is looked for now and then": {{0, 1, 0, 0}, {time.Hour, 1, 0, unmovedStep}, {time.Hour, 1, 0, 2 * unmovedStep}},
	} {
		var u unmoved
		now := time.Now()
		for n, l := range looks {
			now = now.Add(l.after)
			if got := u.look(now, l.moved, func() (view, bool) { return view{acked: l.acked}, true }); got != l.want {
				t.Errorf("%s, look %d: %v, want %v", name, n, got, l.want)
			}
		}
	}
}
