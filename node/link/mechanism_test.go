package link

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"hearsay/node/link/zmtp"
)

// toy is a mechanism as strange as one may be: the client speaks first, the server answers, the client ends; and each
// frame is sealed into one that is longer, and whose head tells nothing of it.
type toy struct{}

func (toy) Name() string                    { return "TOY" }
func (toy) Open(p zmtp.Params) zmtp.Session { return &toySession{Params: p} }

type toySession struct {
	zmtp.Params
	peer string
}

func (s *toySession) First(dst []byte) []byte {
	if s.Side == zmtp.Client {
		dst = zmtp.AppendCommand(dst, "A", []byte(s.SocketType))
	}
	return dst
}

func (s *toySession) Take(dst, command []byte) ([]byte, bool, error) {
	name, body, _ := zmtp.ParseCommand(command)
	switch {
	case s.Side == zmtp.Server && name == "A":
		s.peer = string(body)
		return zmtp.AppendCommand(dst, "B", []byte(s.SocketType)), false, nil
	case s.Side == zmtp.Client && name == "B":
		s.peer = string(body)
		return zmtp.AppendCommand(dst, "C", nil), true, nil
	case s.Side == zmtp.Server && name == "C" && s.peer != "":
		return dst, true, nil
	}
	return dst, false, fmt.Errorf("toy: %q", name)
}

func (s *toySession) Awaits() string { return "A, B or C" }
func (s *toySession) Peer() string   { return s.peer }

const toyKey = 0x5A

// Seal wraps each frame, its head included, into a frame of its own.
func (s *toySession) Seal(_, frames []byte) (sealed []byte) {
	for len(frames) > 0 {
		_, size, head := zmtp.Head(frames)
		whole := bytes.Clone(frames[:head+int(size)])
		for i := range whole {
			whole[i] ^= toyKey
		}
		sealed = zmtp.AppendFrame(sealed, 0, append([]byte("sealed:"), whole...))
		frames = frames[head+int(size):]
	}
	return sealed
}

func (s *toySession) Unseal(b []byte) (plain, rest []byte, need int, err error) {
	out := 0
	for at := 0; ; {
		_, size, head := zmtp.Head(b[at:])
		need = zmtp.MaxHead
		if head > 0 {
			if size > uint64(s.MaxMessage)+100 {
				return nil, nil, 0, zmtp.Violate(zmtp.TooLarge, "a sealed frame of %d bytes", size)
			}
			need = head + int(size)
		}
		if head == 0 || len(b)-at < need {
			return b[:out], b[at:], need, nil
		}
		box, ok := bytes.CutPrefix(b[at+head:at+need], []byte("sealed:"))
		if !ok {
			return nil, nil, 0, errors.New("toy: not sealed")
		}
		for _, c := range box {
			b[out] = c ^ toyKey
			out++
		}
		at += need
	}
}

// Links whose mechanism needs a dialogue and changes every byte carry messages as those with NULL do.
func TestMechanism(t *testing.T) {
	t.Parallel()
	from := open(t, Config{Mechanism: toy{}, OverTCP: true})
	to := open(t, Config{Mechanism: toy{}, OverTCP: true, Subscribe: []string{"1"}})
	discard(from)
	if err := to.Dial(t.Context(), Message, from.Addr(Message), "from"); err != nil {
		t.Fatal(err)
	}
	hears(t, from, to)
	sizes := []int{0, 1, 254, 255, 256, 1000, 70_000, 1 << 20, 5}
	for _, size := range sizes {
		if err := from.Publish(Message, []byte("1"), bytes.Repeat([]byte{byte(size)}, size), []byte("sized")); err != nil {
			t.Fatal(err)
		}
	}
	var frames [8][]byte
	for e := range to.Events() {
		if e.Kind == Down {
			t.Fatal(e.Err)
		}
		for r := e.Run; len(r) > 0 && len(sizes) > 0; {
			f := r.Next(frames[:0])
			if len(f) < 3 {
				continue
			}
			if want := bytes.Repeat([]byte{byte(sizes[0])}, sizes[0]); !bytes.Equal(f[1], want) {
				t.Fatalf("%d bytes came; want %d", len(f[1]), len(want))
			}
			sizes = sizes[1:]
		}
		if len(sizes) == 0 {
			break
		}
	}
	discard(to)
}

// hears returns once something that one link publishes has come to another.
func hears(t *testing.T, from, to *Link) {
	t.Helper()
	eventually(t, "the first message", func() bool {
		if err := from.Publish(Message, []byte("1"), []byte("are you there?")); err != nil {
			t.Fatal(err)
		}
		select {
		case e := <-to.Events():
			return e.Kind == Received
		default:
			return false
		}
	})
}

// A peer that greets with another mechanism is turned away.
func TestOtherMechanism(t *testing.T) {
	t.Parallel()
	from := open(t, Config{Mechanism: toy{}, OverTCP: true})
	to := open(t, Config{OverTCP: true})
	discard(from)
	discard(to)
	err := to.Dial(t.Context(), Message, from.Addr(Message), "from")
	if !errors.Is(err, ErrHandshake) {
		t.Errorf("got %v", err)
	}
	counts(t, from, "handshake_rejects", 1)
}
