package node

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"hearsay/mesh"
	"hearsay/mesh/relay"
	"hearsay/node/backlog"
	"hearsay/node/link"
	"hearsay/node/multicast"
	"hearsay/topics"
)

// Node is one member of a mesh. Its methods may be called from any goroutine.
type Node struct {
	cfg   Config
	id    identity
	log   *slog.Logger
	logs  *backlog.Handler // behind log; nil where nothing is logged or somebody else sees to it
	start time.Time
	link  *link.Link
	lock  *lock

	ctx     context.Context // the loop's life; dials end with it
	cancel  context.CancelFunc
	leaving chan struct{} // closed when Close begins
	leave   sync.Once
	ended   chan struct{} // closed when the loop has ended
	closed  chan struct{} // closed when nothing is left

	answers chan mesh.Input // to dials that failed, and to look-ups
	asked   chan func()
	dials   sync.WaitGroup
	after   sync.Mutex // for looks at the machine after the end

	speaker   *speaker
	talk      *talk
	changing  sync.Mutex               // channels
	channels  atomic.Pointer[[]string] // topics of the channels that are received
	sparse    atomic.Bool              // this node hears a few of many, or some of those do that it hears
	carrying  atomic.Bool              // all others are, too, for those that ask this node to relay
	inbox     *inbox
	incoming  incoming
	hearing   hearing
	losses    losses        // of late
	heard     chan struct{} // closed when nothing more is judged
	key       topics.Name   // of the own name
	own       *ring         // what this node published of late
	others    *ring         // and what it heard of others
	seed      uint64        // of random choices
	judged    atomic.Pointer[relay.Stats]
	messages  chan Message
	pumping   sync.Once
	pumps     sync.WaitGroup // of messages
	hub       *hub
	store     *store             // nil: nothing is remembered
	station   *multicast.Station // nil: nothing is said or heard by multicast
	beacons   chan multicast.Hint
	counters  counters
	nameFault string // why its name leads nobody to it; "": it may
	localTold localTold
	filesTold atomic.Bool // it was said that there are too few file descriptors
	alive     aliveNames
	members   atomic.Int64 // how many these are, with the far members

	// The loop's own.
	tells         <-chan link.Event // what the link has to tell
	working       chan struct{}     // the loops that work now
	machine       *mesh.Machine
	dialling      map[string]mesh.Dial // under way, by the label that the link gives back
	names         topics.Interner
	parsed        []topics.Name // memory for the list being read,
	header        topics.Header // and for its header
	links         map[link.ID]*peerLink
	turns         uint64    // of the machine, when alive was set
	silencesDue   mesh.Time // when to look for connections that carry nothing
	readersSilent mesh.Time // when some reader was silent last; 0: none ever was
	turnaway      turnaway
	ownFault      string // that the machine was told of last
	ownSeed       ownSeed

	remembered []topics.Name // of an earlier life; not written to any more
	known      []topics.Name // what was saved last, or read
	crowd      crowd         // changes that wait for company, to be one line of the log
}

// peerLink is what the loop keeps of a link.
type peerLink struct {
	target   topics.Name
	received uint64 // bytes of lists
	messages bool   // it brings messages

	incarnation int64 // that the judge was told of, and the numbers,
	last        string
	lastAt      time.Time // and when these had changed
}

// Start binds the two publishers and sets out to find the mesh. The node runs until Close, or until ctx
// ends; either way it says goodbye first.
func Start(ctx context.Context, cfg Config) (*Node, error) {
	cfg = cfg.withDefaults()
	id, err := cfg.check()
	if err != nil {
		return nil, err
	}
	start := time.Now()
	rules := mesh.Config{
		Self:        id.name,
		Incarnation: start.UnixMilli(),
		Mesh:        cfg.Mesh,
		Seeds:       id.seeds,
		Profile:     id.profile,
		Beat:        cfg.Beat,
		Interval:    max(cfg.Interval, cfg.Beat),
		Refresh:     max(mesh.LAN().Refresh, cfg.Beat),
		FullMesh:    max(0, cfg.FullMesh), // -1: all
		Seed:        rand.Uint64(),
	}
	if err := rules.Validate(); err != nil {
		return nil, err
	}
	machine := mesh.New(rules)
	room := divide(cfg.InboxBytes, cfg.Queue, cfg.MaxMessage)
	n := &Node{
		cfg: cfg, id: id, start: start, machine: machine,
		leaving:  make(chan struct{}),
		ended:    make(chan struct{}),
		closed:   make(chan struct{}),
		heard:    make(chan struct{}),
		answers:  make(chan mesh.Input),
		asked:    make(chan func()),
		speaker:  newSpeaker(id.name, start, cfg.TTL),
		talk:     newTalk(start, cfg.InboxBytes),
		messages: make(chan Message, room.ahead),
		links:    make(map[link.ID]*peerLink),
		dialling: make(map[string]mesh.Dial),
	}
	n.incoming.links = make(map[link.ID]*messageLink)
	n.key, n.seed = id.name.Key(), rand.Uint64()
	n.ownSeed = newOwnSeed(id)
	n.nameFault = cfg.misnamed(id)
	n.own = newRing(cfg.RingBytes-cfg.RingBytes/othersPart, cfg.RingTime, start)
	n.others = newRing(cfg.RingBytes/othersPart, cfg.RingTime, start)
	n.judged.Store(new(relay.Stats))
	n.channels.Store(&id.channels)
	n.hub = newHub(&n.counters.eventsLost)
	n.inbox = newInbox(room.waiting, n.lose, func() { n.link.Resume() })
	if n.lock, err = openLock(cfg.Keys, id.name); err != nil {
		return nil, fmt.Errorf("start %s: %w", id.name, err)
	}
	n.link, err = link.Open(link.Config{
		Keys:          n.lock.first,
		Bind:          cfg.Bind,
		DiscoveryPort: cfg.DiscoveryPort,
		MessagePort:   cfg.MessagePort,
		Hello:         id.name,
		Mesh:          cfg.Mesh,
		Subscribe:     append([]string{topics.Message, farTopic, topics.Direct{Name: id.name}.String()}, id.channels...),
		Admit:         n.inbox.admit,
		Messages:      n.takeMessages,
		Echo:          n.hearOwn,
		Answer:        n.sayAgain,
		OutboxBytes:   cfg.OutboxBytes,
		OverTCP:       cfg.OverTCP,
		MaxMessage:    cfg.MaxMessage + 8<<10, // topic, envelope, and a list with its header

		MaxSubscribers: cfg.places,
	})
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", id.name, err)
	}
	if n.tells = n.link.Events(); cfg.flood != nil {
		n.tells = cfg.flood(n.tells)
	}
	if n.working = cfg.working; n.working == nil {
		n.working = working
	}
	n.logTo(cfg.Logger.Handler())
	n.tellMisnamed()
	n.tellOwnSeed()
	if err := n.openStation(); err != nil {
		return nil, err
	}
	if cfg.StateDir != "" {
		n.store = newStore(cfg.StateDir, n.log)
		n.store.file = cfg.readFile
		go n.store.run()
		n.remembered = n.store.first()
		n.known = n.remembered
	}
	n.ctx, n.cancel = context.WithCancel(context.WithoutCancel(ctx))
	n.watchKeys()
	n.hearing = hearing{judge: newJudge(n), seen: make(map[topics.Name]*tally)}
	go n.hear()
	go func() {
		defer context.AfterFunc(ctx, n.beginLeave)()
		n.run()
		<-n.heard
		n.endMessages()
		if n.logs != nil {
			n.logs.Close(closeGrace)
		}
		close(n.closed)
	}()
	return n, nil
}

// logTo makes the node's log. The application's handler may take its time, and nothing here waits for it.
func (n *Node) logTo(h slog.Handler) {
	if _, waits := h.(*backlog.Handler); !waits && h != slog.DiscardHandler {
		n.logs = backlog.NewHandler(h, logBytes)
		h = n.logs
	}
	n.log = slog.New(newQuiet(h)).With("node", n.id.name)
}

// Name is what this node is called in lists.
func (n *Node) Name() topics.Name { return n.id.name }

// Done is closed when the node has ended and nothing of it is left.
func (n *Node) Done() <-chan struct{} { return n.closed }

// Close says goodbye to the mesh, ends every connection, and returns when nothing is left. It takes a few
// hundred milliseconds, and five seconds more while peers are still taking what was published. What they did not take
// is counted and logged. It may be called more than once.
func (n *Node) Close() error {
	n.beginLeave()
	<-n.closed
	return nil
}

func (n *Node) beginLeave() { n.leave.Do(func() { close(n.leaving) }) }

// Members returns every peer that this node knows of, in every state, as of now; after Close, as of then. The node itself
// is not among them, as it is not in Alive: Name and Started say what there is to say of it.
func (n *Node) Members() []mesh.Member {
	var members []mesh.Member
	n.ask(func(m *mesh.Machine) { members = m.Members() })
	return members
}

// Alive returns the names of the peers that this node hears and lists, itself left out. It does not wait for
// anything, and knows of every Event that was read.
func (n *Node) Alive() []topics.Name { return n.alive.all() }

// Known is how many peers are members for this node, heard or by the word of others. It does not wait for anything.
func (n *Node) Known() int { return int(n.members.Load()) }

// Links returns the matrix of who hears whom, as far as strict lists tell: this node's row first.
func (n *Node) Links() []mesh.Row {
	var rows []mesh.Row
	n.ask(func(m *mesh.Machine) { rows = m.Matrix() })
	return rows
}

// Machine returns the membership machine's counters and gauges.
func (n *Node) Machine() mesh.Stats {
	var stats mesh.Stats
	n.ask(func(m *mesh.Machine) { stats = m.Stats() })
	return stats
}

// Started is when this node started: its incarnation, and the zero of the times in Members.
func (n *Node) Started() time.Time { return n.start }

// Seeds are the names that it was started with.
func (n *Node) Seeds() []topics.Name { return slices.Clone(n.id.seeds) }

// Forget drops all that is known of a peer: its links, its penalty and its past. It may come back at once. The
// error says that name is no name, or that the node has ended.
func (n *Node) Forget(name string) error {
	parsed, err := ParseName(name)
	if err != nil {
		return fmt.Errorf("name %.80q: %w", name, err)
	}
	err = ErrClosed
	n.do(func() {
		n.step(mesh.Forget{Name: parsed})
		n.known = slices.DeleteFunc(slices.Clone(n.known), func(k topics.Name) bool { return k.Key() == parsed.Key() })
		err = nil
	})
	return err
}

// do lets the loop run f between two steps, and tells whether it did: after its end it does not.
func (n *Node) do(f func()) bool {
	done := make(chan struct{})
	select {
	case n.asked <- func() { defer close(done); f() }:
		<-done
		return true
	case <-n.closed:
		return false
	}
}

// ask lets f look at the machine, which stands still after the end.
func (n *Node) ask(f func(*mesh.Machine)) {
	if !n.do(func() { f(n.machine) }) {
		n.after.Lock()
		defer n.after.Unlock()
		f(n.machine)
	}
}
