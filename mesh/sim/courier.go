package sim

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"hearsay/mesh"
	"hearsay/mesh/relay"
	"hearsay/topics"
)

// post is a message of an application, as it goes over a message link.
type post struct {
	topic string // the first frame
	relay.Stream
	number uint64
	uid    string // "": it has no envelope
	ttl    int
	ends   bool // it has no body: the end of an answer
	forged bool
	newest string // what is told of numbers, where it is no message
	sent   time.Duration
}

// tamper gives a courier something to do wrong.
type tamper func(*courier) func([]relay.Delivery[*post]) []relay.Delivery[*post]

const postSize = 200 // bytes on the wire

// courier is what a process does with messages: what package node does around a relay.Judge. It is there in worlds in
// which somebody talks (Plan.Talk).
type courier struct {
	p       *process
	rng     *rand.Rand
	judge   *relay.Judge[*post]
	own     *relay.Ring[*post] // what it published
	others  *relay.Ring[*post] // what it heard of others
	numbers map[string]uint64
	uids    int
	tickAt  time.Duration // when the next tick is under way; never: none is
	lost    float64       // share of what it sends that outboxes drop
	forges  bool

	withdrawn topics.Name // the origin whose key is withdrawn here; "": none is

	account map[relay.Stream]*account
	passed  int                           // relayed for others
	told    time.Duration                 // when the newest numbers were
	came    map[topics.Name]time.Duration // when a message of somebody came last over its own connection

	// Nil, or what a test has it do wrong with what it delivers.
	tamper func([]relay.Delivery[*post]) []relay.Delivery[*post]
}

const (
	ownRing    = 64 << 20
	othersRing = 16 << 20
	ringAge    = time.Minute
	firstTTL   = 16
	answerMost = 1 << 20
	stallMost  = 400 // messages that outbox and kernels hold for a process that does not read
)

func (w *world) newCourier(p *process) *courier {
	c := &courier{
		p: p, rng: source(w.seed, purposeCourier+uint64(p.host.id)<<8+uint64(p.host.starts)<<40), lost: w.postLoss, tickAt: never,
		own: relay.NewRing[*post](ownRing, ringAge, nil), others: relay.NewRing[*post](othersRing, ringAge, nil),
		came:    make(map[topics.Name]time.Duration),
		numbers: make(map[string]uint64), account: make(map[relay.Stream]*account), forges: w.forgers[p.host.id],
	}
	if w.tamper != nil {
		c.tamper = w.tamper(c)
	}
	c.judge = relay.New[*post](relay.Config{Self: key(p.host.name), Seed: c.rng.Uint64(), Beat: w.profile.Beat}, nil)
	return c
}

// view is what its machine knows of the mesh.
func (c *courier) view() relay.View {
	m, ok := accounts(c.p.brain).(interface{ Relays() *mesh.Relays })
	if !ok {
		return nil
	}
	return m.Relays()
}

// publish says something of its own.
func (c *courier) publish(topic string) {
	w, h := c.p.w, c.p.host
	m := &post{topic: topic, Stream: relay.Stream{Origin: key(h.name), Incarnation: c.p.incarnation, Topic: topic}, sent: w.now}
	if !c.p.naive {
		c.numbers[topic]++
		c.uids++
		m.number, m.uid, m.ttl = c.numbers[topic], fmt.Sprintf("%x-%d", c.p.incarnation, c.uids), firstTTL
		c.own.Put(w.now, m.Stream, m.number, m.number, m, postSize)
	}
	w.ledger.published(c, m)
	for _, l := range slices.Clone(c.p.listeners[mesh.MessagePort]) {
		c.send(l, m)
	}
	if c.forges {
		c.forge()
	}
}

// last is what its beats say of its numbers.
func (c *courier) last() string {
	var b []byte
	if n := c.numbers[topics.Message]; n > 0 {
		b, _ = topics.AppendLast(b, topics.Message, n)
	}
	return string(b)
}

// send puts a message into the outbox of a link, which may drop it.
func (c *courier) send(l *link, m *post) {
	if c.lost > 0 && c.rng.Float64() < c.lost {
		return
	}
	if l.sub.stalls > 0 && l.sub.unread(l) >= stallMost {
		return
	}
	c.p.w.send(l, &message{size: postSize, post: m})
}

// unread counts what waits for a stalled process from one link.
func (p *process) unread(l *link) (n int) {
	for _, in := range p.inbox {
		if in.l == l && in.post != nil {
			n++
		}
	}
	return n
}

// see takes in what the machine was given, where it concerns messages.
func (c *courier) see(ev mesh.Input, l *link) {
	switch ev := ev.(type) {
	case mesh.LinkUp:
		if l.port == mesh.MessagePort {
			c.judge.Up(c.p.w.now, key(l.target))
			c.judge.Open(c.p.w.now, key(l.target), c.linksTo(key(l.target)))
			c.after()
		}
	case mesh.LinkDown:
		if l.port == mesh.MessagePort {
			c.judge.Open(c.p.w.now, key(l.target), c.linksTo(key(l.target)))
		}
	case mesh.Beat:
		if h := ev.Header; h != nil && h.Incarnation > 0 {
			origin := key(l.target)
			if time.Duration(h.Seq)*time.Duration(h.Beat)*time.Millisecond <= c.p.w.now-c.p.born {
				c.judge.Born(c.p.w.now, origin, h.Incarnation)
			}
			c.deliver(c.judge.Tell(c.p.w.now, origin, h.Incarnation, h.Last, nil))
			c.after()
		}
	}
	if c.tickAt == never {
		c.arm(c.p.w.now + c.p.w.profile.Beat)
	}
}

// take judges a message that came over a link.
func (c *courier) take(l *link, m *post) {
	w, via := c.p.w, key(l.target)
	now := w.now
	c.judge.Came(now, via)
	var fresh, relayed bool
	var out []relay.Delivery[*post]
	switch topics.KindOf([]byte(m.topic)) {
	case topics.KindMessage, topics.KindChannel:
		if m.Origin != via {
			return // a forged origin
		}
		w.ledger.counts.came++
		c.came[via] = now
		fresh, out = c.judge.Message(now, m.Stream, m.number, m.uid, m, postSize, nil)
	case topics.KindRelay:
		if m.topic == topics.Newest {
			out = c.judge.Newer(now, via, m.newest, nil)
			break
		}
		w.ledger.counts.came++
		r, err := topics.ParseRelayed([]byte(m.topic))
		if err != nil || key(r.Origin) != m.Origin {
			return
		}
		relayed = true
		fresh, out = c.judge.Relay(now, via, r.Far, m.Stream, m.number, m.uid, m, postSize, nil)
	case topics.KindAsk:
		if m.ends {
			out = c.judge.AnswerEnds(now, via, []byte(m.topic), nil)
			break
		}
		w.ledger.counts.came++
		relayed = m.Origin != via
		fresh, out = c.judge.Answer(now, via, []byte(m.topic), m.Stream, m.number, m.uid, m, postSize, nil)
	}
	if fresh {
		c.others.Put(now, m.Stream, m.number, m.number, m, postSize)
		c.pass(m, relayed)
	}
	c.deliver(out)
	c.after()
}

// pass relays a message to those that asked for it.
func (c *courier) pass(m *post, relayed bool) {
	again := *m
	switch {
	case m.uid == "": // of a naive node
		c.uids++
		again.uid, again.ttl = fmt.Sprintf("%s-%x-%d", c.p.host.name, c.p.incarnation, c.uids), firstTTL
	case m.ttl == 0:
		return
	}
	again.ttl--
	again.topic = topics.Relayed{Far: relayed, Origin: m.Origin, Topic: m.Topic}.String()
	wanted, spared := topics.RelayedTopics(m.Origin), ""
	if relayed {
		wanted, spared = topics.RelayedTopics(""), topics.SparedTopic(m.Origin)
	}
	for _, l := range slices.Clone(c.p.listeners[mesh.MessagePort]) {
		if l.wants[wanted] && !l.wants[spared] {
			c.passed++
			c.send(l, &again)
		}
	}
}

// tell says the newest numbers to those that ask for them, and first those of late.
func (c *courier) tell() {
	for _, l := range c.p.listeners[mesh.MessagePort] {
		if l.newcomer {
			l.newcomer = false
			for _, body := range c.judge.Recent(c.p.w.now) {
				c.newest(l, string(body))
			}
		}
	}
	if c.p.w.now-c.told < c.p.w.profile.Beat {
		return
	}
	c.told = c.p.w.now
	var spares []*link
	for _, l := range c.p.listeners[mesh.MessagePort] {
		if l.wants[topics.Newest] {
			spares = append(spares, l)
		}
	}
	if len(spares) == 0 {
		return
	}
	body := string(c.judge.Newest(c.p.w.now))
	if body == "" {
		return
	}
	for _, l := range spares {
		c.newest(l, body)
	}
}

func (c *courier) newest(l *link, body string) {
	c.p.w.ledger.counts.digests += len(body)
	c.p.w.send(l, &message{size: len(body) + 8, post: &post{topic: topics.Newest, newest: body}})
}

// asked is when a subscription, or a cancellation, reaches the publisher of a link.
func (c *courier) asked(l *link, topic string, cancel bool) {
	if topics.KindOf([]byte(topic)) != topics.KindAsk {
		if l.wants == nil {
			l.wants = make(map[string]bool)
		}
		l.wants[topic] = !cancel
		if topic == topics.Newest {
			l.newcomer = !cancel
		}
		return
	}
	q, err := topics.ParseQuestion([]byte(topic))
	if cancel || err != nil || c.p.naive {
		return
	}
	ring := c.others
	if key(q.Origin) == key(c.p.host.name) {
		ring = c.own
	}
	ring.Answer(c.p.w.now, q, answerMost, func(k *relay.Kept[*post], _, _ uint64) {
		again := *k.Run
		again.topic = topic
		c.send(l, &again)
	})
	c.send(l, &post{topic: topic, ends: true})
}

// after does what the judge says, and sees to it that it is asked again in time.
func (c *courier) after() {
	for _, s := range slices.Clone(c.judge.Says()) {
		switch l := c.linkTo(s.To); {
		case l == nil:
		case s.Topic == "":
			c.p.w.hangUp(c.p, l.id)
		default:
			c.p.w.say(l, s.Topic, s.Cancel, 0)
		}
	}
	for _, name := range c.judge.Starved() {
		if l := c.linkTo(name); l != nil {
			c.p.w.ask(c.p, l.id)
		}
	}
	for _, g := range c.judge.Gaps() {
		c.p.w.ledger.told(c, g)
	}
	c.arm(min(c.judge.Deadline(), c.p.w.now+c.p.w.profile.Beat))
}

// linkTo is the newest message link to a member.
func (c *courier) linkTo(name topics.Name) (found *link) {
	for _, l := range c.p.dialled {
		if l.port == mesh.MessagePort && l.subUp && !l.hungUp && key(l.target) == name && (found == nil || l.id > found.id) {
			found = l
		}
	}
	return found
}

// linksTo counts the message links to a member that are up.
func (c *courier) linksTo(name topics.Name) (n int) {
	for _, l := range c.p.dialled {
		if l.port == mesh.MessagePort && l.subUp && key(l.target) == name {
			n++
		}
	}
	return n
}

// say sends a subscription up a link. TCP sends it again until it arrives, or the link is gone.
func (w *world) say(l *link, topic string, cancel bool, tries int) {
	if !l.subUp || tries > 100 {
		return
	}
	if !w.net.works(l) {
		w.after(w.net.Retransmit, func() { w.say(l, topic, cancel, tries+1) })
		return
	}
	late, _ := w.net.retransmitted(l.sub.host, l.pub.host, len(topic))
	l.saidAt = max(l.saidAt+1, w.now+w.net.oneWay(l.sub.host, l.pub.host)+late)
	w.at(l.saidAt, func() { w.said(l, topic, cancel) })
}

func (w *world) said(l *link, topic string, cancel bool) {
	switch {
	case !l.pubUp || l.pub.dead || l.pub.courier == nil:
	case l.pub.stalls > 0:
		l.pub.parked = append(l.pub.parked, func() { w.said(l, topic, cancel) })
	default:
		l.pub.courier.asked(l, topic, cancel)
	}
}

func (c *courier) deliver(out []relay.Delivery[*post]) {
	if c.tamper != nil {
		out = c.tamper(out)
	}
	for _, d := range out {
		c.p.w.ledger.delivered(c, d.Message, d.Missed)
	}
}

// arm sets the time of the next tick, if it is earlier.
func (c *courier) arm(at time.Duration) {
	if at = max(at, c.p.w.now+time.Millisecond); at >= c.tickAt || c.p.dead {
		return
	}
	c.tickAt = at
	c.p.w.at(at, func() { c.tick(at) })
}

func (c *courier) tick(at time.Duration) {
	if c.p.dead || at != c.tickAt {
		return
	}
	c.tickAt = never
	if c.p.stalls > 0 {
		c.p.parked = append(c.p.parked, func() { c.arm(c.p.w.now) })
		return
	}
	if v := c.view(); v != nil {
		c.deliver(c.judge.Tick(c.p.w.now, v, nil))
	}
	c.tell()
	c.after()
}

// forge says to everybody that listens what nobody asked for, or what is not true: messages of others with numbers and
// uids of its own, without end of ttl, and what it has heard once more.
func (c *courier) forge() {
	for _, l := range slices.Clone(c.p.listeners[mesh.MessagePort]) {
		victim := c.p.w.hosts[c.rng.IntN(len(c.p.w.hosts))]
		m := &post{
			Stream: relay.Stream{Origin: key(victim.name), Incarnation: c.p.incarnation, Topic: topics.Message},
			number: 1 + c.rng.Uint64N(1<<uint(c.rng.IntN(50))), uid: fmt.Sprintf("f%x", c.rng.Uint64()), ttl: 1 << 30, forged: true, sent: c.p.w.now,
		}
		if victim == c.p.host {
			continue // what it says of itself is true
		}
		if victim.proc != nil {
			m.Incarnation = victim.proc.incarnation
		}
		m.topic = []string{topics.Message, topics.Relayed{Origin: m.Origin, Topic: m.Topic}.String(),
			topics.Relayed{Far: true, Origin: m.Origin, Topic: m.Topic}.String(),
			topics.Question{Origin: m.Origin, Incarnation: m.Incarnation, From: 1, Topic: m.Topic}.String()}[c.rng.IntN(4)]
		c.p.w.send(l, &message{size: postSize, post: m})
	}
}
