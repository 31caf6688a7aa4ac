package link

import (
	"errors"
	"io"
	"net"
	"net/netip"
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
	up     bool // Up was said; its reader's own, as the next
	over   bool // it has been read to its end
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

// Read gives zmq4 a greeting, and after that nothing but the end. The second call comes of the goroutine in which zmq4 reads
// the connection: it reads here until then, and reports what comes.
func (d *dialled) Read(p []byte) (int, error) {
	if len(d.script) > 0 {
		return d.readScript(p), nil
	}
	if !d.over {
		d.over = true
		d.report()
	}
	return 0, io.EOF
}

// report reads the connection to its end. One goroutine says all of it: so nothing overtakes what came before.
func (d *dialled) report() {
	d.link.receiveRun(d, nil)
	for {
		run, err := d.nextRun()
		if err != nil {
			d.fail(err)
			break
		}
		if len(run) > 0 {
			d.link.receiveRun(d, run)
		}
	}
	d.in.drop()
	d.link.receiveRun(d, nil)
	d.readOut.Store(true)
	if s := d.heir.Load(); s != nil {
		s.end()
	}
}

// nextRun waits for at least one whole message and returns a run of all that are there, which is empty where what came is
// not wanted. It holds no more memory than itself, as it may be kept for a minute: it is a copy, or takes the buffer along.
func (d *dialled) nextRun() (Run, error) {
	if err := d.spend(0); err != nil {
		return nil, err
	}
	if err := d.rest(); err != nil {
		return nil, err
	}
	if d.inherits != nil {
		if err := d.succeed(); err != nil {
			return nil, err
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
			return nil, err
		case n == 0:
			if err := d.in.fill(need); err != nil {
				return nil, err
			}
		case command:
			if err := d.control.spend(); err != nil {
				return nil, err
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
			return nil, err
		}
	} else {
		d.pace.spend(weigh(d.in.unread()[:size], count), clock())
	}
	_ = d.spend(size) // this run is still passed on
	if s := d.heir.Load(); s != nil {
		s.recall(d.in.unread()[:size], d.link.cfg.limits())
	}
	d.runs.Add(1)
	d.link.counters.add(messagesIn, count)
	d.link.counters.add(bytesIn, size)
	return d.in.cut(size), nil
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

// reason turns what ended a link into words for a log.
func reason(err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return errors.New("closed by the peer")
	}
	return err
}
