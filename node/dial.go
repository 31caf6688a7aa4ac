package node

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"

	"hearsay/mesh"
	"hearsay/node/files"
	"hearsay/node/keys"
	"hearsay/node/link"
	"hearsay/node/link/zmtp"
	"hearsay/topics"
)

const (
	// dialTimeout bounds a whole dial: the look-up, TCP and the handshake. A SYN is sent again after 1 s and 3 s.
	dialTimeout = 3500 * time.Millisecond

	// maxRacing is how many addresses of a name are tried at the same time, in one dial.
	maxRacing = 8

	// headStart is how long an address may take before the next one is tried beside it: RFC 8305 (Happy Eyeballs).
	headStart = 250 * time.Millisecond

	// maxAnswer bounds the addresses of a name that are looked at: as many as fit into the largest answer of DNS.
	maxAnswer = 4096
)

// label is what the link is told a dial is for, and says again when it is up: which dial, as two may have one target, and
// whom it calls.
func label(d mesh.Dial) string { return strconv.FormatUint(uint64(d.ID), 10) + "/" + string(d.Target) }

// startDial sets out to do what the machine asked for.
func (n *Node) startDial(d mesh.Dial) {
	n.dialling[label(d)] = d
	if n.dialNear(d) {
		return
	}
	n.dials.Add(1)
	go n.dial(d)
}

// dialNear connects to a node of this process, which waits for nothing, and reports whether it has. Where anything may stand
// against it, it does not try.
func (n *Node) dialNear(d mesh.Dial) bool {
	addr, err := literal(d)
	port := link.Port(d.Port)
	if err != nil || d.Tell || n.cfg.blocked != nil && n.cfg.blocked(d) || n.link.CanDial(port) != nil {
		return false
	}
	return n.link.Join(port, addr, d.Target, label(d), d.Aside)
}

// dialled returns the dial that led to a link, once: the machine hangs up what comes beyond.
func (n *Node) dialled(label string) mesh.Dial {
	d := n.dialling[label]
	delete(n.dialling, label)
	return d
}

// answer gives the machine the answer to a dial that failed, or to a look-up.
func (n *Node) answer(e mesh.Input) {
	if f, ok := e.(mesh.DialFailed); ok {
		delete(n.dialling, label(f.Dial))
	}
	n.step(e)
}

// report hands the loop an answer.
func (n *Node) report(e mesh.Input) {
	select {
	case n.answers <- e:
	case <-n.ctx.Done():
	}
}

// dial does what the machine asked for, in a goroutine of its own, and reports a failure to the loop; a
// success is the link's to report.
func (n *Node) dial(d mesh.Dial) {
	defer n.dials.Done()
	ctx, cancel := context.WithTimeout(n.ctx, within(d))
	defer cancel()
	why, err := n.dialAny(ctx, d)
	if err == nil || n.ctx.Err() != nil {
		return
	}
	switch {
	case errors.Is(err, link.ErrFiles):
		n.tellFiles()
	case why == mesh.Local && n.localTold.due(localHint(err), time.Now()):
		n.log.Warn("dials fail on this machine", "why", err, "hint", localHint(err))
	}
	n.log.Debug("dial failed", "peer", d.Target, "port", link.Port(d.Port).String(), "why", err)
	failed := mesh.DialFailed{Dial: d, Reason: why}
	var at *endpointError
	if errors.As(err, &at) {
		failed.Addr = at.addr.String()
	}
	n.report(failed)
}

// localTold is when it was told what this machine lacks, by what to do about it: dials are tried again each second.
type localTold struct {
	mu sync.Mutex
	at map[string]time.Time
}

// localEvery is how often that is told.
const localEvery = time.Minute

// due reports whether it is time to tell it, and notes that it is told.
func (l *localTold) due(hint string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if last, told := l.at[hint]; told && now.Sub(last) < localEvery {
		return false
	}
	if l.at == nil {
		l.at = make(map[string]time.Time)
	}
	l.at[hint] = now
	return true
}

// localHint is what to do about a dial that failed by this machine's own fault.
func localHint(err error) string {
	switch {
	case errors.Is(err, syscall.EMFILE):
		return "this process has too few file descriptors: ulimit -n, LimitNOFILE= of systemd, ulimits: of compose"
	case errors.Is(err, syscall.ENFILE):
		return "the whole machine has too few file descriptors: sysctl fs.file-max"
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return "no port is free to dial from, or the --bind address is none of this machine's: ss -s, sysctl net.ipv4.ip_local_port_range"
	}
	return "the kernel has no memory for sockets: free, sysctl net.ipv4.tcp_mem"
}

// within is how long a dial may take.
func within(d mesh.Dial) time.Duration {
	if d.Within > 0 {
		return min(d.Within, dialTimeout)
	}
	return dialTimeout
}

// endpointError is why one endpoint was not reached.
type endpointError struct {
	addr netip.AddrPort
	error
}

func (e *endpointError) Unwrap() error { return e.error }

// countLinks tells where there are as many links as this process may dial.
func (n *Node) countLinks() {
	if len(n.links) > 2*files.Divide(n.cfg.files).Port {
		n.tellFiles()
	}
}

// tellFiles says, once, that some peers are not dialled, as the file descriptors are for others.
func (n *Node) tellFiles() {
	if n.filesTold.CompareAndSwap(false, true) {
		most := files.Divide(n.cfg.files).Port
		n.log.Warn("too few file descriptors for so many peers", "limit", n.cfg.files, "peers_at_most", most, "hint", "ulimit -n")
	}
}

// dialAny tries the name's addresses until one answers. Names are resolved at every dial: a peer that came back
// with another address is found.
func (n *Node) dialAny(ctx context.Context, d mesh.Dial) (mesh.DialReason, error) {
	if err := n.link.CanDial(link.Port(d.Port)); err != nil {
		return mesh.Local, fmt.Errorf("dial %s: %w", d.Target, err) // before anybody is asked for its addresses
	}
	if !d.Tell { // a configured name may lead to others
		if err := n.link.Knows(d.Target); err != nil {
			return n.dialReason(err), fmt.Errorf("dial %s: %w", d.Target, err) // whoever lists it would have us look it up
		}
	}
	addrs, err := n.resolve(ctx, d)
	if err != nil {
		return lookupReason(err), fmt.Errorf("dial %s: %w", d.Target, err)
	}
	if d.Tell {
		n.dials.Add(1)
		go func() { // nobody dials later for it
			defer n.dials.Done()
			n.report(mesh.Resolved{Name: d.Target, Dial: d.ID, Addrs: texts(addrs)})
		}()
	}
	if why, err := n.race(ctx, d, addrs); err != nil {
		return why, fmt.Errorf("dial %s: %w", d.Target, err)
	}
	return 0, nil
}

// outcome is how the dial of one address ended.
type outcome struct{ err error }

// race tries addresses in their order: the next one when the last has failed or taken long, a few at a time, until
// one is reached. Should two be, the machine hangs the second up. Nobody is there only where all have said so.
func (n *Node) race(ctx context.Context, d mesh.Dial, addrs []netip.AddrPort) (why mesh.DialReason, last error) {
	if len(addrs) == 1 {
		err := n.dialOne(ctx, d, addrs[0], 1)
		return n.dialReason(err), err
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan outcome)
	slow := time.NewTicker(headStart)
	defer slow.Stop()
	running := 0
	defer func() {
		cancel()
		for range running {
			<-ended
		}
	}()
	for tried := 0; ; {
		if tried < len(addrs) && running < maxRacing {
			addr, left := addrs[tried], len(addrs)-tried
			tried++
			running++
			go func() { ended <- outcome{n.dialOne(ctx, d, addr, left)} }()
			slow.Reset(headStart)
		}
		select {
		case o := <-ended:
			running--
			if o.err == nil {
				return 0, nil
			}
			if r := n.dialReason(o.err); last == nil || r != mesh.Refused {
				why, last = r, o.err
			}
			if running == 0 && tried == len(addrs) {
				return why, last
			}
		case <-slow.C:
		}
	}
}

// dialOne leaves the addresses that are still to be tried their share of the time.
func (n *Node) dialOne(ctx context.Context, d mesh.Dial, addr netip.AddrPort, left int) error {
	waves := (left + maxRacing - 1) / maxRacing
	if deadline, ok := ctx.Deadline(); ok && waves > 1 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(deadline)/time.Duration(waves))
		defer cancel()
	}
	if n.cfg.blocked != nil && n.cfg.blocked(d) {
		return &endpointError{addr, errors.New("blocked")}
	}
	dial := n.link.DialName
	if d.Aside {
		dial = n.link.DialAside
	}
	if err := dial(ctx, link.Port(d.Port), addr, d.Target, label(d)); err != nil {
		return &endpointError{addr, err}
	}
	return nil
}

// lookUp finds out what a name leads to, in a goroutine of its own.
func (n *Node) lookUp(l mesh.Lookup) {
	defer n.dials.Done()
	ctx, cancel := context.WithTimeout(n.ctx, dialTimeout)
	defer cancel()
	addrs, err := n.resolve(ctx, mesh.Dial{Target: l.Name})
	if err != nil {
		n.log.Debug("look-up failed", "name", l.Name, "why", err)
	}
	n.report(mesh.Resolved{Name: l.Name, Addrs: texts(addrs)})
}

func texts(addrs []netip.AddrPort) []string {
	out := make([]string, len(addrs))
	for i, a := range addrs {
		out[i] = a.Addr().String()
	}
	return out
}

// lookUpIPs asks the resolver, and does not wait for one that goes on when ctx has ended.
func (n *Node) lookUpIPs(ctx context.Context, host string) ([]netip.Addr, error) {
	type answer struct {
		ips []netip.Addr
		err error
	}
	answered := make(chan answer, 1)
	go func() {
		ips, err := n.cfg.Resolver.LookupNetIP(ctx, "ip", host)
		answered <- answer{ips, err}
	}()
	select {
	case a := <-answered:
		return a.ips, a.err
	case <-ctx.Done():
		return nil, &net.DNSError{Err: "no answer in time", Name: host, IsTimeout: true}
	}
}

// literal is the endpoint of a dial, where nobody has to be asked for it.
func literal(d mesh.Dial) (netip.AddrPort, error) {
	if d.Addr != "" {
		return netip.ParseAddrPort(d.Addr)
	}
	addr, err := netip.ParseAddrPort(endpoint(d.Target, d.Port))
	return netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port()), err
}

// resolve returns the endpoints to try.
func (n *Node) resolve(ctx context.Context, d mesh.Dial) ([]netip.AddrPort, error) {
	if addr, err := literal(d); err == nil || d.Addr != "" {
		return []netip.AddrPort{addr}, err
	}
	host, port, err := net.SplitHostPort(endpoint(d.Target, d.Port))
	if err != nil {
		return nil, err
	}
	p, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, err
	}
	ips, err := n.lookUpIPs(ctx, host)
	if err != nil {
		return nil, err
	}
	if len(ips) == 0 {
		return nil, &net.DNSError{Err: "no address", Name: host, IsNotFound: true}
	}
	var addrs []netip.AddrPort
	seen := make(map[netip.AddrPort]bool)
	for _, ip := range ips[:min(len(ips), maxAnswer)] {
		if addr := netip.AddrPortFrom(ip.Unmap(), uint16(p)); !seen[addr] {
			seen[addr] = true
			addrs = append(addrs, addr)
		}
	}
	return addrs, nil
}

func endpoint(name topics.Name, p mesh.Port) string {
	if p == mesh.MessagePort {
		return name.MessageAddr()
	}
	return name.DiscoveryAddr()
}

// lookupReason sorts an error of a look-up: only DNS itself can say that a name has no address.
func lookupReason(err error) mesh.DialReason {
	var dns *net.DNSError
	if errors.As(err, &dns) && dns.IsNotFound {
		return mesh.Unresolved
	}
	return mesh.NoDNS
}

// dialReason sorts an error of a connection into what it says of the peer, and of this node.
func (n *Node) dialReason(err error) mesh.DialReason {
	if r := dialReason(err); r != mesh.NoKey || n.cfg.Keys.Locked() {
		return r
	}
	return mesh.KeyWanted
}

func dialReason(err error) mesh.DialReason {
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return mesh.Refused
	case errors.Is(err, link.ErrFiles), errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE), errors.Is(err, syscall.ENOBUFS),
		errors.Is(err, syscall.ENOMEM), errors.Is(err, syscall.EADDRNOTAVAIL):
		return mesh.Local
	case errors.Is(err, link.ErrHandshake) && timedOut(err):
		return mesh.Wordless
	case errors.Is(err, keys.ErrUnknown):
		return mesh.Unauthorized
	case errors.Is(err, zmtp.ErrMechanism):
		return mesh.NoKey
	case errors.Is(err, link.ErrHungUp) && errors.Is(err, zmtp.ErrUnauthorized):
		return mesh.HungUpKey
	case errors.Is(err, link.ErrHungUp):
		return mesh.HungUpHello
	case errors.Is(err, zmtp.ErrUnauthorized):
		return mesh.NotLetIn
	case errors.Is(err, zmtp.ErrKey):
		return mesh.WrongKey
	case errors.Is(err, link.ErrHandshake):
		return mesh.BadPeer
	case timedOut(err), errors.Is(err, syscall.ETIMEDOUT):
		return mesh.TimedOut
	}
	return mesh.Unreachable
}

func timedOut(err error) bool {
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded)
}
