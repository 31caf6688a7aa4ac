package node

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hearsay/node/link"
	"hearsay/node/nodetest"
)

// flooder is a publisher that is made by hand: whoever connects to a port of it is sent the same messages again and
// again, as fast as it takes them.
type flooder struct {
	mu    sync.Mutex
	lns   []net.Listener
	conns []net.Conn
	wg    sync.WaitGroup
}

func newFlooder(t *testing.T) *flooder {
	f := &flooder{}
	t.Cleanup(f.end)
	return f
}

func (f *flooder) end() {
	f.mu.Lock()
	for _, ln := range f.lns {
		ln.Close()
	}
	for _, c := range f.conns {
		c.Close()
	}
	f.mu.Unlock()
	f.wg.Wait()
}

// at listens at an endpoint. first is sent once, and flood without end; none: nothing more comes.
func (f *flooder) at(t *testing.T, endpoint string, first, flood []byte) {
	t.Helper()
	ln, err := net.Listen("tcp", endpoint)
	if err != nil {
		t.Fatal(err)
	}
	f.mu.Lock()
	f.lns = append(f.lns, ln)
	f.mu.Unlock()
	f.wg.Add(1)
	go func() {
		defer f.wg.Done()
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			f.mu.Lock()
			f.conns = append(f.conns, c)
			f.mu.Unlock()
			f.wg.Add(2)
			go func() { defer f.wg.Done(); _, _ = io.Copy(io.Discard, c) }()
			go func() { defer f.wg.Done(); f.serve(c, first, flood) }()
		}
	}()
}

func (f *flooder) serve(c net.Conn, first, flood []byte) {
	w := bufio.NewWriterSize(c, 1<<20)
	_, _ = w.WriteString("\xff\x00\x00\x00\x00\x00\x00\x00\x00\x7f\x03\x00NULL" + strings.Repeat("\x00", 48))
	_, _ = w.WriteString("\x04\x19\x05READY\x0bSocket-Type\x00\x00\x00\x03PUB")
	_, err := w.Write(first)
	if flood == nil {
		_ = w.Flush()
		return
	}
	for err == nil {
		_, err = w.Write(flood)
	}
}

// framed is a message as it goes over the wire.
func framed(frames ...string) (b []byte) {
	for i, f := range frames {
		flags := byte(2) // a long frame
		if i < len(frames)-1 {
			flags |= 1
		}
		b = binary.BigEndian.AppendUint64(append(b, flags), uint64(len(f)))
		b = append(b, f...)
	}
	return b
}

// numberedLists are lists of a thousand names each, of which no two in a row have any in common.
func numberedLists(self string) (b []byte) {
	for i := range 10 {
		names := []string{self}
		for j := range 1000 {
			names = append(names, fmt.Sprintf("n%d-%d", i, j))
		}
		b = append(b, framed("0", strings.Join(names, ","), fmt.Sprintf(`{"v":1,"inc":1,"seq":%d,"beat":200,"list":%d}`, i+1, i+1))...)
	}
	return b
}

// rounds is how often a node has judged its peers.
func rounds(n *Node) uint64 { return n.Machine().Rounds }

// pace is how often a node judges its peers, and so beats, in a window of time. One that is slow answers late, so each node
// has somebody of its own who asks.
type pace struct {
	mu      sync.Mutex
	rounds  uint64
	at      time.Time // when the last of them was seen
	count   uint64    // of them in this window
	longest time.Duration
}

// follow looks until the context ends.
func (p *pace) follow(ctx context.Context, n *Node) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for ; ctx.Err() == nil; <-tick.C {
		r, now := rounds(n), time.Now()
		p.mu.Lock()
		if r != p.rounds {
			if p.rounds > 0 {
				p.count += r - p.rounds
			}
			p.longest = max(p.longest, now.Sub(p.at))
			p.rounds, p.at = r, now
		}
		p.mu.Unlock()
	}
}

// window returns how many rounds there were since the window before, and the longest silence, unless there were fewer than so
// many.
func (p *pace) window(least uint64) (count uint64, longest time.Duration, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.count < least {
		return 0, 0, false
	}
	count, longest = p.count, max(p.longest, time.Since(p.at))
	p.count, p.longest = 0, 0
	return count, longest, true
}

// contest compares a node that is flooded with one that is not, in windows of ten rounds of the latter.
func contest(t *testing.T, n, control *Node) {
	flooded, quiet := pace{at: time.Now()}, pace{at: time.Now()}
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() { flooded.follow(ctx, n) })
	all.Go(func() { quiet.follow(ctx, control) })
	t.Cleanup(all.Wait)
	defer cancel()
	void := 0
	starved := nodetest.Starved(os.Getpid())
	late := time.After(nodetest.Patience)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-late:
			t.Skipf("this machine is starved: %d windows are void", void)
		}
		beats, without, ok := quiet.window(10)
		if !ok {
			continue
		}
		r, silence, _ := flooded.window(0)
		share := starved()
		starved = nodetest.Starved(os.Getpid())
		said := fmt.Sprintf("%d rounds in the time of %d without a flood, the longest silence is %v, and %v without, starved to %.2f",
			r, beats, silence, without, share)
		switch {
		case r >= 5 && silence-without <= 1300*time.Millisecond-n.cfg.Beat:
			t.Log(said)
			return
		case without > 2*n.cfg.Beat || share > 0.5:
			void++
		default:
			t.Fatal(said)
		}
	}
}

// Whatever a member sends, and however fast, the node that hears it judges, and beats, as often as one that is not
// flooded, and its longest silence is little longer. Where both are silent for long, or others take the machine, nothing is
// shown, and the next window is looked at.
func TestFloodPutsNoRoundOff(t *testing.T) {
	list := func(self string) []byte { return framed("0", self) }
	for name, tc := range map[string]struct {
		members       int
		lists, bodies func(self string) []byte // none: only one list, no message
	}{
		"lists":        {1, numberedLists, nil},
		"ten of lists": {10, numberedLists, nil},
		"pulses":       {1, list, nil},
		"long lists":   {1, func(self string) []byte { return framed("0", self+strings.Repeat(",", 65_000)) }, nil},
		"messages":     {1, nil, func(string) []byte { return framed("1", "x") }},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFlooder(t)
			addrs := nodetest.Addresses(t, tc.members+2)
			var seeds []string
			for _, self := range addrs[2:] {
				var lists, bodies []byte
				if tc.lists != nil {
					lists = tc.lists(self)
				}
				if tc.bodies != nil {
					bodies = tc.bodies(self)
				}
				f.at(t, self+":20000", list(self), lists)
				f.at(t, self+":30000", nil, bodies)
				seeds = append(seeds, self)
			}
			control, n := startAt(t, addrs[0]), startAt(t, addrs[1], seeds...)
			nodetest.Eventually(t, func() error {
				if count := n.Stats()["link_messages_in"]; count < 3 {
					return fmt.Errorf("%d messages have come", count)
				}
				return nil
			})
			defer f.end() // before the nodes: one that takes it in for ever does not hear that it should end
			contest(t, n, control)
		})
	}
}

// flood is more events than a slow machine can take in. They are ends of a connection that it never knew.
type flood struct {
	slowly time.Duration // what the machine takes for one of them, at the least
	node   atomic.Pointer[Node]
	over   chan struct{}
	mu     sync.Mutex
	events int
	rounds uint64
	since  int // events since the last round
	most   int // that there ever were between two
}

// Error is asked for where an event is taken in.
func (f *flood) Error() string {
	<-time.After(f.slowly)
	n := f.node.Load()
	if n == nil {
		return ""
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if r := n.machine.Stats().Rounds; r != f.rounds {
		f.rounds, f.since = r, 0
	}
	f.events++
	f.since++
	f.most = max(f.most, f.since)
	return ""
}

// among mixes what a link tells with the flood, until that is over.
func (f *flood) among(real <-chan link.Event) <-chan link.Event {
	all := make(chan link.Event, cap(real))
	go func() {
		for {
			select {
			case all <- link.Event{Kind: link.Down, Err: f}:
			case e := <-real:
				all <- e
			case <-f.over:
				return
			}
		}
	}()
	return all
}

// A machine that is slower than a flood always finds more of it, and judges all the same: each second beat, and at the latest
// after 1.3 s. What is counted is what it takes in between two rounds. As nothing is taken in faster than it should be, that is
// no more where the machine is starved.
func TestSlowMachineJudgesUnderAFlood(t *testing.T) {
	t.Parallel()
	for slowly, rounds := range map[time.Duration]int{time.Millisecond: 5, 20 * time.Millisecond: 10} {
		t.Run(slowly.String(), func(t *testing.T) {
			t.Parallel()
			addr := nodetest.Address(t)
			f := flood{slowly: slowly, over: make(chan struct{})}
			n := start(t, Config{Hostname: addr, Bind: addr, flood: f.among})
			defer close(f.over) // before the node ends: one that takes it in for ever does not hear that it should
			f.node.Store(n)
			beat := int(n.cfg.Beat / slowly)
			nodetest.Eventually(t, func() error {
				f.mu.Lock()
				defer f.mu.Unlock()
				if f.most > int(1300*time.Millisecond/slowly) {
					t.Fatalf("%d events between two rounds, which take %v at least", f.most, time.Duration(f.most)*slowly)
				}
				if want := 2 * beat * rounds; f.events < want {
					return fmt.Errorf("%d events of %d", f.events, want)
				}
				return nil
			})
			f.mu.Lock()
			defer f.mu.Unlock()
			if f.rounds < uint64(rounds) {
				t.Errorf("%d rounds, and %d events, of which a beat has time for %d", f.rounds, f.events, beat)
			}
			t.Logf("%d events, %d rounds, %d events between two at most", f.events, f.rounds, f.most)
		})
	}
}

// Nor does it put off an answer until the next round. What is asked waits for some events, most of the time: for more where it
// is the asking that is starved.
func TestSlowMachineAnswersUnderAFlood(t *testing.T) {
	t.Parallel()
	addr := nodetest.Address(t)
	f := flood{slowly: time.Millisecond, over: make(chan struct{})}
	n := start(t, Config{Hostname: addr, Bind: addr, Beat: time.Second, flood: f.among})
	defer close(f.over)
	f.node.Store(n)
	taken := func() int {
		f.mu.Lock()
		defer f.mu.Unlock()
		return f.events
	}
	nodetest.Eventually(t, func() error {
		if taken() == 0 {
			return errors.New("no flood yet")
		}
		return nil
	})
	var waits []int
	for range 21 {
		before := taken()
		n.do(func() { waits = append(waits, taken()-before) })
	}
	slices.Sort(waits)
	if most := 8 * inARow; waits[len(waits)/2] > most {
		t.Errorf("%d events come before an answer, want %d at most", waits, most)
	}
	t.Logf("%d", waits)
}
