package lineage

import (
	"testing"
	"time"
)

// Many restarts in short order are told, once a minute, until none came for a while. A few are not, nor are two processes that
// take turns.
func TestRestarts(t *testing.T) {
	t.Parallel()
	type step struct {
		at          time.Duration // seconds
		incarnation int64
		told        bool
		many        int
	}
	for name, steps := range map[string][]step{
		"one":                      {{0, 1, false, 0}},
		"three, as of an operator": {{0, 1, false, 0}, {5, 2, false, 0}, {10, 3, false, 0}, {119, 3, false, 0}},
		"slowly":                   {{0, 1, false, 0}, {50, 2, false, 0}, {100, 3, false, 0}, {150, 4, false, 0}, {200, 5, false, 0}},
		"in turn":                  {{0, 1, false, 0}, {1, 2, false, 0}, {2, 1, false, 0}, {3, 2, false, 0}, {4, 1, false, 0}, {5, 2, false, 0}},
		"again and again": {{0, 1, false, 0}, {3, 2, false, 0}, {6, 3, false, 0}, {9, 4, true, 4}, {12, 5, false, 5}, {68, 6, false, 6},
			{70, 7, true, 7}, {129, 8, false, 5}, {131, 9, true, 5}},
		"ever more rarely": {{0, 1, false, 0}, {1, 2, false, 0}, {3, 3, false, 0}, {7, 4, true, 4}, {67, 5, true, 5}, {127, 6, true, 3}, {187, 7, true, 3}},
		"and then no more": {{0, 1, false, 0}, {1, 2, false, 0}, {2, 3, false, 0}, {3, 4, true, 4}, {124, 5, false, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var r Restarts
			for i, s := range steps {
				now := s.at * time.Second
				if told := r.Add(s.incarnation, now, s.incarnation%2 == 0); told != s.told {
					t.Errorf("step %d: told %v", i, told)
				}
				if many, byes, in, ago := r.Many(now); many != s.many || many > 0 && in+ago > RestartsSpan || byes != many/2 && byes != (many+1)/2 {
					t.Errorf("step %d: %d in %v, %d goodbyes", i, many, in, byes)
				}
			}
		})
	}
	var r Restarts
	for i := range int64(1000) {
		r.Add(i, time.Duration(i)*time.Millisecond, false)
	}
	if many, _, _, _ := r.Many(time.Second); many != maxRestarts {
		t.Errorf("%d are kept", many)
	}
}
