package files

import "time"

// unrestLooks is for how many looks files may go on to change and not count. It bounds how long who changes one file can
// hold up what another says, such as that a key is withdrawn.
const unrestLooks = 120

// rest is how long files that have changed have stayed as they are.
type rest struct {
	last  []sight
	since time.Time // they have looked so
	began time.Time // they have been others than what counts; zero: what they are has been tried
}

// enough reports whether files that look so now may count: three looks in a row have found them so, one of which may be
// late, or they have changed for too long. Who writes a file in parts, or copies a directory, is done by then.
func (r *rest) enough(now []sight, at time.Time, every time.Duration, most int64) bool {
	if r.began.IsZero() {
		r.began = at
	}
	if r.since.IsZero() || !still(r.last, now, most) {
		r.since = at
	}
	r.last = now
	return at.Sub(r.since) >= every+every/2 || at.Sub(r.began) >= unrestLooks*every
}
