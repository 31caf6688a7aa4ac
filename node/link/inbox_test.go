package link

import (
	"bytes"
	"io"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"
)

// chunks is a connection that is read a chunk at a time.
type chunks struct {
	peer
	all [][]byte
}

func (c *chunks) Read(p []byte) (int, error) {
	if len(c.all) == 0 {
		return 0, io.EOF
	}
	n := copy(p, c.all[0])
	if c.all[0] = c.all[0][n:]; len(c.all[0]) == 0 {
		c.all = c.all[1:]
	}
	return n, nil
}

func TestInboxGrowsAsBytesCome(t *testing.T) {
	const need = 1 << 20
	content := bytes.Repeat([]byte("0123456789"), need/10+1)[:need]
	in := inbox{conn: &chunks{all: [][]byte{content}}, most: largeBuffer}
	for len(in.unread()) < need {
		if err := in.fill(need); err != nil {
			t.Fatal(err)
		}
		if most := max(2*in.w, smallBuffer); len(in.buf) > most {
			t.Fatalf("%d bytes for %d", len(in.buf), in.w)
		}
	}
	if !bytes.Equal(in.unread(), content) {
		t.Error("other bytes came out than went in")
	}
	if len(in.buf) != need {
		t.Errorf("%d bytes for a message of %d", len(in.buf), need)
	}
}

// A burst takes a large buffer, a larger message a larger one still; neither is kept.
func TestInboxShrinks(t *testing.T) {
	small := func(n int) (all [][]byte) {
		for range n {
			all = append(all, []byte("pulse"))
		}
		return all
	}
	for _, burst := range []int{largeBuffer, 1 << 20} {
		conn := &chunks{all: append([][]byte{make([]byte, burst)}, small(quietReads+1)...)}
		in := inbox{conn: conn, most: largeBuffer}
		for len(in.unread()) < burst {
			if err := in.fill(burst); err != nil {
				t.Fatal(err)
			}
		}
		for range quietReads + 1 {
			in.skip(len(in.unread()))
			if err := in.fill(2); err != nil {
				t.Fatal(err)
			}
		}
		if len(in.buf) != smallBuffer {
			t.Errorf("%d bytes kept after a burst of %d", len(in.buf), burst)
		}
	}
}

// What was cut out of the buffer stays as it was, whatever comes later.
func TestInboxCuts(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var all [][]byte
	var whole []byte
	for i := range 2000 {
		size := 1 + random.IntN(50)
		if i%500 > 400 {
			size = 1 + random.IntN(2*largeBuffer)
		}
		chunk := make([]byte, size)
		for j := range chunk {
			chunk[j] = byte(random.Uint32())
		}
		all, whole = append(all, chunk), append(whole, chunk...)
	}
	in := inbox{conn: &chunks{all: all}, most: largeBuffer}
	var cuts [][]byte
	for total := 0; total < len(whole); {
		if err := in.fill(1 + len(in.unread())); err != nil {
			t.Fatal(err)
		}
		n := len(in.unread()) - random.IntN(min(len(in.unread()), 100)) // the rest is part of a message
		cuts = append(cuts, in.cut(n))
		if total += n; total < len(whole) && len(in.conn.(*chunks).all) == 0 {
			n = len(in.unread())
			cuts = append(cuts, in.cut(n))
			total += n
		}
	}
	if got := bytes.Join(cuts, nil); !bytes.Equal(got, whole) {
		t.Errorf("%d bytes came out, others than the %d that went in", len(got), len(whole))
	}
}

// What was cut holds no more memory than it has bytes, or a sixteenth: not the buffer that it came in, whatever else came
// in it.
func TestRunsKeepNoLargeBuffer(t *testing.T) {
	const rounds, small = 64, 100
	for _, junk := range []int{10 << 10, largeBuffer / 3, largeBuffer - 2*small, 900_000} {
		before := heap()
		var all [][]byte
		for range rounds {
			all = append(all, make([]byte, small), make([]byte, junk))
		}
		in := inbox{conn: &chunks{all: all}, most: largeBuffer}
		kept := make([][]byte, 0, rounds)
		for range rounds {
			for len(in.unread()) < small+junk {
				if err := in.fill(small + junk); err != nil {
					t.Fatal(err)
				}
			}
			kept = append(kept, in.cut(small))
			in.cut(junk)
		}
		all, in.conn = nil, nil
		if grown, most := heap()-before, rounds*(small+small/4)+2*largeBuffer; grown > most {
			t.Errorf("%d bytes that are kept, beside %d others: %d in use, at most %d", rounds*small, rounds*junk, grown, most)
		}
		runtime.KeepAlive(kept)
		runtime.KeepAlive(&in)
	}
}

// heap is the memory in use after what nobody holds has been given back.
func heap() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// What waits for a reader that is behind is bounded in bytes, however large messages are.
func TestEventsAreBoundedInBytes(t *testing.T) {
	t.Parallel()
	const size, buffer = 1 << 20, 32
	from, to := open(t, Config{OverTCP: true}), open(t, Config{Subscribe: []string{"1"}, OverTCP: true, EventBuffer: buffer})
	discard(from)
	dial(t, to, Message, from)
	settled(t, from, Message, 1, "1")
	next(t, to, Up)
	taken := func() uint64 { return to.Stats()["bytes_in"] }
	for taken() < 2*buffer*size {
		before := taken()
		if err := from.Publish(Message, []byte("1"), make([]byte, size)); err != nil {
			t.Fatal(err)
		}
		for late := time.After(window); taken() == before && late != nil; {
			select {
			case <-late:
				late = nil
			case <-time.After(time.Millisecond):
			}
		}
		if taken() == before {
			break // no room
		}
	}
	// zmq4 has ten runs more, and each of us and of zmq4 has one in hand.
	if got, most := taken(), uint64(buffer*maxRun+(1+10+3)*(size+1<<10)); got > most {
		t.Errorf("%d bytes wait, more than %d", got, most)
	}
}
