package sim

import (
	"time"

	"hearsay/mesh"
)

// Step is one change of what an observer makes of a subject.
type Step struct {
	At       time.Duration
	Observer int32
	Subject  int32
	State    mesh.State // Unknown: the observer is gone, or forgot
}

// history keeps them all, for a picture.
type history struct{ steps []Step }

// add does nothing to a nil history: most runs are not drawn.
func (h *history) add(at time.Duration, observer, subject int, s mesh.State) {
	if h != nil {
		h.steps = append(h.steps, Step{at, int32(observer), int32(subject), s})
	}
}
