package link

import (
	"errors"
	"io"
	"net"
	"net/netip"
)

// dialled is a connection to a publisher: what our SUB reads.
type dialled struct {
	*conn
	target string // as Dial was told
	up     bool   // Up was said; the receiving goroutine's own
	body   int    // bytes of the run that zmq4 is reading, at the start of the unread input
	over   bool   // the last, empty run has been scripted: next comes EOF
}

func (l *Link) newDialled(raw net.Conn, port Port, addr netip.AddrPort, target string) *dialled {
	d := &dialled{conn: l.newConn(raw, port), target: target}
	d.remote = addr
	d.in.most = largeBuffer
	d.out.fail = d.writeFailed
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
		if err := d.nextRun(); err != nil {
			d.fail(err)
			// The end goes the way that the messages went, so that it cannot overtake them.
			d.script = appendPostmarked(d.script[:0], d.id, 0)
			d.over = true
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
	size, count := 0, 0
	for size < maxRun {
		b := d.in.unread()[size:]
		n, need, command, err := d.link.cfg.limits().item(b)
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
			d.command(b[:n])
			d.in.skip(n)
		default:
			size += n
			count++
		}
	}
	d.body = size
	d.script = appendPostmarked(d.script[:0], d.id, size)
	d.link.counters.add(messagesIn, count)
	d.link.counters.add(bytesIn, size)
	return nil
}

// reason turns what ended a link into words for a log.
func reason(err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return errors.New("closed by the peer")
	}
	return err
}
