package node

import (
	"bytes"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"hearsay/mesh/relay"
	"hearsay/node/link"
	"hearsay/node/link/zmtp"
	"hearsay/topics"
)

// ring keeps messages for those that missed them: a relay.Ring for several goroutines.
type ring struct {
	start time.Time
	newer *atomic.Pointer[ring] // that of the node's rings which something was put into last

	mu   sync.Mutex
	kept *relay.Ring[link.Run]
}

// othersPart is the part of Config.RingBytes that messages of others may take. Their origins have them too.
const othersPart = 4

// newRings makes the ring of what this node publishes, and that of what others do.
func newRings(cfg *Config, start time.Time) (own, others *ring) {
	newer := new(atomic.Pointer[ring])
	part := cfg.RingBytes / othersPart
	return newRing(cfg.RingBytes-part, cfg.RingTime, start, newer), newRing(part, cfg.RingTime, start, newer)
}

func newRing(bytes int, age time.Duration, start time.Time, newer *atomic.Pointer[ring]) *ring {
	r := &ring{start: start, newer: newer, kept: relay.NewRing[link.Run](bytes, age)}
	r.kept.Join(joinRuns)
	return r
}

// joinedMost is the bytes up to which runs are joined. A million small ones would keep the garbage collector busy.
const joinedMost = 32 << 10

// joinRuns writes a run behind another one, into memory that only it has.
func joinRuns(run, next link.Run) (joined link.Run, size int, ok bool) {
	all := len(run) + len(next)
	if all > joinedMost {
		return nil, 0, false
	}
	if all > cap(run) {
		run = append(slices.Grow(link.Run(nil), 2*all), run...) // whose capacity is all that it takes
	}
	return append(run, next...), cap(run), true
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

// put keeps a run of one stream, with the numbers from first to last. It returns the same run, where it stands now.
func (r *ring) put(s relay.Stream, first, last uint64, run link.Run) link.Run {
	now := time.Since(r.start)
	r.mu.Lock()
	if r.newer.Swap(r) != r {
		r.kept.Apart() // or it would stand before what came before it
	}
	kept := r.kept.Put(now, s, first, last, run[:len(run):len(run)], len(run))
	r.mu.Unlock()
	if from := len(kept) - len(run); from > 0 {
		return kept[from:len(kept):len(kept)]
	}
	return run
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
	r.kept.Answer(now, q, most, func(k *relay.Kept[link.Run], from, to uint64) {
		parts = append(parts, part{k.Run, from - k.First, to - from + 1})
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

// keepOwn keeps a run that this node publishes, and returns it as it is kept: what the application does not read for a
// while is not held twice.
func (n *Node) keepOwn(topic []byte, run link.Run, messages int) link.Run {
	var frames [topics.MaxFrames][]byte
	first := run
	f := first.Next(frames[:0])
	if len(f) < 3 {
		return run
	}
	e, err := topics.ParseEnvelope(f[2])
	if err != nil || e.Number == 0 {
		return run
	}
	s := relay.Stream{Origin: n.key, Incarnation: e.Incarnation, Topic: string(topic)}
	return n.own.put(s, e.Number, e.Number+uint64(messages)-1, run)
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
	if cap(run)-len(kept) > cap(run)/spanWaste {
		kept = bytes.Clone(kept)
	}
	r.put(s.Stream, s.first, s.last, kept)
	s.first = 0
}
