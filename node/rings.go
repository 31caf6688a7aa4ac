package node

import (
	"bytes"
	"sync"
	"time"

	"hearsay/mesh/relay"
	"hearsay/node/link"
	"hearsay/node/link/zmtp"
	"hearsay/topics"
)

// ring keeps messages for those that missed them: a relay.Ring for several goroutines.
type ring struct {
	start time.Time

	mu   sync.Mutex
	kept *relay.Ring[spot]
	blocks
}

// othersPart is the part of Config.RingBytes that messages of others may take. Their origins have them too.
const othersPart = 4

func newRing(bytes int, age time.Duration, start time.Time) *ring {
	r := &ring{start: start, blocks: newBlocks(bytes)}
	r.kept = relay.NewRing[spot](bytes-r.uncounted(), age, r.drop)
	return r
}

// keepFor has the ring keep what it has for so long from now on.
func (r *ring) keepFor(age time.Duration) {
	r.mu.Lock()
	r.kept.KeepFor(age)
	r.mu.Unlock()
}

// ringMost is for how long rings keep messages while a connection over which a member reads these carries nothing: as long as
// such a connection stands, and then some. The member may ask for all of it when the network carries again.
const ringMost = 6 * time.Minute

// askedWithin is how long after a silence a reader that hears this node again has for asking, however short RingTime is.
const askedWithin = time.Minute

// ringAge is for how long rings keep messages, where readers were silent last at some time; never: 0.
func (c *Config) ringAge(now, silent time.Duration) time.Duration {
	if silent > 0 && now-silent < max(c.RingTime, askedWithin) {
		return max(c.RingTime, ringMost)
	}
	return c.RingTime
}

// put keeps a run of one stream, with the numbers from first to last. One that is not small must not change any more.
func (r *ring) put(s relay.Stream, first, last uint64, run link.Run) {
	now := time.Since(r.start)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.kept.Len() == 0 {
		r.leave() // the next block is a small one
	}
	at := r.add(run)
	if r.kept.Put(now, s, first, last, at, len(run)+r.spoilt) {
		r.spoilt = 0
	} else {
		r.undo(at)
	}
}

// part is some messages of a run.
type part struct {
	run  link.Run
	skip uint64 // messages before them
	take uint64
}

// find returns what it has of what a question asks for.
func (r *ring) find(q topics.Question, most int) (parts []part) {
	now := time.Since(r.start)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.kept.Answer(now, q, most, func(k *relay.Kept[spot], from, to uint64) {
		parts = append(parts, part{r.run(k.Run), from - k.First, to - from + 1})
	})
	return parts
}

// answerRun is the bytes of the runs that an answer is given in.
const answerRun = 64 << 10

// sayAgain gives a link what it has of what a question asks for, under the question's topic.
func (n *Node) sayAgain(q topics.Question, topic string, most int, give func(link.Run)) {
	q.Origin = q.Origin.Key()
	from := n.others
	if q.Origin == n.key {
		from = n.own
	}
	var run link.Run
	var frames [topics.MaxFrames][]byte
	for _, p := range from.find(q, most) {
		for f := p.run.Next(frames[:0]); f != nil && p.take > 0; f = p.run.Next(frames[:0]) {
			if p.skip > 0 {
				p.skip--
				continue
			}
			p.take--
			f[0] = []byte(topic)
			run = zmtp.AppendMessage(run, f...)
			if len(run) >= answerRun {
				give(run)
				run = nil
			}
		}
	}
	if len(run) > 0 {
		give(run)
	}
}

// keepOwn keeps a run that this node publishes.
func (n *Node) keepOwn(topic []byte, run link.Run, messages int) {
	var frames [topics.MaxFrames][]byte
	first := run
	f := first.Next(frames[:0])
	if len(f) < 3 {
		return
	}
	e, err := topics.EnvelopeOf(text(f[2]))
	if err != nil || e.Number == 0 {
		return
	}
	s := relay.Stream{Origin: n.key, Incarnation: e.Incarnation, Topic: string(topic)}
	n.own.put(s, e.Number, e.Number+uint64(messages)-1, run)
}

// span is a row of messages of one stream in the run that they came in.
type span struct {
	relay.Stream
	first, last uint64 // numbers; 0: it is empty
	from, to    int    // bytes of the run
}

// spanWaste is the part of a run that may be something else than what is kept of it: what is kept holds all of the run.
const spanWaste = 16

// add takes in a message that stands in a run from a byte to another.
func (s *span) add(r *ring, run link.Run, m relay.Stream, number uint64, from, to int) {
	if s.first > 0 && number == s.last+1 && from == s.to && m == s.Stream {
		s.last, s.to = number, to
		return
	}
	s.flush(r, run)
	*s = span{m, number, number, from, to}
}

// flush keeps it.
func (s *span) flush(r *ring, run link.Run) {
	if s.first == 0 {
		return
	}
	kept := run[s.from:s.to:s.to]
	if !r.small(kept) && cap(run)-len(kept) > cap(run)/spanWaste {
		kept = bytes.Clone(kept)
	}
	r.put(s.Stream, s.first, s.last, kept)
	s.first = 0
}
