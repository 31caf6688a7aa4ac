package link

import (
	"bytes"
	"encoding/binary"
	"sync"

	"hearsay/node/link/zmtp"
)

// A beat may have two texts: one for listeners that said hello, and one for those that did not, which may be naive and
// could not stand the first. zmq4 is given both in one piece, and each subscriber's end takes its own out of it.

// twoTexts marks such a piece. No run begins like that: the upper five bits of a frame's flags are clear.
const twoTexts = 0xff

const textsHead = 1 + 8 // the mark, and the size of the first text

// joinTexts puts two texts into one piece.
func joinTexts(named, nameless []byte) []byte {
	b := make([]byte, 0, textsHead+len(named)+len(nameless))
	b = append(b, twoTexts)
	b = binary.BigEndian.AppendUint64(b, uint64(len(named)))
	return append(append(b, named...), nameless...)
}

// textFor takes one text out of a piece. A run is the text for everybody.
func textFor(piece []byte, named bool) []byte {
	if len(piece) == 0 || piece[0] != twoTexts {
		return piece
	}
	size := binary.BigEndian.Uint64(piece[1:textsHead])
	if first := piece[textsHead : textsHead+size : textsHead+size]; named {
		return first
	}
	return piece[textsHead+size:]
}

// beat is the message that new listeners get, in both texts.
type beat struct{ named, nameless []byte }

func newBeat(named, nameless [][]byte) beat {
	b := beat{named: zmtp.AppendMessage(nil, named...)}
	b.nameless = b.named
	if nameless != nil {
		b.nameless = zmtp.AppendMessage(nil, nameless...)
	}
	return b
}

func (b beat) text(named bool) []byte {
	if named {
		return b.named
	}
	return b.nameless
}

// add appends a message to the run. Where it has two texts, or one before it had, the run has two.
func (r *topicRun) add(named, nameless [][]byte) {
	if nameless != nil && r.nameless == nil {
		r.nameless = append([]byte{}, r.run...)
	}
	if r.nameless != nil {
		other := named
		if nameless != nil {
			other = nameless
		}
		r.nameless = zmtp.AppendMessage(r.nameless, other...)
	}
	r.run = zmtp.AppendMessage(r.run, named...)
	r.count++
}

// runRooms have the memory in which runs grow: it is neither made nor cleared for each.
var runRooms = sync.Pool{New: func() any { return new([maxRun]byte) }}

// newRun is a run whose first message has so many bytes.
func newRun(topic string, size int) topicRun {
	if size > maxRun {
		return topicRun{topic: topic, run: make([]byte, 0, size)}
	}
	room := runRooms.Get().(*[maxRun]byte)
	return topicRun{topic: topic, run: room[:0], room: room}
}

// settle gives the run memory of its own, and no more than it needs: it may be kept for a while. Nothing is added to it then.
func (r *topicRun) settle() {
	if r.room != nil {
		r.run = bytes.Clone(r.run)
		runRooms.Put(r.room)
		r.room = nil
	}
}

// size is its bytes.
func (r *topicRun) size() int { return len(r.run) + len(r.nameless) }

// piece is what zmq4 is given.
func (r *topicRun) piece() []byte {
	if r.nameless == nil {
		return r.run
	}
	return joinTexts(r.run, r.nameless)
}
