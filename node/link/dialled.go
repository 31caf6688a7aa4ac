package link

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"hearsay/topics"
)

// dialled is a connection to a publisher: what our SUB reads.
type dialled struct {
	*conn
	target string // as Dial was told
	name   topics.Name
	told   ID   // that events have: its own, or that of the connection whose heir it is
	up     bool // Up was said; the receiving goroutine's own
	body   int  // bytes of the run that zmq4 is reading, at the start of the unread input
	over   bool // the last, empty run has been scripted: next comes EOF
	pace   pace // of a publisher of lists

	heir     atomic.Pointer[succession] // another connection is about to take its place
	before   *dialled                   // whose place it takes, until that has ended; guarded by link.mu
	inherits *succession                // the same, until it is its turn to be read
	doubled  doubled
	later    atomic.Bool   // it will be tried to make it anew
	readOut  atomic.Bool   // nothing more is read
	runs     atomic.Uint64 // that were read
	held     atomic.Bool   // one is, and waits for room
	asking   atomic.Bool   // it is asked whether anything comes over it
	retired  atomic.Bool   // another connection has taken its place, and it is read to its end

	cutMu sync.Mutex
	cut   []Run // of messages, which zmq4 has been told of

	wire    *wire    // over which it comes; nil: the network. Guarded by wanted, as the next
	parting bool     // it has cancelled its subscriptions, as its heir is there
	own     []string // what was subscribed to over it alone. Guarded by wanted

	allowance atomic.Int64 // bytes that are read before it is hung up
}

func (l *Link) newDialled(raw net.Conn, port Port, addr netip.AddrPort, target string) *dialled {
	d := &dialled{conn: l.newConn(raw, port), target: target}
	d.remote, d.told = addr, d.id
	d.out.fail = d.writeFailed
	d.allowance.Store(unlimited)
	if d.in != nil {
		d.in.most = largeBuffer
		l.unfinished[port].join(d.conn)
	}
	return d
}

// writeFailed leaves it to reading to find the end, after the last that the publisher has said.
func (d *dialled) writeFailed(err error) {
	if errors.Is(err, errStalled) {
		d.hangUp(err)
	}
}

// Write takes zmq4's greeting and READY, and forgets them: the gate has sent its own.
func (d *dialled) Write(p []byte) (int, error) { return len(p), nil }

// Read gives zmq4 one message a run: postmark, run.
func (d *dialled) Read(p []byte) (int, error) {
	if len(d.script) == 0 && d.body == 0 {
		if d.over {
			return 0, io.EOF
		}
		err := d.nextRun()
		for err == nil && len(d.script) == 0 { // what came was not wanted
			err = d.nextRun()
		}
		if err != nil {
			d.fail(err)
			d.in.drop()
			// The end goes the way that the messages went, so that it cannot overtake them.
			d.script = appendPostmarked(d.script[:0], d.id, 0)
			d.over = true
			d.readOut.Store(true)
			if s := d.heir.Load(); s != nil {
				s.end()
			}
		}
	}
	if len(d.script) > 0 {
		return d.readScript(p), nil
	}
	n := copy(p, d.in.unread()[:d.body])
	d.in.skip(n)
	d.body -= n
	return n, nil
}

// nextRun waits for at least one whole message and scripts the head of a run of all that are there.
func (d *dialled) nextRun() error {
	if err := d.spend(0); err != nil {
		return err
	}
	if err := d.rest(); err != nil {
		return err
	}
	if d.inherits != nil {
		if err := d.succeed(); err != nil {
			return err
		}
		d.inherits = nil
	}
	size, count := 0, 0
	for size < maxRun {
		b := d.in.unread()[size:]
		n, need, command, err := d.link.cfg.limits().Item(b)
		if size > 0 && (n == 0 || command || size+n > maxRun) {
			break // the rest, or the trouble, next time
		}
		switch {
		case err != nil:
			return err
		case n == 0:
			if err := d.in.fill(need); err != nil {
				return err
			}
		case command:
			if err := d.control.spend(); err != nil {
				return err
			}
			if !d.parted(b[:n]) {
				d.command(b[:n])
			}
			d.in.skip(n)
		case size == 0 && d.doubled.drop(b[:n]):
			d.in.skip(n)
		default:
			size += n
			count++
		}
	}
	d.in.part.done(len(d.in.buf))
	if d.port == Message {
		if wanted, err := d.admitted(size, count); !wanted {
			d.in.skip(size)
			d.script = d.script[:0]
			return err
		}
	}
	_ = d.spend(size) // this run is still passed on
	if s := d.heir.Load(); s != nil {
		s.recall(d.in.unread()[:size], d.link.cfg.limits())
	}
	d.runs.Add(1)
	if d.port == Message {
		d.cutMu.Lock()
		d.cut = append(d.cut, d.in.cut(size))
		d.cutMu.Unlock()
		d.script = append(appendPostmarked(d.script[:0], d.id, len(cutRun)), cutRun...)
	} else {
		d.body = size
		d.script = appendPostmarked(d.script[:0], d.id, size)
	}
	d.link.counters.add(messagesIn, count)
	d.link.counters.add(bytesIn, size)
	if d.port == Discovery {
		d.pace.spend(weigh(d.in.unread()[:size], count), clock())
	}
	return nil
}

// cutRun stands for a run that was cut out of the buffer: zmq4 would copy it once more.
const cutRun = "r"

// nextCut returns the oldest run that zmq4 was told of.
func (d *dialled) nextCut() Run {
	d.cutMu.Lock()
	defer d.cutMu.Unlock()
	run := d.cut[0]
	if d.cut = d.cut[1:]; len(d.cut) == 0 {
		d.cut = nil
	}
	return run
}

// rest waits where lists come faster than they may. Lists that come meanwhile stay in the kernel, and then with their
// publisher.
func (d *dialled) rest() error {
	if d.port != Discovery {
		return nil
	}
	wait := d.pace.wait(clock())
	if wait == 0 {
		return nil
	}
	d.link.counters.add(listPauses, 1)
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-d.done():
		return d.ended()
	}
}

// standing is the connection that has an ID now: the newest of its heirs, or itself.
func (l *Link) standing(id ID) *dialled {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.standingLocked(id)
}

func (l *Link) standingLocked(id ID) *dialled {
	if d := l.heirs[id]; d != nil {
		return d
	}
	return l.dialled[id]
}

func (l *Link) dialledBy(id ID) *dialled {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.dialled[id]
}

// reason turns what ended a link into words for a log.
func reason(err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return errors.New("closed by the peer")
	}
	return err
}
