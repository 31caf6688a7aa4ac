package link

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-zeromq/zmq4"

	"hearsay/topics"
)

// Config says where a link listens and what it tolerates. Zero fields take their defaults.
type Config struct {
	Bind          string      // literal address to listen on and to dial from; empty: all
	DiscoveryPort int         // 0: any free one
	MessagePort   int         // 0: any free one
	Hello         topics.Name // said to every discovery publisher; empty: nothing is said
	Subscribe     []string    // topics subscribed to on message publishers

	MaxMessage       int           // bytes of one message, all frames together: 1 MiB of body and some for the rest
	MaxFrames        int           // of one message: 8
	HandshakeTimeout time.Duration // for greeting and READY: 3 s; a round trip is needed
	StallTimeout     time.Duration // a subscriber that takes nothing for so long is hung up: 10 s
	OutboxBytes      int           // waiting for one subscriber: 4 MiB; for all of them 64 times that, and a sixteenth each
	MaxStrangers     int           // connections that have not subscribed yet, a port: 256
	MaxSubscribers   int           // connections, a port: 2,048, or less where file descriptors are few
	EventBuffer      int           // events waiting for the reader of Events: 128; each may hold a message of the largest size
}

func (c Config) withDefaults() Config {
	set := func(field *int, value int) {
		if *field == 0 {
			*field = value
		}
	}
	set(&c.MaxMessage, topics.MaxMessage+8<<10)
	set(&c.MaxFrames, topics.MaxFrames)
	set(&c.OutboxBytes, 4<<20)
	files := maxOpenFiles()
	set(&c.MaxStrangers, min(256, max(8, files/8)))
	set(&c.MaxSubscribers, min(2048, max(16, files/4)))
	set(&c.EventBuffer, 128)
	if c.HandshakeTimeout == 0 {
		c.HandshakeTimeout = 3 * time.Second
	}
	if c.StallTimeout == 0 {
		c.StallTimeout = 10 * time.Second
	}
	return c
}

func (c *Config) limits() limits { return limits{message: c.MaxMessage, frames: c.MaxFrames} }

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
	ListenerUp                    // somebody subscribed to our lists
	ListenerDown                  // that connection has ended
)

// Event is what a link reports. ID is the connection's and Addr its far end.
type Event struct {
	Kind   Kind
	Port   Port
	ID     ID
	Addr   netip.AddrPort
	Target string      // Up: as Dial was told
	Name   topics.Name // HelloReceived
	Run    Run         // Received: the receiver's own, never written to again
	Err    error       // Down, ListenerDown: why
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
	exchange *exchange
	events   chan Event
	gone     chan struct{} // nobody reads events any more

	dialMu    sync.Mutex // zmq4's Dial must not run twice at once
	dials     sync.WaitGroup
	zmq4Conns sync.WaitGroup // connections that zmq4 holds
	wires     sync.WaitGroup // from within this process to our publishers
	received  chan struct{}  // the receiving goroutine has ended

	mu      sync.Mutex
	closed  bool
	dialled map[ID]*dialled
	beat    []byte // the newest whole list, as it goes over the wire

	waiting  atomic.Int64 // bytes in all outboxes
	counters counters
}

// Open binds both publishers. The error says which one could not be, and why.
func Open(cfg Config) (*Link, error) {
	cfg = cfg.withDefaults()
	l := &Link{
		cfg:      cfg,
		start:    time.Now(),
		events:   make(chan Event, cfg.EventBuffer),
		gone:     make(chan struct{}),
		received: make(chan struct{}),
		dialled:  make(map[ID]*dialled),
	}
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
	l.zmq4Conns.Add(1)
	if err := l.sub.Dial(offer(l.exchange)); err != nil {
		panic(fmt.Sprintf("link: zmq4 refused the exchange: %v", err))
	}
	go l.receive()
	for _, g := range gates {
		g.start()
	}
	return l, nil
}

// Events is where everything is reported. It has to be read until it is closed, which Close does last.
func (l *Link) Events() <-chan Event { return l.events }

// Addr returns the address that a publisher is bound to.
func (l *Link) Addr(p Port) netip.AddrPort { return addrPort(l.pubs[p].gate.ln.Addr()) }

func (l *Link) emit(e Event) {
	select {
	case l.events <- e:
	case <-l.gone:
	}
}

// Publish sends a message to everybody who has subscribed to its first frame or a prefix of it. It never
// waits for a peer. The frames are copied.
func (l *Link) Publish(p Port, frames ...[]byte) error {
	return l.pubs[p].publish(frames)
}

// SetBeat gives the message that everybody gets who subscribes to our lists, at that moment. One that is
// still being published may follow it.
func (l *Link) SetBeat(frames ...[]byte) {
	beat := appendMessage(nil, frames...)
	l.mu.Lock()
	l.beat = beat
	l.mu.Unlock()
}

func (l *Link) newestBeat() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.beat
}

// Dial connects to the publisher at a literal address, and returns nil when an Up event with this target is on its
// way, or else why there will be none. Any number of dials may run at once.
func (l *Link) Dial(ctx context.Context, port Port, addr netip.AddrPort, target string) error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return ErrClosed
	}
	l.dials.Add(1)
	l.mu.Unlock()
	defer l.dials.Done()

	if g := local.at(addr); g != nil && g.port == port {
		if err := l.join(g, port, addr, target); err != nil {
			return fmt.Errorf("%w with %s: %w", ErrHandshake, addr, err)
		}
		return nil
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(l.ctx, func() { cancel(ErrClosed) })()

	raw, err := l.connect(ctx, addr)
	if err != nil {
		return err
	}
	d := l.newDialled(raw, port, addr, target)
	if err := d.shake(ctx, l.cfg.HandshakeTimeout, "SUB", "PUB", "XPUB"); err != nil {
		d.hangUp(err)
		return fmt.Errorf("%w with %s: %w", ErrHandshake, addr, err)
	}
	return l.take(d)
}

// take subscribes, and hands the connection to zmq4. What zmq4 reads of it first is an empty run, as the last will
// be: so the SUB itself says when it has the connection, and a dial is not over before.
func (l *Link) take(d *dialled) error {
	if d.port == Discovery {
		d.in.lull = newLull(d.raw, l.start)
	}
	d.out.put(l.subscriptions(d.port))
	d.script = appendPostmarked(script, d.id, 0)
	l.mu.Lock()
	l.dialled[d.id] = d
	l.mu.Unlock()
	return l.handToSub(d)
}

func (l *Link) connect(ctx context.Context, addr netip.AddrPort) (net.Conn, error) {
	d := net.Dialer{}
	if from := l.source(addr.Addr()); from != nil {
		d.LocalAddr = &net.TCPAddr{IP: from}
	}
	return d.DialContext(ctx, "tcp", addr.String())
}

// source is the address to dial from: the bound one, where that can reach the other, so that a publisher
// sees which node is listening.
func (l *Link) source(to netip.Addr) net.IP {
	from, err := netip.ParseAddr(l.cfg.Bind)
	if err != nil || from.IsUnspecified() || from.Is4() != to.Is4() || from.IsLoopback() != to.IsLoopback() {
		return nil
	}
	return from.AsSlice()
}

// subscriptions is everything we say to a publisher. zmq4 would repeat it to every connection at each new
// one; said here, once, it knows of no subscription, and passes on whatever comes.
func (l *Link) subscriptions(port Port) (b []byte) {
	say := func(topic string) { b = appendFrame(b, 0, append([]byte{1}, topic...)) }
	if port == Discovery && l.cfg.Hello != "" {
		say(topics.HelloTopic(l.cfg.Hello))
	}
	for _, topic := range l.topics(port) {
		say(topic)
	}
	return b
}

// topics are what we want to hear of a publisher.
func (l *Link) topics(port Port) []string {
	if port == Message {
		return l.cfg.Subscribe
	}
	return discoveryTopics
}

var discoveryTopics = []string{topics.Discovery}

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
	d := l.dialled[id]
	l.mu.Unlock()
	if d != nil {
		d.hangUp(errHungUp)
	}
}

func (l *Link) drop(id ID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.dialled, id)
}

// receive reads the SUB until it is closed.
func (l *Link) receive() {
	defer close(l.received)
	for {
		msg, err := l.sub.Recv()
		if errors.Is(err, context.Canceled) {
			return
		}
		if err != nil || len(msg.Frames) != 2 || len(msg.Frames[0]) != postmarkSize {
			continue // the EOF of some connection; its Down has come before, with a postmark
		}
		l.mu.Lock()
		d := l.dialled[ID(binary.BigEndian.Uint64(msg.Frames[0]))]
		l.mu.Unlock()
		if d != nil {
			l.receiveRun(d, Run(msg.Frames[1]))
		}
	}
}

// receiveRun reports what a run says: the first of a connection is empty, and so is the last.
func (l *Link) receiveRun(d *dialled, run Run) {
	e := Event{Kind: Received, ID: d.id, Port: d.port, Addr: d.remote, Run: run}
	switch {
	case len(run) > 0:
	case !d.up:
		d.up = true
		e.Kind, e.Target = Up, d.target
	default:
		l.drop(d.id)
		e.Kind, e.Err = Down, reason(d.ended())
	}
	l.emit(e)
}

// Close sends what has been published, for as long as the subscribers take it within the grace time, ends
// every connection and returns when no goroutine is left. It is called once; Events is closed by it.
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

	deadline := time.Now().Add(grace)
	var subscribers []*subscriber
	for _, p := range l.pubs {
		p.flush()
		p.gate.stop()
		subscribers = append(subscribers, p.gate.subscribers()...)
	}
	for _, s := range subscribers {
		s.out.drain(deadline)
		s.hangUp(ErrClosed)
	}
	l.hangUpDialled()
	l.exchange.shut()
	l.wires.Wait()
	// zmq4 lets go of every connection that ended, but only while it accepts and while receive reads. Its own
	// Close does not wait for its goroutines, and these may still have events to report.
	l.zmq4Conns.Wait()
	for _, p := range l.pubs {
		p.close()
	}
	_ = l.sub.Close()
	<-l.received
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
