package link

import "time"

const (
	// flushIdle is how long a subscriber may take nothing of what was published before the end: a process that runs
	// reads sooner, and one that does not should not hold up ours.
	flushIdle = time.Second

	// flushLook is between two looks at what is left.
	flushLook = 2 * time.Millisecond
)

// rest is what is left for one subscriber, and since when that is so much.
type rest struct {
	left  int
	since time.Time
}

// done reports whether a subscriber is not waited for any more, now that so much is left for it.
func (r *rest) done(left int, now time.Time) bool {
	if left != r.left {
		r.left, r.since = left, now
	}
	return left == 0 || now.Sub(r.since) >= flushIdle
}

// flush waits until the subscribers' kernels have taken everything, each for as long as it takes some of it, and
// hangs them up.
func flush(subscribers []*subscriber, by time.Time) {
	now := time.Now()
	rests := make(map[*subscriber]*rest, len(subscribers))
	for _, s := range subscribers {
		rests[s] = &rest{-1, now}
	}
	tick := time.NewTicker(flushLook)
	defer tick.Stop()
	for len(rests) > 0 {
		for s, r := range rests {
			if !now.Before(by) || r.done(s.left(), now) {
				s.hangUp(ErrClosed)
				delete(rests, s)
			}
		}
		if len(rests) > 0 {
			now = <-tick.C
		}
	}
}

// left is how much of what was published a subscriber has not got, in bytes.
func (s *subscriber) left() int {
	left := s.out.left()
	if s.ended() != nil {
		return 0
	}
	if v, ok := s.kernel.look(); ok {
		left += v.held
	}
	return left
}
