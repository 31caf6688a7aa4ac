package node

import (
	"bytes"
	"slices"
	"sync"
	"time"
	"unsafe"

	"hearsay/node/link"
	"hearsay/topics"
)

// arrival is a message that came, as its bytes say: nobody has judged yet whether it may say so.
type arrival struct {
	via      topics.Name // the peer whose publisher said it; this node's own name where it did itself
	link     link.ID     // over which it came; 0: the node's own
	topic    []byte      // its first frame
	sort                 // what that says
	envelope *topics.Envelope
	naive    bool // it has no envelope
	ends     bool // it is the end of an answer
	far      bool // it was said to all, for somebody who has no link to its speaker
	*Message
}

// sort is what the first frame of a message says.
type sort struct {
	kind     topics.Kind
	said     string          // the topic that its origin said it on
	channel  string          // of it
	relayed  topics.Relayed  // KindRelay
	question topics.Question // KindAsk
}

// hearing is where messages are judged, by one goroutine at a time. Whoever unlocks it looks whether something has come
// meanwhile, unless nothing is judged any more: others have left that to it.
type hearing struct {
	mu    sync.Mutex
	judge *judge
	seen  map[topics.Name]*tally
	over  bool // nothing more is judged
}

// hear is the one way of a message to the application: what came is decoded, judged, and delivered. It never waits for
// the application, nor for the loop.
//
//	run -> decode -> may it say so? -> judge -> inbox -> Receive, Messages
//	                                     \-> ring, relays, questions
func (n *Node) hear() {
	defer close(n.heard)
	defer n.endHearing()
	h := &n.hearing
	j := h.judge
	look := func() { j.views <- n.machine.Relays() }
	for {
		var ask chan<- func()
		if h.asks() {
			ask = n.asked
		}
		select {
		case <-n.inbox.arrived:
		case <-j.tick.C:
			j.due.Store(true)
			h.mu.Lock()
			j.tickAt = -1
			h.mu.Unlock()
		case ask <- look:
			j.asked.Store(true)
			j.due.Store(false)
		case v := <-j.views:
			h.mu.Lock()
			j.look(v)
			j.after()
			h.mu.Unlock()
		case <-n.ended:
			return
		}
		n.judgeUpTo(inARowBytes)
	}
}

// inARowBytes is how much is judged for one look at what else there is to do: milliseconds of it.
const inARowBytes = 1 << 20

// asks reports whether the judge is to look at the mesh, and the loop was not asked for it yet. It takes no lock: who finds
// the judge busy leaves to it what has come, and this is nobody who would judge that.
func (h *hearing) asks() bool { return h.judge.due.Load() && !h.judge.asked.Load() }

// judgeUpTo has what has come judged: here up to so many bytes and a parcel, or by whoever is at it already, who looks once
// more when it is done. What is more is left to the goroutine that hears: who reads a connection is not to be held up by
// what others send.
func (n *Node) judgeUpTo(most int) {
	for n.inbox.waits() && n.hearing.mu.TryLock() {
		over := n.hearing.over
		if !over {
			most -= n.judgeLocked(most)
		}
		n.hearing.mu.Unlock()
		if over {
			return
		}
		if most <= 0 {
			if n.inbox.waits() {
				signal(n.inbox.arrived)
			}
			return
		}
	}
}

// judgeLocked judges what has come, up to so many bytes and a parcel, and returns how many these were. hearing.mu is held.
func (n *Node) judgeLocked(most int) (judged int) {
	j := n.hearing.judge
	for judged < most {
		p, b, ok := n.inbox.take()
		if !ok {
			break
		}
		judged += len(p.run) + parcelCost
		n.judgeParcel(j, p, b)
		good := len(b.messages)
		n.inbox.deliver(b)
		n.logMessages(n.hearing.seen, p.from, good)
	}
	j.after()
	return judged
}

// endHearing counts what nobody will judge any more as lost.
func (n *Node) endHearing() {
	n.hearing.mu.Lock()
	n.hearing.over = true
	n.hearing.judge.tick.Stop()
	n.hearing.mu.Unlock()
	n.inbox.end()
}

// judgeParcel puts into the batch what the application is to get of a parcel.
func (n *Node) judgeParcel(j *judge, p parcel, b *batch) {
	j.begin(p)
	defer j.release()
	if p.news != nil {
		j.take(p)
		j.give(b)
		return
	}
	if p.link != 0 && !j.rules.Admits(j.via) { // it was sent before the link was hung up
		n.counters.unauthorized.Add(uint64(p.count))
		return
	}
	r := &j.reader
	b.messages = slices.Grow(b.messages, p.count)
	var frames [topics.MaxFrames][]byte
	rest, from := p.run, 0
	for f := rest.Next(frames[:0]); f != nil; f = rest.Next(frames[:0]) {
		last, to := len(b.messages), len(p.run)-len(rest)
		b.messages = append(b.messages, Message{})
		a := arrival{via: p.from, link: p.link, Message: &b.messages[last]}
		good := r.decode(&a, f)
		switch {
		case !good:
			n.counters.badMessages.Add(1)
		case a.ends:
			good = false
			j.out = j.rules.AnswerEnds(j.now, j.via, a.topic, j.out)
		case string(a.topic) == topics.Newest && p.link != 0:
			if good = false; len(a.Body) > topics.MaxNewest {
				break
			}
			j.out = j.rules.Newer(j.now, j.via, string(a.Body), j.out)
		case n.isTalk(a.topic):
			good, a.From = false, a.via
			n.takeTalk(&a)
		default:
			good = n.maySpeak(&a) && (p.link == 0 || j.pass(&a, f, from, to) && j.isForHere(a.said, a.Message))
		}
		if good && a.expires != 0 {
			b.expires = true
		}
		if !good {
			b.messages = b.messages[:last]
			j.give(b)
		}
		from = to
	}
	j.end(b)
}

// maySpeak reports whether a message may say what it says. What may not is counted.
func (n *Node) maySpeak(a *arrival) bool {
	if a.kind == topics.KindUnknown || a.Channel != "" && !n.takes([]byte(a.said)) {
		n.counters.unsubscribed.Add(1) // a longer name than one we asked for: ZeroMQ matches prefixes
		return false
	}
	origin := a.via
	switch a.kind {
	case topics.KindRelay:
		origin = a.relayed.Origin
	case topics.KindAsk:
		origin = a.question.Origin
	}
	if a.naive && a.kind != topics.KindMessage && a.kind != topics.KindChannel {
		n.counters.badMessages.Add(1)
		return false
	}
	if !a.naive && a.envelope.Origin != origin && a.envelope.Origin.Key() != origin.Key() {
		n.counters.forgedOrigins.Add(1) // only relayed messages speak for others
		return false
	}
	if a.From = origin; origin != a.via {
		a.From = a.envelope.Origin
	}
	return true
}

// reader decodes messages. Most of those of a run have much in common.
type reader struct {
	limit     int // bytes of a body
	topic     []byte
	sort      sort // of it
	envelopes topics.EnvelopeReader
	at        int64 // in the last envelope,
	sentAt    time.Time
}

// decode reads a message's frames, and shares their memory. It reports whether they are a message.
func (r *reader) decode(a *arrival, frames [][]byte) bool {
	if len(frames) < 2 || len(frames[1]) > r.limit {
		return false
	}
	a.topic, a.Body, a.naive = frames[0], frames[1], len(frames) == 2
	if r.topic == nil || !bytes.Equal(a.topic, r.topic) {
		r.topic, r.sort = a.topic, sortOf(a.topic)
	}
	a.sort, a.Channel = r.sort, r.sort.channel
	if a.naive {
		a.ends = a.kind == topics.KindAsk && len(a.Body) == 0
		return true
	}
	e, err := r.envelopes.Read(text(frames[2]))
	if err != nil {
		return false
	}
	if e.SentAt != r.at {
		r.at, r.sentAt = e.SentAt, sentAt(e.SentAt)
	}
	a.envelope = e
	a.UID, a.SentAt, a.Type, a.expires = e.UID, r.sentAt, e.Type, e.Expires
	return true
}

// sortOf reads a first frame. KindUnknown is what is no message.
func sortOf(topic []byte) (s sort) {
	var err error
	switch s.kind = topics.KindOf(topic); s.kind {
	case topics.KindMessage, topics.KindChannel:
		s.said = string(topic)
	case topics.KindRelay:
		s.relayed, err = topics.ParseRelayed(topic)
		s.said = s.relayed.Topic
	case topics.KindAsk:
		s.question, err = topics.ParseQuestion(topic)
		s.said = s.question.Topic
	default:
		s.kind = topics.KindUnknown
	}
	if err != nil {
		return sort{kind: topics.KindUnknown}
	}
	s.channel, _ = topics.Channel(s.said)
	return s
}

// text is b as a string, without a copy. A run is never written to, and lives as long as any of it is held.
func text(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// sentAt is the zero time where an envelope does not say when it was sent: 0 is what JSON leaves a number at.
func sentAt(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}

// tally sums a peer's messages between two lines of the log.
type tally struct {
	at    time.Time
	gap   time.Duration // to the next line
	count int
}

const (
	tallyLeast = time.Second // between lines about a peer that speaks now and then
	tallyMost  = time.Minute // and about one that does not stop
)

// add counts messages and reports whether a line is due: at once after a silence, and then ever more rarely while
// they keep coming, so that no peer can fill a disk.
func (t *tally) add(now time.Time, count int) (due bool) {
	t.count += count
	passed := now.Sub(t.at)
	switch {
	case t.at.IsZero() || passed >= tallyMost+tallyLeast:
		t.gap = tallyLeast
	case passed >= t.gap:
		t.gap = min(2*t.gap, tallyMost)
	default:
		return false
	}
	t.at = now
	return true
}

// logMessages says how many messages the application is to get. Those that it is not are counted elsewhere.
func (n *Node) logMessages(seen map[topics.Name]*tally, from topics.Name, count int) {
	if count == 0 {
		return
	}
	t := seen[from]
	if t == nil {
		if len(seen) > topics.MaxNames {
			clear(seen)
		}
		t = &tally{}
		seen[from] = t
	}
	if t.add(time.Now(), count) {
		n.log.Info("message received", "from", from, "count", t.count)
		t.count = 0
	}
}
