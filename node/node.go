package node

import (
	"context"
	"fmt"
	"hash/maphash"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"hearsay/mesh"
	"hearsay/node/link"
	"hearsay/topics"
)

// Node is one member of a mesh. Its methods may be called from any goroutine.
type Node struct {
	cfg      Config
	id       identity
	log      *slog.Logger
	logsInfo bool // lists are worth the comparison
	start    time.Time
	link     *link.Link

	ctx     context.Context // the loop's life; dials end with it
	cancel  context.CancelFunc
	leaving chan struct{} // closed when Close begins
	leave   sync.Once
	ended   chan struct{} // closed when the loop has ended
	closed  chan struct{} // closed when nothing is left

	failed chan mesh.DialFailed
	asked  chan func()
	dials  sync.WaitGroup
	after  sync.Mutex // for looks at the machine after the end

	uidPrefix string
	uids      atomic.Uint64
	inbox     *inbox
	messages  chan Message
	hub       *hub
	events    *Watcher
	store     *store // nil: nothing is remembered
	counters  counters
	alive     atomic.Pointer[[]topics.Name] // what the machine calls so, for who cannot wait for the loop

	// The loop's own.
	machine *mesh.Machine
	names   topics.Interner
	parsed  []topics.Name // memory for the list being read
	links   map[link.ID]*peerLink
	turns   uint64 // of the machine, when alive was set

	remembered []topics.Name // of an earlier life
	shown      []topics.Name // the newest whole list
	sent       []topics.Name // the list that was logged last
}

// peerLink is what the loop keeps of a link.
type peerLink struct {
	target   topics.Name
	received uint64        // bytes
	heard    time.Time     // when the machine was last told of a message
	list     []topics.Name // the list that was logged last
	logged   time.Time
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
	machine := mesh.New(mesh.Config{
		Self:        id.name,
		Incarnation: start.UnixMilli(),
		Seeds:       id.seeds,
		Beat:        cfg.Beat,
		Interval:    max(cfg.Interval, cfg.Beat),
		Seed:        new(maphash.Hash).Sum64(),
	})
	l, err := link.Open(link.Config{
		Bind:          cfg.Bind,
		DiscoveryPort: cfg.DiscoveryPort,
		MessagePort:   cfg.MessagePort,
		Hello:         id.name,
		Subscribe:     append([]string{topics.Message}, id.channels...),
		MaxMessage:    cfg.MaxMessage + 8<<10, // topic, envelope, and a list with its header
	})
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", id.name, err)
	}
	n := &Node{
		cfg: cfg, id: id, start: start, link: l, machine: machine,
		log:       slog.New(newQuiet(cfg.Logger.Handler())).With("node", id.name),
		logsInfo:  cfg.Logger.Enabled(ctx, slog.LevelInfo),
		leaving:   make(chan struct{}),
		ended:     make(chan struct{}),
		closed:    make(chan struct{}),
		failed:    make(chan mesh.DialFailed),
		asked:     make(chan func()),
		uidPrefix: strconv.FormatInt(start.UnixMilli(), 36) + "-",
		messages:  make(chan Message, cfg.Queue),
		links:     make(map[link.ID]*peerLink),
	}
	n.alive.Store(new([]topics.Name))
	n.hub = newHub(&n.counters.eventsLost)
	n.events = n.hub.watch(0)
	n.inbox = newInbox(inboxBytes, func(lost int) { n.counters.lost.Add(uint64(lost)) })
	if cfg.StateDir != "" {
		n.store = newStore(cfg.StateDir, n.log)
		n.remembered = n.store.load()
		go n.store.run()
	}
	n.ctx, n.cancel = context.WithCancel(context.WithoutCancel(ctx))
	delivered := make(chan struct{})
	go func() { defer close(delivered); n.deliver() }()
	go func() {
		defer context.AfterFunc(ctx, n.beginLeave)()
		n.run()
		<-delivered
		close(n.closed)
	}()
	return n, nil
}

// Name is what this node is called in lists.
func (n *Node) Name() topics.Name { return n.id.name }

// Messages is where the application reads what was published, this node's own messages included. It is
// bounded: an application that does not keep up loses messages, and Stats counts them. It is closed when
// the node has ended.
func (n *Node) Messages() <-chan Message { return n.messages }

// Done is closed when the node has ended and nothing of it is left.
func (n *Node) Done() <-chan struct{} { return n.closed }

// Close says goodbye to the mesh, ends every connection, and returns when nothing is left. It takes a few
// hundred milliseconds, and may be called more than once.
func (n *Node) Close() error {
	n.beginLeave()
	<-n.closed
	return nil
}

func (n *Node) beginLeave() { n.leave.Do(func() { close(n.leaving) }) }

// Members returns every node that this one knows of, in every state, as of now; after Close, as of then.
func (n *Node) Members() []mesh.Member {
	var members []mesh.Member
	n.ask(func(m *mesh.Machine) { members = m.Members() })
	return members
}

// Alive returns the names of the peers that this node hears and lists, itself left out. It does not wait for
// anything, and knows of every Event that was read.
func (n *Node) Alive() []topics.Name { return slices.Clone(*n.alive.Load()) }

// Links returns the matrix of who hears whom, as far as strict lists tell: this node's row first.
func (n *Node) Links() []mesh.Row {
	var rows []mesh.Row
	n.ask(func(m *mesh.Machine) { rows = m.Links() })
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
	parsed, err := topics.ParseName(name)
	if err != nil {
		return err
	}
	err = ErrClosed
	n.do(func() {
		n.step(mesh.Forget{Name: parsed})
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
