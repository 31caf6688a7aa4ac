package mesh

import (
	"cmp"
	"time"

	"hearsay/topics"
)

// A configured name that leads to nobody is most often a mistake of whoever configured it, and nothing else in the mesh
// can show that: so it is told, with its cause, and then ever more rarely.

// failure is how the last dial of a peer led nowhere.
type failure struct {
	why    DialReason
	addr   string      // the endpoint that it is about, if there was one
	silent bool        // a link came up, and no beat over it
	mesh   string      // the label of another mesh that it led into
	is     topics.Name // the member that answered there instead
	own    bool        // another process answered there under this node's name
	there  bool        // its node runs: it is heard, or calls
	early  bool        // the dial began when this node had just started
	hangs  int         // dials, since the peer was heard last, that were hung up on during the key handshake
}

// ofRunning is the failure to reach a node that runs.
func (f failure) ofRunning() failure {
	f.there = true
	return f
}

// after is a failure with what was before it.
func (f failure) after(last failure) failure {
	if f.hangs = last.hangs; f.why.hungUp() {
		f.hangs++
	}
	return f
}

// startTime is for how long after this node's start nobody wonders that a seed is not there: those that are started together
// come one after another. A seed is dialled again within it, and at its end.
const startTime = time.Second

// soon reports whether the next dial may well find somebody, as the peer may be about to start.
func (f failure) soon() bool { return f.early && (f.why == Refused || f.why == Unresolved) }

// doubtful reports whether the next dial may well find somebody: who hangs up once may have been ended just then.
func (f failure) doubtful() bool { return f.why.hungUp() && f.hangs == 1 }

// silentAt is the failure of links that came up and stayed silent.
func silentAt(links ...*link) failure {
	for _, l := range links {
		if l != nil {
			return failure{addr: l.addr, silent: true}
		}
	}
	return failure{}
}

// String is the cause for people; "" if nothing failed.
func (f failure) String() string {
	who := cmp.Or(f.addr, "it")
	switch {
	case f.own:
		return "another process uses this node's name at " + who
	case f.is != "":
		return who + " is " + string(f.is)
	case f.silent:
		if _, port, ok := splitEndpoint(f.addr); ok && port == topics.DiscoveryPort {
			return who + " answers, but sends no lists: it hangs"
		}
		return who + " answers, but sends no lists: is that a discovery port?"
	case f.why == Refused && !f.there:
		return who + " refuses connections: no node runs there"
	case f.why == Refused:
		return who + " refuses connections: it has another --bind, or a firewall is between"
	case f.why == BadPeer && f.there:
		return who + " answers, but not as a ZeroMQ publisher: another program has that port, or it has no connection to spare"
	case f.why == Unresolved:
		return "no such host"
	case f.why == Unreachable:
		return "no route to " + who
	case f.why == TimedOut:
		return who + " does not answer: timed out"
	case f.why == Wordless:
		return who + " accepts, but says nothing: it hangs, or is no node"
	case f.why == BadPeer:
		return who + " answers, but not as a ZeroMQ publisher: no node runs there, or one that has no connection to spare"
	case f.why == NoKey:
		return "no key: " + who + " is open, and this node is locked"
	case f.why == KeyWanted:
		return "no key: " + who + " is locked, and this node is open"
	case f.why == WrongKey:
		return "wrong key: " + who + " has another one than this node speaks with"
	case f.why == NotLetIn:
		return "not let in: " + who + " does not know this node's key"
	case f.doubtful():
		return who + " hung up during the key handshake: it is tried again"
	case f.why == HungUpHello:
		return "wrong key, most likely: " + who + " hung up during the key handshake"
	case f.why == HungUpKey:
		return "not let in, most likely: " + who + " hung up when it saw this node's key"
	case f.why == Unauthorized:
		return "unauthorized: no key of it is known here"
	case f.why == OtherMesh:
		return otherMesh(f.mesh) + ": " + who + " is a node of it"
	case f.why == NoDNS:
		return "no answer from DNS"
	case f.why == Local:
		return "this machine has no port, file descriptor or memory for a connection: its log says which"
	}
	return ""
}

// refutes reports whether somebody answered who is not the peer, or that nobody is there. That a name leads nowhere from
// here refutes nothing.
func (f failure) refutes() bool {
	if f.doubtful() {
		return false
	}
	return f.silent || f.is != "" || f.why == Refused || f.why == Unauthorized || f.why == OtherMesh || f.why.strange()
}

// missing is what was told of a seed that leads to nobody.
type missing struct {
	told   int    // times
	cause  string // the last one
	before string // and the one before that, where it was another: two that take turns are news once
	at     Time
}

const toldLongest = time.Hour // between two lines about one seed

// unreachedWait is the wait before a seed that still leads to nobody is told again: 10 s, 40 s, and so on up to an hour.
func unreachedWait(told int, c *Config) time.Duration {
	if told == 0 {
		return 0
	}
	return min(toldLongest, c.BackOff<<(2*min(told-1, 10)))
}

// tell reports whether a cause is to be told now: another one is told like the first, though no sooner than BackOff
// after the last.
func (s *missing) tell(cause string, now Time, c *Config) bool {
	told, before := s.told, s.before
	if cause != s.cause {
		if before = s.cause; cause != s.before {
			told = min(told, 1)
		}
	}
	if now < s.at+unreachedWait(told, c) {
		return false
	}
	*s = missing{told + 1, cause, before, now}
	return true
}

// tellOn tells of a peer that something is wrong with it, and then ever more rarely, and reports whether it did. It is forgotten
// once nothing is, and the peer is heard, or does not call any more.
func (m *Machine) tellOn(p *peer, s *missing, kind Kind, cause string) bool {
	switch {
	case cause == "" && (p.state == Alive || p.origin.claims == 0):
		*s = missing{}
	case cause != "" && s.tell(cause, m.now, &m.cfg):
		m.tell(kind, p, cause)
		return true
	}
	return false
}

// seedsLead reports whether a configured name leads to somebody else: then one that leads here is no fault, as where all
// nodes are given the same names, or that of a service.
func (m *Machine) seedsLead() bool {
	for _, p := range m.seeds {
		if p.detector.met || p.origin.alias != nil {
			return true
		}
	}
	for _, p := range m.slots {
		if p != nil && p.origin.found && (p.detector.met || p.origin.alias != nil) {
			return true
		}
	}
	return false
}

// unreached is why a seed leads to nobody, "" if it leads to somebody, did so once, or was not tried yet.
func (m *Machine) unreached(p *peer) string {
	switch {
	case p.reach.failure().doubtful():
		return ""
	case p.state == Candidate && !p.detector.met:
		return p.reach.failure().String()
	case p.state == Alias && p.origin.alias == nil && !m.seedsLead():
		return "it leads to this node itself"
	}
	return ""
}

// judgeSeeds tells of the seeds that lead to nobody. It goes by rounds: nodes that start together do not find each
// other at the first dial, and one is up a moment later than another.
func (m *Machine) judgeSeeds() {
	for _, p := range m.seeds {
		if cause := m.unreached(p); cause != "" && !p.reach.failure().soon() && p.reach.missing.tell(cause, m.now, &m.cfg) {
			m.tell(Unreached, p, cause)
		}
	}
}

// Lost is a seed that leads to nobody.
type Lost struct {
	Name  topics.Name
	Cause string
}

// LostSeeds returns the seeds that lead to nobody, and never did.
func (m *Machine) LostSeeds() (lost []Lost) {
	for _, p := range m.seeds {
		if cause := m.unreached(p); cause != "" {
			lost = append(lost, Lost{p.name, cause})
		}
	}
	return lost
}
