package link

import (
	"errors"
	"math"
	"time"
)

const (
	// readOutTime is how long a connection is read whose publisher is about to end it: twice what a publisher takes.
	readOutTime = 10 * time.Second

	// readOutBytes is how much is read of it: far more than a publisher holds, with its kernel.
	readOutBytes = 64 << 20

	// doubtTime is how long the far end of a connection may take to answer, and doubtProbes how often it is asked
	// meanwhile. With a third of all packets lost, one honest connection in a thousand does not answer.
	doubtTime   = 10 * time.Second
	doubtProbes = time.Second
)

var (
	errReadOut = errors.New("not ended by its publisher in time")
	errGone    = errors.New("nobody answers")
)

// ReadOut hangs a dialled connection up once its publisher has ended it; or after 10 s, or another 64 MiB. What was
// sent before is received. A Down event follows.
func (l *Link) ReadOut(id ID) {
	if d := l.standing(id); d != nil {
		d.allowance.Store(readOutBytes)
		time.AfterFunc(readOutTime, func() { d.hangUp(errReadOut) })
	}
}

// Doubt hangs a dialled connection up, unless its far end answers within 10 s; its kernel does, where its process is
// there. A Down event follows if not. Where the kernel cannot tell, nothing happens.
func (l *Link) Doubt(id ID) {
	d := l.standing(id)
	if d == nil || d.kernel == nil {
		return
	}
	d.kernel.probe(doubtProbes)
	time.AfterFunc(doubtTime, func() {
		v, ok := d.kernel.look()
		if waits := v.silent && d.retired.Load(); ok && v.heard >= doubtTime && !waits {
			d.hangUp(errGone)
			return
		}
		d.kernel.probe(keepAlive)
	})
}

// unlimited is the allowance of a connection that is not about to end.
const unlimited = math.MaxInt64

// spend takes bytes off what may still be read.
func (d *dialled) spend(bytes int) error {
	if d.allowance.Load() != unlimited && d.allowance.Add(-int64(bytes)) < 0 {
		return errReadOut
	}
	return nil
}
