package link

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-zeromq/zmq4"

	"hearsay/node/keys"
	"hearsay/node/link/zmtp"
	"hearsay/topics"
)

// ID names one connection, dialled or accepted: unique for the life of the process.
type ID uint64

var lastID atomic.Uint64

// Port is one of the two publishers that every node has.
type Port uint8

const (
	Discovery Port = iota
	Message
)

func (p Port) String() string { return [...]string{"discovery", "message"}[p] }

// Kind says what an Event is.
type Kind uint8

const (
	Up            Kind = iota + 1 // a dialled connection is there; always before its first Received
	Received                      // messages came over a dialled connection
	Down                          // a dialled connection has ended; always after its last Received
	HelloReceived                 // a listener says its name: always after its ListenerUp
	ListenerUp                    // somebody subscribed to our lists or messages: what is published from now on reaches it
	ListenerDown                  // that connection has ended
	TurnedAway                    // somebody came without the right key; once for each address and reason, while it comes
	Unheeded                      // a connection has more subscriptions than are heeded; once for each
	Foreign                       // a connection says a name and another mesh: it is no listener. Once for each
	Part                          // nothing: it holds a place for 64 KiB of the Received that follows
	Stuck                         // nothing comes over a dialled connection though its publisher was asked (Ask)
	Flows                         // something does again
)

// Run is a row of whole messages as they came over one connection.
type Run = zmtp.Run

// Event is what a link reports. ID is the connection's and Addr its far end.
type Event struct {
	Kind   Kind
	Port   Port
	ID     ID
	Addr   netip.AddrPort
	Target string      // Up: as Dial was told
	Name   topics.Name // HelloReceived, Foreign
	Mesh   string      // Foreign: which
	Within bool        // Received: it came from within this process
	Run    Run         // Received: never written to again, and not by the receiver either
	Err    error       // Down, ListenerDown, TurnedAway, Unheeded: why
}

// ErrClosed is what a closed link answers. ErrHandshake is what a dial ends with that reached somebody who
// does not speak ZMTP as a publisher, or said nothing in time.
var (
	ErrClosed    = errors.New("link closed")
	ErrHandshake = errors.New("handshake")
)

// Link is one node's sockets: two PUBs, bound, and one SUB, connected to whatever was dialled.
type Link struct {
	cfg    Config
	start  time.Time
	ctx    context.Context // ends dials and handshakes
	cancel context.CancelFunc

	sub      zmq4.Socket
	pubs     [2]*publisher
	sockets  [2]sockets
	exchange *exchange
	events   chan Event
	gone     chan struct{} // nobody reads events any more

	dialMu    sync.Mutex // zmq4's Dial must not run twice at once
	dials     sync.WaitGroup
	renewing  chan struct{}  // has one for each connection that is renewed
	zmq4Conns sync.WaitGroup // connections that zmq4 holds
	wires     sync.WaitGroup // from within this process to our publishers
	drained   chan struct{}  // nothing more comes of the SUB

	mu         sync.Mutex
	closed     bool
	dialled    map[ID]*dialled
	heirs      map[ID]*dialled // by the ID that is told: those that were made anew
	renewAgain time.Duration   // how long after a renewal that led nowhere
	beat       beat            // the newest whole list, as it goes over the wire
	tellings   [][]byte        // the newest whole telling (topics.Told), and what has changed since

	keys     atomic.Pointer[keys.Ring]
	calls    [2]zmtp.Calls // of each port
	refusals refusals
	silent   [2]silences  // dialled ones, and those that came; Silences' own
	shook    atomic.Int64 // when a handshake of a connection for lists began or ended last, by clock

	waiting    budget // of all outboxes
	valve      valve
	unfinished [2]*unfinished // of each port
	wanted     wanted
	relays     relays
	answers    *answerer // nil: nothing is answered
	counters   counters
}

// Open binds both publishers. The error says which one could not be, and why.
func Open(cfg Config) (*Link, error) {
	cfg = cfg.withDefaults()
	l := &Link{
		cfg:      cfg,
		start:    time.Now(),
		events:   make(chan Event, cfg.EventBuffer),
		gone:     make(chan struct{}),
		drained:  make(chan struct{}),
		dialled:  make(map[ID]*dialled),
		heirs:    make(map[ID]*dialled),
		silent:   [2]silences{make(silences), make(silences)},
		renewing: make(chan struct{}, renewAtOnce),

		renewAgain: renewAgain,
	}
	l.waiting.limit = int64(cfg.OutboxBytes)
	l.unfinished[Message] = newUnfinished(cfg.UnfinishedBytes, cfg.MaxMessage, &l.counters)
	l.unfinished[Discovery] = newUnfinished(cfg.UnfinishedBytes/listsPart, cfg.MaxMessage, &l.counters)
	l.wanted.messages = slices.Clone(cfg.Subscribe)
	l.valve.admit, l.valve.resume = cfg.Admit, l.Resume
	l.keys.Store(cfg.Keys)
	l.ctx, l.cancel = context.WithCancel(context.Background())
	ports := [2]int{cfg.DiscoveryPort, cfg.MessagePort}
	var gates [2]*gate
	for i := range gates {
		g, err := newGate(l, Port(i), net.JoinHostPort(cfg.Bind, strconv.Itoa(ports[i])))
		if err != nil {
			if i == 1 {
				gates[0].ln.Close()
			}
			l.cancel()
			return nil, err
		}
		gates[i] = g
	}
	for i, g := range gates {
		p, err := newPublisher(g)
		if err != nil {
			panic(fmt.Sprintf("link: zmq4 refused a gate: %v", err)) // the transport is ours: it cannot
		}
		l.pubs[i] = p
	}
	l.sub = zmq4.NewSub(context.Background(), zmq4Options()...)
	l.exchange = newExchange(l)
	if cfg.Answer != nil {
		l.answers = newAnswerer(l)
	}
	go l.drain()
	go l.exchange.run()
	for _, g := range gates {
		g.start()
	}
	return l, nil
}

// Events is where everything is reported. It has to be read until it is closed, which Close does last. A reader passes
// over kinds that it does not know.
func (l *Link) Events() <-chan Event { return l.events }

// Addr returns the address that a publisher is bound to.
func (l *Link) Addr(p Port) netip.AddrPort { return addrPort(l.pubs[p].gate.ln.Addr()) }

// emit reports an event. A run of one large message takes as many places as small ones of the same size would, so that
// what waits is bounded in bytes: 8 MiB, and one message.
func (l *Link) emit(e Event) {
	for size := len(e.Run); size > maxRun; size -= maxRun {
		l.queue(Event{Kind: Part, Port: e.Port, ID: e.ID, Addr: e.Addr})
	}
	l.queue(e)
}

func (l *Link) queue(e Event) {
	select {
	case l.events <- e:
	case <-l.gone:
	}
}

// Publish sends a message to everybody who has subscribed to its first frame or a prefix of it. It never
// waits for a peer. The frames are copied.
func (l *Link) Publish(p Port, frames ...[]byte) error {
	return l.pubs[p].publish(frames, nil)
}

// Behind reports whether something that was published waits for the CPU: what is published now goes out together with
// it.
func (l *Link) Behind(p Port) bool { return l.pubs[p].waiting.Load() }

// PublishBeat sends a message to all who listen to lists, in two texts: one for those that said hello, and one for
// those that did not.
func (l *Link) PublishBeat(named, nameless [][]byte) error {
	return l.pubs[Discovery].publish(named, nameless)
}

// SetBeats gives the message that everybody gets who subscribes to our lists, at that moment, in two texts as
// PublishBeat has them; nil stands for the same one. One that is still being published may follow it.
func (l *Link) SetBeats(named, nameless [][]byte) {
	beat := newBeat(named, nameless)
	l.mu.Lock()
	l.beat = beat
	l.mu.Unlock()
}

// Tell sends a message to all who ask for what is told of others (topics.Told), which its first frame begins with. Everybody
// who will gets whole, or where that is nil the message, after those before it from the last whole one on.
func (l *Link) Tell(frames, whole [][]byte) error {
	l.mu.Lock()
	if whole != nil {
		l.tellings = [][]byte{zmtp.AppendMessage(nil, whole...)}
	} else {
		l.tellings = append(slices.Clip(l.tellings), zmtp.AppendMessage(nil, frames...))
	}
	l.mu.Unlock()
	return l.Publish(Discovery, frames...)
}

func (l *Link) newestTellings() [][]byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.tellings
}

func (l *Link) newestBeat() beat {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.beat
}

// Dial connects to the publisher at a literal address, and returns nil when an Up event with this target is on its
// way, or else why there will be none. Any number of dials may run at once.
func (l *Link) Dial(ctx context.Context, port Port, addr netip.AddrPort, target string) error {
	return l.dial(ctx, port, addr, "", target, false)
}

// DialName is Dial for the node of a name, which a locked mesh may bind to a key: who answers holds it.
func (l *Link) DialName(ctx context.Context, port Port, addr netip.AddrPort, name topics.Name, target string) error {
	return l.dial(ctx, port, addr, name, target, false)
}

// DialAside is DialName, but that a publisher of lists is not asked to tell of others, until Say does that.
func (l *Link) DialAside(ctx context.Context, port Port, addr netip.AddrPort, name topics.Name, target string) error {
	return l.dial(ctx, port, addr, name, target, true)
}

func (l *Link) dial(ctx context.Context, port Port, addr netip.AddrPort, name topics.Name, target string, aside bool) error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return ErrClosed
	}
	l.dials.Add(1)
	l.mu.Unlock()
	defer l.dials.Done()

	if g := l.within(port, addr); g != nil {
		if err := l.join(g, port, addr, name, target, aside); err != nil {
			return fmt.Errorf("%w with %s: %w", ErrHandshake, addr, err)
		}
		return nil
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(l.ctx, func() { cancel(ErrClosed) })()

	if port == Message {
		l.calm(ctx)
	}
	with := l.ring()
	ways, err := l.ways(name, port)
	if err != nil {
		return fmt.Errorf("%w with %s: %w", ErrHandshake, addr, err)
	}
	var d *dialled
	for _, way := range ways {
		if d, err = l.reach(ctx, port, addr, target, way); !errors.Is(err, zmtp.ErrKey) {
			break // another key would not help
		}
	}
	if err != nil {
		return err
	}
	d.name, d.own = name, ownTopics(port, aside)
	if err := l.take(d); err != nil {
		return err
	}
	l.freshen(d, with)
	return nil
}

// take subscribes, and hands the connection to zmq4, whose SUB has a goroutine read it (dialled.Read).
func (l *Link) take(d *dialled) error {
	if d.port == Discovery {
		d.in.lull = newLull(d.raw, l.start)
	}
	d.script = script
	if d.inherits != nil {
		d.inherits.begin()
	}
	l.wanted.Lock()
	d.inheritOwn()
	d.out.put(append(l.subscriptions(d.port, d.own), d.asksToInherit()...))
	l.enlist(d)
	l.wanted.Unlock()
	if !d.kept() || d.forbidden() {
		d.hangUp(errWithdrawn)
	}
	return l.handToSub(d)
}

// subscriptions is everything we say to a publisher. zmq4 would repeat it to every connection at each new
// one; said here, once, it knows of no subscription, and passes on whatever comes.
func (l *Link) subscriptions(port Port, own []string) (b []byte) {
	say := func(topic string) { b = zmtp.AppendSubscription(b, topic) }
	hello := func() {
		if h := l.hello(); h.Mesh != "" || h.Name != "" {
			say(h.Topic())
		}
	}
	if port == Discovery {
		hello()
		say(topics.Mesh)
	}
	for _, topic := range slices.Concat(own, l.topicsLocked(port)) {
		say(topic)
	}
	if port == Message {
		hello() // the last: who reads it has read the rest
	}
	return b
}

// hello is what we say of ourselves to every publisher.
func (l *Link) hello() topics.Hello { return topics.Hello{Mesh: l.cfg.Mesh, Name: l.cfg.Hello} }

func (l *Link) handToSub(d *dialled) error {
	d.hand()
	l.dialMu.Lock()
	defer l.dialMu.Unlock()
	if err := l.sub.Dial(offer(d)); err != nil {
		d.hangUp(err) // it was ready and answers from memory, so this is a fault of ours
		d.Close()
		l.drop(d.id)
		return err
	}
	return nil
}

// HangUp ends a dialled connection. A Down event follows, unless one is under way already.
func (l *Link) HangUp(id ID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for d := l.standingLocked(id); d != nil; d = d.before {
		d.hangUp(errHungUp)
	}
}

func (l *Link) drop(id ID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	d := l.dialled[id]
	if d == nil {
		return
	}
	delete(l.dialled, id)
	switch heir := l.heirs[d.told]; {
	case heir == d:
		delete(l.heirs, d.told)
	case heir != nil && heir.before == d:
		heir.before = nil
	}
}

// drain reads the SUB until it is closed: nothing but the ends of connections comes of it.
func (l *Link) drain() {
	defer close(l.drained)
	for {
		if _, err := l.sub.Recv(); errors.Is(err, context.Canceled) {
			return
		}
	}
}

// receiveRun reports what a run says: the first of a connection is empty, and so is the last. It is cut to its length, since
// who keeps it counts its capacity.
func (l *Link) receiveRun(d *dialled, run Run) {
	e := Event{Kind: Received, ID: d.told, Port: d.port, Addr: d.remote, Within: d.in == nil, Run: run[:len(run):len(run)]}
	switch {
	case len(run) > 0:
	case !d.up:
		d.up = true
		if d.told != d.id {
			return // it takes a place that is known
		}
		e.Kind, e.Target = Up, d.target
	default:
		l.drop(d.id)
		if l.standing(d.told) != nil {
			return // another goes on in its place
		}
		e.Kind, e.Err = Down, reason(d.ended())
	}
	if d.port == Message && l.cfg.Messages != nil {
		if !l.cfg.Messages(e) {
			return
		}
		e.Run = nil
	}
	l.emit(e)
}

// Close sends what has been published, for as long as the subscribers take it within the grace time, ends
// every connection and returns when no goroutine is left. A subscriber whose kernel takes nothing for a second is not
// waited for; what it and others have not got is counted in messages_unsent and bytes_unacked. It is called once;
// Events is closed by it.
func (l *Link) Close(grace time.Duration) error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return ErrClosed
	}
	l.closed = true
	l.mu.Unlock()
	l.cancel()
	close(l.gone)
	l.dials.Wait()
	if l.answers != nil {
		l.answers.stop()
	}

	deadline := time.Now().Add(grace)
	var subscribers []*subscriber
	for _, p := range l.pubs {
		p.flush()
		p.gate.stop()
		subscribers = append(subscribers, p.gate.subscribers()...)
	}
	flush(subscribers, deadline)
	l.valve.open(true)
	l.hangUpDialled()
	l.exchange.shut()
	l.wires.Wait()
	// zmq4 lets go of every connection that ended, but only while it accepts and while drain reads. Its own
	// Close does not wait for its goroutines, and these may still have events to report.
	l.zmq4Conns.Wait()
	for _, p := range l.pubs {
		p.close()
	}
	_ = l.sub.Close()
	<-l.drained
	<-l.exchange.done
	close(l.events)
	return nil
}

func (l *Link) hangUpDialled() {
	l.mu.Lock()
	all := make([]*dialled, 0, len(l.dialled))
	for _, d := range l.dialled {
		all = append(all, d)
	}
	l.mu.Unlock()
	for _, d := range all {
		d.hangUp(ErrClosed)
	}
}
