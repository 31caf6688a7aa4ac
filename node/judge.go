package node

import (
	"fmt"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"hearsay/mesh"
	"hearsay/mesh/relay"
	"hearsay/node/link"
	"hearsay/topics"
)

// judge is the seat of the rules about messages (package relay): it belongs to who holds Node.hearing. It is asked about
// every message of others, says to peers what the rules want said, and looks at the mesh once a beat, or when something is
// under repair.
type judge struct {
	n     *Node
	rules *relay.Judge[Message]
	clock judgeClock
	links map[topics.Name][]link.ID // the message links to each peer that are up, by key: the newest is the last
	out   []relay.Delivery[Message]
	held  int // bytes that the inbox counts for what is held
	said  uint64

	tick   *time.Timer
	tickAt time.Duration     // to which it is set
	looked time.Duration     // at the mesh, last
	told   time.Duration     // the newest numbers, last
	needed time.Duration     // that all channels are carried, last
	due    atomic.Bool       // it is time to look again; set by the goroutine that hears, as the next
	asked  atomic.Bool       // the loop was asked
	views  chan *mesh.Relays // has what it was asked for

	// Of the run that is judged.
	via topics.Name // the key of the peer from which it came
	run link.Run
	now time.Duration
	reader
	span
}

// lookMost is between two looks at the mesh at most, and lookLeast at least.
const (
	lookMost  = time.Second
	lookLeast = 5 * time.Millisecond
)

// heldMost bounds what is held behind gaps: a part of the inbox, so that it never fills it.
func heldMost(inbox int) int { return min(16<<20, inbox/4) }

func newJudge(n *Node) *judge {
	j := &judge{
		n: n, links: make(map[topics.Name][]link.ID), views: make(chan *mesh.Relays, 1),
		clock: judgeClock{seen: time.Now()}, tick: time.NewTimer(lookMost),
		rules: relay.New[Message](relay.Config{
			Self: n.key, Seed: n.seed, Beat: n.cfg.Beat, Held: heldMost(n.inbox.limit),
			ReplayCount: uint64(n.cfg.ReplayCount), ReplayWithin: n.cfg.ReplayTime,
			Wants:  func(topic string) bool { return topic == topics.Message || n.takes([]byte(topic)) },
			Topics: func() []string { return append([]string{topics.Message}, *n.channels.Load()...) },
			Own:    farTopic,
		}, kept),
	}
	if n.lock.byName {
		j.rules.Admit(0, n.lock.first.Members())
	}
	return j
}

// judgeClock is the time by which the rules wait for others. It stands still while this node reads no messages, and while
// it was stopped, or starved: what did not come then is not missing.
type judgeClock struct {
	at   time.Duration
	seen time.Time
}

// stepMost is more than passes between two looks of a process that runs.
const stepMost = 2 * lookMost

func (c *judgeClock) now(held bool) time.Duration {
	passed := time.Since(c.seen)
	c.seen = c.seen.Add(passed)
	if !held {
		c.at += min(passed, stepMost)
	}
	return c.at
}

// news is what happens to a link for messages, or what a beat tells of them. It goes the way of the messages, so that
// neither overtakes the other.
type news struct {
	kind        newsKind
	topic       string
	incarnation int64
	born        bool          // the incarnation started after this node,
	age         time.Duration // so long ago
	replay      bool          // the beat was said before
	last        string        // what it tells of the last numbers
	members     []topics.Name // whose keys are known now
}

type newsKind uint8

const (
	newsUp newsKind = iota
	newsDown
	newsNumbers
	newsSubscribed
	newsUnsubscribed
	newsKeys
)

// begin is before the messages of a parcel.
func (j *judge) begin(p parcel) {
	j.now = j.clock.now(j.n.inbox.isHeld())
	j.via, j.run = p.from.Key(), p.run
	j.reader = reader{limit: j.n.cfg.MaxMessage}
	if p.news == nil && p.link != 0 {
		j.rules.Came(j.now, j.via)
	}
}

// end is after them.
func (j *judge) end(b *batch) {
	j.flush(j.n.others, j.run)
	j.give(b)
}

// release lets go of the run: nobody counts what the judge holds.
func (j *judge) release() { j.run, j.reader = nil, reader{} }

// give puts into a batch what is to be delivered, which is counted before it is.
func (j *judge) give(b *batch) {
	j.count()
	for i := range j.out {
		d := &j.out[i]
		d.Message.Missed = d.Missed
		if c := d.Message.Channel; c != "" && !j.isForHere(topics.ChannelPrefix+c, &d.Message) {
			continue // it is carried for others
		}
		b.expires = b.expires || d.Message.expires != 0
		b.messages = append(b.messages, d.Message)
	}
	clear(j.out)
	j.out = j.out[:0]
	if holding := j.rules.Holding(); holding != j.held {
		j.n.inbox.hold(holding-j.held, b)
		j.held = holding
	}
}

// take takes in news.
func (j *judge) take(p parcel) {
	e := p.news
	switch e.kind {
	case newsUp:
		j.links[j.via] = append(j.links[j.via], p.link)
		j.rules.Open(j.now, j.via, len(j.links[j.via]))
		j.rules.Up(j.now, j.via)
		j.replay(j.via, topics.Message)
		for _, topic := range *j.n.channels.Load() {
			j.replay(j.via, topic)
		}
	case newsDown:
		if j.links[j.via] = slices.DeleteFunc(j.links[j.via], func(id link.ID) bool { return id == p.link }); len(j.links[j.via]) == 0 {
			delete(j.links, j.via)
		}
		j.rules.Open(j.now, j.via, len(j.links[j.via]))
	case newsNumbers:
		since, late := j.rules.Late(j.now, j.via)
		if late && e.replay {
			return // it may tell less than was said before its key was known here, of which nothing is wanted
		}
		if e.born && (!late || e.age <= since) {
			j.rules.Born(j.now, j.via, e.incarnation)
		}
		j.out = j.rules.Tell(j.now, j.via, e.incarnation, e.last, j.out)
	case newsSubscribed:
		j.rules.Subscribed(j.now, e.topic)
		for peer := range j.links {
			j.replay(peer, e.topic)
		}
	case newsUnsubscribed:
		j.rules.Unsubscribed(j.now, e.topic)
	case newsKeys:
		j.rules.Admit(j.now, e.members)
	}
}

func (j *judge) replay(peer topics.Name, topic string) { j.rules.Replay(j.now, peer, peer, topic) }

// pass judges a message that stands in the run between two bytes. It reports whether the application gets it at once, as it
// is; else what it gets is in out.
func (j *judge) pass(a *arrival, frames [][]byte, from, to int) bool {
	m := relay.Stream{Origin: j.via, Topic: a.said}
	number, uid := uint64(0), ""
	if !a.naive {
		m.Incarnation, number, uid = a.envelope.Incarnation, a.envelope.Number, a.envelope.UID
	}
	fresh, relayed := true, false
	at := a.kind == topics.KindMessage || a.kind == topics.KindChannel
	if !at || number == 0 || !j.rules.Next(j.now, m, number) {
		size := to - from + messageSize
		switch {
		case at:
			at = false
			fresh, j.out = j.rules.Message(j.now, m, number, uid, *a.Message, size, j.out)
		case a.kind == topics.KindRelay:
			m.Origin, relayed = a.relayed.Origin.Key(), true
			fresh, j.out = j.rules.Relay(j.now, j.via, a.relayed.Far, m, number, uid, *a.Message, size, j.out)
		default:
			m.Origin = a.question.Origin.Key()
			relayed = m.Origin != j.via
			fresh, j.out = j.rules.Answer(j.now, j.via, a.topic, m, number, uid, *a.Message, size, j.out)
		}
	}
	if !fresh {
		return false
	}
	if number > 0 {
		j.add(j.n.others, j.run, m, number, from, to)
	}
	if j.n.link.Relays() {
		j.forward(a, m, frames, relayed)
	}
	return at
}

// forward passes a message on to those that asked for it.
func (j *judge) forward(a *arrival, m relay.Stream, frames [][]byte, relayed bool) {
	wanted := m.Origin
	if relayed {
		wanted = ""
	}
	if !j.n.link.RelaysOf(wanted) {
		return
	}
	var envelope []byte
	if a.naive {
		j.said++
		envelope = topics.AppendEnvelope(nil, topics.Envelope{Version: 1, Origin: a.From, UID: j.uid(), TTL: defaultTTL - 1})
	} else if text, ok := topics.Forward(frames[2]); ok {
		envelope = text
	} else {
		return
	}
	topic := topics.Relayed{Far: relayed, Origin: m.Origin, Topic: m.Topic}.String()
	if j.n.link.Publish(link.Message, []byte(topic), frames[1], envelope) == nil {
		j.n.counters.passedOn.Add(1)
	}
}

// uid is one for a message of a naive node: no other relay, and no other life of this one, gives it.
func (j *judge) uid() string {
	b := append(strconv.AppendUint(nil, nameHash(j.n.key), 36), '-')
	b = append(strconv.AppendInt(b, j.n.start.UnixMilli(), 36), '-')
	return string(strconv.AppendUint(b, j.said, 36))
}

// look takes in the mesh as the loop knows it, and repairs what is due.
func (j *judge) look(v *mesh.Relays) {
	j.asked.Store(false)
	j.tickAt = -1
	held := j.n.inbox.isHeld()
	j.now = j.clock.now(held)
	j.looked = j.now
	j.n.sparse.Store(v.Sparse())
	j.carry(v.Sparse())
	if !held {
		j.out = j.rules.Tick(j.now, v, j.out)
	}
	j.tellNewest()
	if len(j.out) > 0 || j.held != j.rules.Holding() {
		b := j.n.inbox.batch()
		j.give(b)
		j.n.inbox.deliver(b)
	}
}

// tellNewest tells those that ask for it which numbers it has: at first those of late, and then the newest once or twice a beat.
func (j *judge) tellNewest() {
	if j.n.link.NewWatchers() {
		j.n.link.TellNewWatchers(j.rules.Recent(j.now))
	}
	if !j.n.link.Watched() || j.now-j.told < j.n.cfg.Beat/2 {
		return
	}
	j.told = j.now
	if body := j.rules.Newest(j.now); len(body) > 0 {
		_ = j.n.link.Publish(link.Message, []byte(topics.Newest), body)
	}
}

// after does what the rules want done, and sees to it that they are asked again in time.
func (j *judge) after() {
	for _, s := range j.rules.Says() {
		id := j.linkTo(s.To)
		switch {
		case id == 0:
		case s.Topic == "":
			j.n.log.Warn("messages may be missed", "peer", s.To,
				"why", "its connection brought nothing, and a relay is asked from now on: the messages of a naive node have no numbers")
			j.n.link.HangUp(id)
		default:
			j.n.link.Say(id, s.Topic, s.Cancel)
		}
	}
	for _, name := range j.rules.Starved() {
		j.n.link.Ask(j.linkTo(name))
	}
	for _, s := range j.rules.Waited() {
		if j.receives(s.Topic) {
			j.n.tellLate(s)
		}
	}
	for _, g := range j.rules.Gaps() {
		if j.receives(g.Topic) {
			j.n.tellMissed(g)
		}
	}
	j.count()
	if j.due.Load() || j.asked.Load() {
		return // a look at the mesh is under way
	}
	if at := min(j.looked+min(lookMost, j.n.cfg.Beat), max(j.rules.Deadline(), j.looked+lookLeast)); at != j.tickAt {
		j.tickAt = at
		j.tick.Reset(at - j.now)
	}
}

// count shows everybody what the rules have counted.
func (j *judge) count() {
	if stats := j.rules.Stats(); stats != *j.n.judged.Load() {
		changed := stats // alone is worth an allocation
		j.n.judged.Store(&changed)
	}
}

// linkTo is the newest message link to a peer; 0: none is up.
func (j *judge) linkTo(peer topics.Name) link.ID {
	if ids := j.links[peer]; len(ids) > 0 {
		return ids[len(ids)-1]
	}
	return 0
}

// tellLate says whose messages are waited for.
func (n *Node) tellLate(s relay.Stream) {
	channel, _ := topics.Channel(s.Topic)
	n.log.Warn("messages late", "peer", s.Origin, "channel", channel,
		"why", "nothing comes over its connection for messages, or there is none: the network holds them up, or a firewall drops them")
}

// tellMissed says of which messages this node will not know any more.
func (n *Node) tellMissed(g relay.Gap) {
	channel, _ := topics.Channel(g.Topic)
	on := ""
	if channel != "" {
		on = " on channel " + channel
	}
	why := fmt.Sprintf("%d messages%s, numbers %d to %d: nobody has them any more", g.To-g.From+1, on, g.From, g.To)
	if g.From == g.To {
		why = fmt.Sprintf("1 message%s, number %d: nobody has it any more", on, g.From)
	}
	n.losses.miss(stream{g.Origin, channel}, g.To-g.From+1, time.Now(), n.lossShown())
	n.log.Warn("messages missed", "peer", g.Origin, "channel", channel, "count", g.To-g.From+1, "first", g.From, "last", g.To)
	n.hub.publish(time.Now(), mesh.Change{Kind: mesh.Missed, Peer: g.Origin, Why: why, Incarnation: g.Incarnation})
}

// nameHash is FNV-1a.
func nameHash(name topics.Name) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(name) {
		h = (h ^ uint64(name[i])) * 1099511628211
	}
	return h
}
