package web

import (
	"net/http"
	"sync"
	"time"
)

// taking waits for a client that is to take what is sent, as long as this process runs: a tick is one, however late it comes.
// A deadline would end while the process is stopped, or its machine sleeps, and cut off a client that was never slow.
type taking struct {
	control *http.ResponseController
	tick    time.Duration

	mu    sync.Mutex
	timer *time.Timer // of the next tick
	left  int         // ticks until the client is cut off; 0: nothing is being sent
	cut   bool
}

// patienceTicks is how many ticks a client's patience has. One more is waited for, as the first may come at once.
const patienceTicks = 10

func newTaking(control *http.ResponseController, patience time.Duration) *taking {
	_ = control.SetWriteDeadline(time.Time{})
	return &taking{control: control, tick: patience / patienceTicks}
}

// begin is before something is sent.
func (t *taking) begin() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.left = patienceTicks + 1
	if t.timer == nil {
		t.timer = time.AfterFunc(t.tick, t.passed)
	} else {
		t.timer.Reset(t.tick)
	}
}

// passed is a tick.
func (t *taking) passed() {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch t.left {
	case 0:
		return // it was taken
	case 1:
		t.cut = true
		_ = t.control.SetWriteDeadline(time.Unix(1, 0)) // what is being sent fails, and all after it
	default:
		t.timer.Reset(t.tick)
	}
	t.left--
}

// end is after it was sent.
func (t *taking) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.left = 0
	t.timer.Stop()
}

// close leaves the connection to the server, which sends the end of the answer.
func (t *taking) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.left = 0; t.timer != nil {
		t.timer.Stop()
	}
	if !t.cut {
		_ = t.control.SetWriteDeadline(time.Now().Add(patienceTicks * t.tick))
	}
}
