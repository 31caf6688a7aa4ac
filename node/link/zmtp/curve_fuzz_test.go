package zmtp

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"
)

// meddled changes bytes as a script says, three bytes for each change: where, and what to.
func meddled(b, script []byte) []byte {
	b = slices.Clone(b)
	for ; len(script) >= 3 && len(b) > 0; script = script[3:] {
		b[int(binary.BigEndian.Uint16(script))%len(b)] = script[2]
	}
	return b
}

// A handshake in which one flight is another, or longer, or changed. Nobody is let in by it, and nothing is read that
// is not there.
func FuzzCurveHandshake(f *testing.F) {
	good := recorded(f)
	for flight := range good {
		f.Add(uint8(flight), good[flight], []byte{}, false)
		f.Add(uint8(flight), []byte{}, []byte{0, 70, 1}, true)
		f.Add(uint8(flight), []byte("trailing"), []byte{0, 0, 0xFF}, true)
	}
	f.Fuzz(func(t *testing.T, at uint8, b, script []byte, own bool) {
		at %= flights
		changed := false
		p := newCurvePair()
		server, client := p.play(func(flight int, said []byte) []byte {
			if flight != int(at) {
				return said
			}
			was := said
			if own {
				said = append(meddled(said, script), b...)
			} else {
				said = b
			}
			changed = !bytes.HasPrefix(said, was)
			return said
		})
		if server == nil && client == nil && changed && at > greeted {
			t.Errorf("flight %d was changed to %x, and nobody noticed", at, b)
		}
	})
}

// What goes through a session is what was sealed, up to the first byte that is not as it was.
func FuzzCurveTraffic(f *testing.F) {
	f.Add([]byte("a body"), []byte{}, uint16(0))
	f.Add([]byte("a body"), []byte{0, 20, 1}, uint16(7))
	f.Add(bytes.Repeat([]byte("x"), 1000), []byte{2, 1, 1, 0, 2, 255}, uint16(300))
	f.Add([]byte{}, []byte{0, 0, 1}, uint16(1))
	server, client := established(f)
	state := *client.(*curveClient)
	f.Fuzz(func(t *testing.T, body, script []byte, piece uint16) {
		from := *server.(*curveServer)
		to := state
		plain := messages(body, []byte("after"), body)
		sealed := from.Seal(nil, plain)
		said := meddled(sealed, script)
		got, err := unsealed(&to, said, int(piece)+1)
		if !bytes.HasPrefix(plain, got) {
			t.Fatalf("%x came of %x", got, plain)
		}
		if bytes.Equal(said, sealed) != (err == nil && len(got) == len(plain)) && !sameBoxes(said, sealed) {
			t.Fatalf("%d of %d bytes, %v", len(got), len(plain), err)
		}
	})
}

// sameBoxes reports whether what differs is no more than the command flag around a box, which nobody minds.
func sameBoxes(a, b []byte) bool {
	for len(a) > 0 && len(b) > 0 {
		flags, size, head := Head(a)
		other, n, _ := Head(b)
		if flags|FlagCommand != other|FlagCommand || size != n || !bytes.Equal(a[head:head+int(size)], b[head:head+int(size)]) {
			return false
		}
		a, b = a[head+int(size):], b[head+int(size):]
	}
	return true
}
