package mesh

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
	"time"

	"hearsay/mesh/rate"
	"hearsay/topics"
)

// never is a Time that does not come.
const never = Time(math.MaxInt64)

// Machine decides who is a member. It is not safe for concurrent use, and never asks for the time.
type Machine struct {
	cfg Config
	key topics.Name // Self.Key()
	rng *rand.Rand
	now Time
	out []Effect
	due Time // nothing is to be done by a Tick before

	peers   map[topics.Name]*peer // by key
	slots   []*peer               // the same in a fixed order; nil where one was dropped
	free    []int                 // the nil ones
	order   []int32               // slots of peers by their names
	lotted  []lotted              // those of slots by their lots, where neighbours are drawn
	indexed *index                // of their names; nil: one has come
	looked  Relays                // memory of a look
	relays  *Relays               // the last one
	seeds   []*peer
	untied  ties   // of all that have none
	tied    bitset // by slot: the others
	links   map[LinkID]*link
	front   front            // some of them, found at once
	addrs   map[string]*peer // which peer is heard at a discovery endpoint
	hosts   map[string]int   // how many such endpoints an address has
	mine    ours             // endpoints and addresses that turned out to be this node

	dials      dialer
	listeners  listeners
	readers    readers
	sources    sources
	vain       vain
	known      known
	foreigners foreigners
	roster     roster
	budget     budget
	ballot     ballot // of the poll under way
	voice      voice
	view       view
	lots       lots
	far        far

	count       [states]int     // peers in each state
	turns       uint64          // changes of who is alive
	naive       int             // alive naive peers
	roundAt     Time            // when the round completes
	nearAt      Time            // nothing is due before for any of those that are near
	metAt       Time            // when the last peer became alive
	arrivals    int             // how many did, it and those shortly before
	ownFault    string          // why others do not hear this node, where it knows
	lag         Time            // how late a Tick is lately
	deafTill    Time            // this node heard nobody a moment ago, and evicts nobody until then
	lateTill    Time            // this node ran late and is not to be trusted until then
	evenTill    map[string]Time // no address holds so much of the full table that it gives way to those of a network
	hearsayRoom rate.Bucket     // places of members that hearsay took
	own         ownName         // what is known of another process under the own name
	twinDue     Time            // no look for anybody's twin before
	awaiting    []*link         // links that claim to lead to a peer not heard
	scratch     bitset
	clock       ownClock
	calm        calm
	found       int // addresses that configured names led to
	asking      int // look-ups under way
	lostHere    []*peer
	stats       Stats
	taken       [states][triggers]uint64
}

// New makes the machine of a node that has just started, at time zero. The Config is valid: see Validate.
func New(cfg Config) *Machine {
	cfg = cfg.withDefaults()
	m := &Machine{
		cfg:      cfg,
		key:      cfg.Self.Key(),
		rng:      rand.New(rand.NewPCG(cfg.Seed, nameHash(cfg.Self))),
		peers:    make(map[topics.Name]*peer),
		links:    make(map[LinkID]*link),
		addrs:    make(map[string]*peer),
		hosts:    make(map[string]int),
		mine:     make(ours),
		evenTill: make(map[string]Time),
		roundAt:  cfg.Beat,
		budget:   budget{tokens: 1},
		untied:   noTies(),
		voice:    voice{unheard: never},
		view:     newView(cfg),
	}
	if cfg.FullMesh > 0 {
		m.lots = lots(m.rng.Uint64())
	}
	m.listeners.init()
	m.readers.init()
	m.sources.init()
	m.roster.init()
	m.dials.init()
	m.far.init()
	for _, name := range cfg.Seeds {
		m.addSeed(name)
	}
	return m
}

// nameHash keeps machines with equal Config.Seed from drawing equal numbers.
func nameHash(n topics.Name) uint64 {
	h := fnv.New64a()
	h.Write([]byte(n))
	return h.Sum64()
}

// Deadline is when the next Tick is due. Until then the machine has nothing to do by itself.
func (m *Machine) Deadline() Time { return m.due }

// Incarnation is the one that this node publishes.
func (m *Machine) Incarnation() int64 { return m.cfg.Incarnation }

// Step takes one event and returns what to do about it, in order. Time that runs backwards is taken to stand
// still. The slice is good until the next Step.
func (m *Machine) Step(now Time, ev Input) []Effect {
	m.now = max(m.now, now)
	clear(m.out)
	m.out = m.out[:0]
	if m.roster.leaving {
		m.stepLeaving(ev)
		return m.out
	}
	switch ev := ev.(type) {
	case Beat:
		m.onBeat(ev)
	case Heard:
		m.onHeard(ev)
	case Tick:
		m.onTick()
	default:
		m.stirAll()
		m.onRare(ev)
	}
	m.growView()
	if m.roster.changed {
		m.show()
	}
	if m.far.waits() {
		m.lookFar()
	}
	if m.dials.waiting > 0 {
		m.dialWaiting()
	}
	return m.out
}

// onRare takes what does not happen all the time.
func (m *Machine) onRare(ev Input) {
	switch ev := ev.(type) {
	case Told:
		m.onTold(ev)
	case LinkUp:
		m.onLinkUp(ev)
	case LinkDown:
		m.onLinkDown(ev)
	case DialFailed:
		m.onDialFailed(ev)
	case Resolved:
		m.onResolved(ev)
	case ListenerUp:
		m.onListenerUp(ev)
	case Hello:
		m.onHello(ev)
	case MeshSaid:
		m.onMeshSaid(ev)
	case ForeignHello:
		m.onForeignHello(ev)
	case ListenerDown:
		m.onListenerDown(ev)
	case ReaderUp:
		m.onReaderUp(ev)
	case ReaderNamed:
		m.onReaderNamed(ev)
	case ReaderDown:
		m.onReaderDown(ev)
	case LinkSilent:
		m.onLinkSilent(ev)
	case LinkStuck:
		m.onLinkStuck(ev)
	case ReaderSilent:
		m.onReaderSilent(ev)
	case Hint:
		m.onHint(ev)
	case Known:
		m.onKnown(ev)
	case OwnFault:
		m.ownFault = ev.Why
	case Admit:
		m.onAdmit(ev)
	case Forget:
		m.onForget(ev)
	case Profiled:
		m.onProfile(ev)
	case Leave:
		m.onLeave()
	}
}

// do adds an effect.
func (m *Machine) do(e Effect) { m.out = append(m.out, e) }

// at asks for a Tick at time t.
func (m *Machine) at(t Time) { m.due = min(m.due, t) }

// after is the time d from now, a little more or less, so that many nodes do not act in step.
func (m *Machine) after(d time.Duration) Time {
	return m.now + time.Duration(float64(d)*(0.9+0.3*m.rng.Float64()))
}

// onTick does everything that is due and finds out when the next thing is.
func (m *Machine) onTick() {
	m.lag += (min(max(0, m.now-m.due), m.cfg.Beat) - m.lag) / lagShare
	m.due = never
	if m.now >= m.roundAt {
		m.round()
	}
	m.at(m.roundAt)
	m.guessNaive()
	m.judgeNameless()
	m.lookUpDue()
	m.wakeNear()
	m.wakeFar()
	m.publish()
}

// wake does what is due for one peer.
func (m *Machine) wake(p *peer) {
	if p.due <= m.now {
		p.due = never
		m.onDue(p)
	}
	if p.feed.due <= m.now {
		p.feed.due = never
		m.dialMessages(p)
	}
	if p.reach.helloDue <= m.now {
		p.reach.helloDue = never
		m.helloAgain(p)
	}
	if p.reach.againDue <= m.now {
		p.reach.againDue = never
		if len(p.reach.flying(DiscoveryPort)) > 0 {
			m.want(p, signed, p.reach.againClass)
		}
	}
}

// schedule sets when onDue is next called for p.
func (m *Machine) schedule(p *peer, t Time) {
	p.due = t
	m.wakeBy(p, t)
}

// wakeBy asks for a Tick at time t that looks at p. Whoever plans something for a peer says so here.
func (m *Machine) wakeBy(p *peer, t Time) {
	m.at(t)
	m.stir(p)
	m.nearAt = min(m.nearAt, t)
	if p.state == Far {
		m.far.wakeAt = min(m.far.wakeAt, t)
	}
}

// earliest is when the first of the things is due that wake looks at.
func (p *peer) earliest() Time { return min(p.due, p.feed.due, p.reach.helloDue, p.reach.againDue) }

// tell emits a Change that is not a transition.
func (m *Machine) tell(k Kind, p *peer, why string) {
	m.do(Emit{Change{Kind: k, Peer: p.name, From: p.state, To: p.state, Why: why, Incarnation: p.line.Incarnation()}})
}
