package link

import (
	"bytes"
	"sync"

	"hearsay/node/link/zmtp"
)

// A beat may have two texts: one for listeners that said hello, and one for those that did not, which may be naive and
// could not stand the first.

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

// text is what goes to who has said hello, or to who has not.
func (r *topicRun) text(named bool) []byte {
	if named || r.nameless == nil {
		return r.run
	}
	return r.nameless
}
