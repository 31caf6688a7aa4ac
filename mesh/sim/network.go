package sim

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"hearsay/mesh"
	"hearsay/topics"
)

// Network says how the virtual network behaves where no fault changes it.
type Network struct {
	Latency     Span          // one way, drawn once for each pair of hosts
	Jitter      float64       // share of the latency that each packet may take longer
	Lookup      Span          // a DNS answer
	DialTimeout time.Duration // of the runtime: lookup, connect and handshake together
	KeepAlive   time.Duration // idle time before a TCP probe, and between probes
	Probes      [2]int        // unanswered probes that end a connection, by port
	Retransmit  time.Duration // first TCP retransmission; doubles up to RetransMax
	RetransMax  time.Duration
	GiveUp      [2]time.Duration // unacknowledged data for so long ends a connection, by port
	Slack       time.Duration    // a timer of a process fires so much late, at most
}

// Ethernet is the network of most scenarios: several buildings rather than one rack.
func Ethernet() Network {
	return Network{
		Latency:     Span{2 * time.Millisecond, 30 * time.Millisecond},
		Jitter:      0.1,
		Lookup:      Span{500 * time.Microsecond, 3 * time.Millisecond},
		DialTimeout: 3500 * time.Millisecond, // as package node sets it
		KeepAlive:   10 * time.Second,        // as package link sets it
		Probes:      [2]int{5, 29},           // gone after a minute, or five
		Retransmit:  200 * time.Millisecond,  // Linux' least
		RetransMax:  120 * time.Second,       // and most
		GiveUp:      [2]time.Duration{20 * time.Second, 5 * time.Minute},
		Slack:       500 * time.Microsecond,
	}
}

// network is what lies between the hosts of a run.
type network struct {
	Network
	w   *world
	rng *rand.Rand
	n   int // hosts

	latency []time.Duration // [from*n+to]
	cut     []uint16        // [from*n+to]: how many faults stop packets that way
	noSyn   []uint16        // [from*n+to]: connection requests only
	noPosts []uint16        // [from*n+to]: everything to and from message ports
	held    []int           // per host: everything waits, nothing is lost
	slow    []Span          // per host: added to each packet in and out
	loss    []float64       // per host: share of the packets in and out that are lost
	lossAll float64         // the same, of all packets
	lossy   bool            // any loss anywhere
	drop    float64         // share of the beats that outboxes drop

	dns    map[string][]string // lower-case host name to addresses
	styles map[string]Style    // how they are answered
	turns  map[string]int      // answers that were given one by one
	silent int                 // DNS does not answer at all
	listen map[string]*host    // ADDR:PORT of a publisher to who is there
}

func newNetwork(w *world, cfg Network, n int) *network {
	nw := &network{
		Network: cfg, w: w, n: n, rng: source(w.seed, purposeNetwork),
		latency: make([]time.Duration, n*n),
		cut:     make([]uint16, n*n),
		noSyn:   make([]uint16, n*n),
		noPosts: make([]uint16, n*n),
		held:    make([]int, n),
		slow:    make([]Span, n),
		loss:    make([]float64, n),
		dns:     make(map[string][]string),
		styles:  make(map[string]Style),
		turns:   make(map[string]int),
		listen:  make(map[string]*host),
	}
	for i := range n {
		for j := range i {
			l := cfg.Latency.pick(nw.rng)
			nw.latency[i*n+j], nw.latency[j*n+i] = l, l
		}
		nw.latency[i*n+i] = 20 * time.Microsecond
	}
	return nw
}

// oneWay is how long a packet takes.
func (nw *network) oneWay(from, to *host) time.Duration {
	l := nw.latency[from.id*nw.n+to.id]
	l += time.Duration(float64(l) * nw.Jitter * nw.rng.Float64())
	for _, h := range [2]*host{from, to} {
		if s := nw.slow[h.id]; s.Max > 0 {
			l += s.pick(nw.rng)
		}
	}
	return l
}

func (nw *network) roundTrip(a, b *host) time.Duration { return nw.oneWay(a, b) + nw.oneWay(b, a) }

// passes reports whether packets get from one host to another, loss aside.
func (nw *network) passes(from, to *host) bool {
	return from.power && to.power && nw.cut[from.id*nw.n+to.id] == 0 &&
		nw.held[from.id] == 0 && nw.held[to.id] == 0
}

// open reports whether a TCP connection makes progress: packets one way and acknowledgements the other.
func (nw *network) open(a, b *host) bool { return nw.passes(a, b) && nw.passes(b, a) }

// works is open for one connection: a firewall stops those that were dialled against it.
func (nw *network) works(l *link) bool {
	pair := l.sub.host.id*nw.n + l.pub.host.id
	return nw.open(l.sub.host, l.pub.host) && nw.noSyn[pair] == 0 && (l.port != mesh.MessagePort || nw.noPosts[pair] == 0)
}

// lost decides the fate of one packet.
func (nw *network) lost(from, to *host) bool {
	if !nw.lossy || from == to {
		return false
	}
	p := nw.lossRate(from, to)
	return p > 0 && nw.rng.Float64() < p
}

func (nw *network) lossRate(from, to *host) float64 {
	return 1 - (1-nw.lossAll)*(1-nw.loss[from.id])*(1-nw.loss[to.id])
}

// retransmitted is how much later a message of so many bytes arrives because packets of it were lost, and
// whether it does at all before the sender gives up. Retransmissions are the kernel's: 0.2, 0.6, 1.4 s …
func (nw *network) retransmitted(from, to *host, size int) (late time.Duration, ok bool) {
	if !nw.lossy || from == to {
		return 0, true
	}
	rto := nw.Retransmit
	for range size/segment + 1 {
		for nw.lost(from, to) {
			late += rto
			rto = min(2*rto, nw.RetransMax)
			if late > nw.GiveUp[mesh.MessagePort] {
				return late, false
			}
		}
	}
	return late, true
}

// segment is what one TCP packet carries.
const segment = 1448

// Style is how DNS answers with several addresses.
type Style uint8

const (
	Fixed    Style = iota // all, always in one order
	Shuffled              // all, in any order
	OneByOne              // one, each in its turn
	styles
)

// answer is what DNS says of a name now.
func (nw *network) answer(host string) []string {
	addrs := nw.dns[host]
	if len(addrs) < 2 {
		return addrs
	}
	switch nw.styles[host] {
	case Shuffled:
		addrs = slices.Clone(addrs)
		nw.rng.Shuffle(len(addrs), func(i, j int) { addrs[i], addrs[j] = addrs[j], addrs[i] })
	case OneByOne:
		nw.turns[host]++
		i := nw.turns[host] % len(addrs)
		addrs = addrs[i : i+1]
	}
	return addrs
}

// resolve returns the addresses of a name. ok is false where DNS stays silent.
func (nw *network) resolve(name topics.Name) (addrs []string, ok bool) {
	if name.IsIP() {
		return []string{name.Host()}, true
	}
	if nw.silent > 0 {
		return nil, false
	}
	return nw.answer(name.Key().Host()), true
}

// endpoint is where one of a name's publishers listens at an address.
func endpoint(addr string, name topics.Name, port mesh.Port) string {
	p := name.Port()
	if port == mesh.MessagePort {
		p += topics.PortStep
	}
	return addr + ":" + strconv.Itoa(p)
}

// attach puts a host on the network at its addresses.
func (nw *network) attach(h *host) {
	for _, ep := range h.endpoints() {
		nw.listen[ep] = h
	}
}

// detach takes it off; whoever dials one of those addresses meets nobody.
func (nw *network) detach(h *host) {
	for _, ep := range h.endpoints() {
		if nw.listen[ep] == h {
			delete(nw.listen, ep)
		}
	}
}

func (nw *network) setDNS(name topics.Name, addrs []string) {
	nw.dns[topics.Name(name.Key().Host()).Host()] = addrs
}

// changed looks at every link that a fault concerns: something may have gone silent.
func (nw *network) changed(w *world, concerns func(*link) bool) {
	for _, h := range w.hosts {
		if h.proc == nil {
			continue
		}
		for _, l := range h.proc.dialled {
			if concerns(l) {
				w.watchSilence(l)
			}
		}
	}
}

// release delivers everything that was held for a host.
func (nw *network) release(w *world, h *host) {
	if h.proc == nil {
		return
	}
	for _, p := range w.hosts {
		if p.proc == nil {
			continue
		}
		for _, l := range p.proc.listeners[mesh.DiscoveryPort] {
			if l.stuck && (p == h || l.sub.host == h) && nw.works(l) {
				w.unstick(l)
			}
		}
	}
}
