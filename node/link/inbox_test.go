package link

import (
	"bytes"
	"io"
	"testing"
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

func TestItem(t *testing.T) {
	limit := limits{message: 1000, frames: 3}
	message := func(frames ...string) []byte {
		var all [][]byte
		for _, f := range frames {
			all = append(all, []byte(f))
		}
		return appendMessage(nil, all...)
	}
	long := string(make([]byte, 1000))
	for _, c := range []struct {
		name string
		b    []byte
		kind string // of the violation
	}{
		{"one frame", message("a"), ""},
		{"empty frames", message("", "", ""), ""},
		{"the largest", message(long), ""},
		{"the largest in three", message("", long[:999], "x"), ""},
		{"four frames", message("", "", "", ""), "too_many_frames"},
		{"a byte too many", message(long, "x"), "too_large"},
		{"a byte too many at once", message(long + "x"), "too_large"},
		{"2^63", head(0, 1<<63), "too_large"},
		{"2^64-1", head(0, 1<<64-1), "too_large"},
		{"sums over 2^64", append(head(flagMore, 1), append([]byte("x"), head(0, 1<<64-1)...)...), "too_large"},
		{"a command", appendCommand(nil, "PING", nil), ""},
		{"an unknown flag", []byte{16, 0}, "bad_frame"},
		{"a command with more", []byte{flagCommand | flagMore, 0}, "bad_frame"},
	} {
		n, _, command, err := limit.item(c.b)
		if c.kind != "" {
			if v, ok := err.(*violation); !ok || v.kind != c.kind {
				t.Errorf("%s: %v; want %s", c.name, err, c.kind)
			}
			continue
		}
		if n != len(c.b) || err != nil || command != (c.b[0]&flagCommand != 0) {
			t.Errorf("%s: %d of %d, %v, %v", c.name, n, len(c.b), command, err)
		}
		for i := range c.b { // any part of it asks for more, and not for more than there will be
			n, need, _, err := limit.item(c.b[:i])
			if n != 0 || err != nil || need <= i || need > len(c.b)+9 {
				t.Fatalf("%s: %d of %d bytes: %d, %d, %v", c.name, i, len(c.b), n, need, err)
			}
		}
	}
}
