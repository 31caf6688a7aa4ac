package sim

import (
	"bufio"
	"fmt"
	"hash/fnv"
	"io"
	"time"

	"hearsay/mesh"
	"hearsay/topics"
)

// deed says what a record of the trace is about.
type deed uint8

const (
	didFault deed = iota
	didBegin
	didEnd
	didResume
	didTick
	didPulse
	didList
	didHeard
	didLinkUp
	didLinkDown
	didDialFailed
	didListener
	didHello
	didUnlisten
	didOther
	didDial
	didHangUp
	didPublish
	didChange
	deeds
)

var deedNames = [deeds]string{
	"fault", "begins", "ends", "resumes", "tick", "pulse from", "list from", "message from", "link to",
	"lost link to", "cannot dial", "listener", "hello from", "lost listener", "told", "dials", "hangs up", "publishes",
	"sees",
}

// record is one line of a trace. peer is -1 where there is none.
type record struct {
	at   time.Duration
	n    uint64
	host int32
	peer int32
	deed deed
	text string
}

// trace keeps the newest records and a hash over all of them: two runs with equal hashes did the same.
type trace struct {
	w    *world
	ring []record
	next uint64
	hash uint64
	out  *bufio.Writer // everything but beats and ticks, as text
}

const (
	ringSize  = 1 << 14
	traceTail = 48 // lines with a violation
)

func newTrace(w *world) *trace { return &trace{w: w, hash: 14695981039346656037} }

func (t *trace) add(d deed, host, peer int, n uint64, text string) {
	r := record{at: t.w.now, n: n, host: int32(host), peer: int32(peer), deed: d, text: text}
	if t.next < ringSize {
		t.ring = append(t.ring, r)
	} else {
		t.ring[t.next%ringSize] = r
	}
	t.next++
	t.mix(uint64(r.at))
	t.mix(uint64(uint32(host))<<32 | uint64(uint32(peer)))
	t.mix(n<<8 | uint64(d))
	if text != "" {
		h := fnv.New64a()
		io.WriteString(h, text)
		t.mix(h.Sum64())
	}
	if t.out != nil && d != didTick && d != didPulse && d != didHeard {
		fmt.Fprintln(t.out, t.line(r))
	}
}

// mix adds to the hash (the finisher of splitmix64, which spreads every bit).
func (t *trace) mix(v uint64) {
	h := t.hash ^ v
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	t.hash = h ^ h>>31
}

func (t *trace) fault(f Fault) { t.add(didFault, -1, -1, 0, f.String()) }

// event notes what a machine is told.
func (t *trace) event(p *process, ev mesh.Input, l *link) {
	d, peer, n, text := didOther, -1, uint64(0), ""
	if l != nil {
		peer = l.pub.host.id
		if l.pub == p {
			peer = l.sub.host.id
		}
		n = uint64(l.id)
	}
	switch ev := ev.(type) {
	case mesh.Tick:
		d = didTick
	case mesh.Beat:
		d = didList
		if ev.Header != nil && ev.Header.Pulse {
			d = didPulse
		}
		n = n<<16 ^ uint64(len(ev.Names))
		if ev.Names[0] != l.target {
			text = "as " + string(ev.Names[0]) + " at " + string(l.target)
		}
	case mesh.Heard:
		d = didHeard
	case mesh.LinkUp:
		d, text = didLinkUp, ev.Dial.Port.String()
	case mesh.LinkDown:
		d, text = didLinkDown, l.port.String()+": "+ev.Why
	case mesh.DialFailed:
		d, peer = didDialFailed, t.w.watch.index(ev.Dial.Target)
		text = ev.Dial.Port.String() + ": " + ev.Reason.String()
	case mesh.ListenerUp:
		d, text = didListener, ev.Addr
	case mesh.Hello:
		d, text = didHello, string(ev.Name)
	case mesh.ListenerDown:
		d = didUnlisten
	}
	t.add(d, p.host.id, peer, n, text)
}

// effects notes what it wants.
func (t *trace) effects(p *process, effects []mesh.Effect) {
	for _, e := range effects {
		switch e := e.(type) {
		case mesh.Dial:
			t.add(didDial, p.host.id, t.w.watch.index(e.Target), 0, e.Port.String()+" "+e.Addr)
		case mesh.HangUp:
			peer := -1
			if l := p.byID[e.Link]; l != nil {
				peer = l.pub.host.id
			}
			t.add(didHangUp, p.host.id, peer, uint64(e.Link), "")
		case mesh.Publish:
			t.add(didPublish, p.host.id, -1, e.Header.Seq<<12^uint64(len(e.Names)), "")
		case mesh.Emit:
			text := fmt.Sprintf("%s (%s to %s): %s", e.Kind, e.From, e.To, e.Why)
			t.add(didChange, p.host.id, t.w.watch.index(e.Peer), uint64(e.Incarnation), text)
		}
	}
}

func (t *trace) line(r record) string {
	s := fmt.Sprintf("%12.6f", r.at.Seconds())
	if r.deed == didFault {
		return s + "  ** " + r.text
	}
	s += fmt.Sprintf("  %-8s %s", t.w.nameOf(int(r.host)), deedNames[r.deed])
	if r.peer >= 0 {
		s += " " + t.w.nameOf(int(r.peer))
	}
	switch r.deed {
	case didList, didPublish:
		s += fmt.Sprintf(" (%d names)", r.n&0xfff)
	case didLinkUp, didLinkDown, didListener, didUnlisten, didHangUp:
		s += fmt.Sprintf(" #%d", r.n)
	}
	if r.text != "" {
		s += " " + r.text
	}
	return s
}

// about is the end of the trace as far as it concerns two hosts. Of ticks and pulses only the last few are
// there, since nothing else would be.
func (t *trace) about(a, b int) []string {
	var lines []string
	routine := 0
	for i := t.next; i > 0 && i+ringSize > t.next && len(lines) < traceTail; i-- {
		r := t.ring[(i-1)%ringSize]
		host, peer := int(r.host), int(r.peer)
		between := host == a && (peer == b || peer < 0 || b < 0) || host == b && (peer == a || peer < 0)
		if r.deed != didFault && !between {
			continue
		}
		if r.deed == didTick || r.deed == didPulse || r.deed == didPublish {
			if routine++; routine > traceTail/3 {
				continue
			}
		}
		lines = append(lines, t.line(r))
	}
	for i, j := 0, len(lines)-1; i < j; i, j = i+1, j-1 {
		lines[i], lines[j] = lines[j], lines[i]
	}
	return lines
}

// key is how names are compared.
func key(n topics.Name) topics.Name { return n.Key() }
