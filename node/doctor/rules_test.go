package doctor

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"hearsay/node/dns"
	"hearsay/node/web"
	"hearsay/topics"
)

// sound are the facts of a node among two peers, with nothing wrong.
func sound() Facts {
	now := time.Now()
	spoke := func(name topics.Name, addr string, lists ...topics.Name) Place {
		v := Visit{Endpoint: addr + ":20000", Outcome: Spoke, Names: append([]topics.Name{name}, lists...), At: now,
			Header: &topics.Header{Version: 1, Incarnation: 5, At: now.UnixMilli()}}
		return Place{Name: name, Addrs: []netip.Addr{netip.MustParseAddr(addr)}, Discovery: []Visit{v}, Messages: []Visit{{Endpoint: addr + ":30000", Outcome: Spoke}}}
	}
	member := func(name topics.Name, addr string) web.Member {
		return web.Member{Name: name, State: "alive", Since: now.Add(-time.Minute), Address: addr + ":20000", HearsMe: true, MessagesLink: true,
			Flowing: true, Program: "hearsay v1", Why: "heard"}
	}
	f := Facts{
		Addr:   "127.0.0.1:8080",
		Status: &web.Status{Name: "a", Incarnation: 7, Started: now.Add(-time.Hour), Uptime: 3600, Alive: 2, Members: 3, Ready: true, OpenFiles: 1024},
		Members: &web.Members{Self: web.Self{Name: "a", Program: "hearsay v1"}, Members: []web.Member{
			member("b", "10.0.0.2"), member("c", "10.0.0.3"),
		}},
		Links: &web.Links{Nodes: []web.Row{
			{Name: "a", Hears: []topics.Name{"b", "c"}}, {Name: "b", Hears: []topics.Name{"a", "c"}}, {Name: "c", Hears: []topics.Name{"a", "b"}},
		}},
		Self: spoke("a", "10.0.0.1", "b", "c"), Here: []netip.Addr{netip.MustParseAddr("10.0.0.1")}, OpenFiles: 1024,
		Seeds: []Place{spoke("b", "10.0.0.2", "a", "c")},
		Peers: []Place{spoke("b", "10.0.0.2", "a", "c"), spoke("c", "10.0.0.3", "a", "b")},
	}
	f.Self.Discovery[0].Header.Incarnation = 7
	f.Status.DNS = &dns.Stats{Addr: "127.0.0.1:5300", Domain: "hearsay", Names: 3}
	f.Names = []Asked{{"udp", ""}, {"tcp", ""}}
	return f
}

// lock has the node's own port end a visit so, and those of others, which the node hears, as the doctor has keys or not.
func (f *Facts) lock(self Outcome) {
	for _, places := range [][]Place{{f.Self}, f.Seeds, f.Peers} {
		for _, p := range places {
			p.Discovery[0] = Visit{Endpoint: p.Discovery[0].Endpoint, Outcome: self}
			p.Messages[0].Outcome = self
		}
	}
}

// lost has the node hear nobody of the mesh of its seed b, which visits end at as said, and say why.
func (f *Facts) lost(o Outcome, why string) {
	f.Links, f.Status.Alive = nil, 0
	f.Members.Members, f.Peers = f.Members.Members[:1], f.Peers[:1]
	f.Members.Members[0] = web.Member{Name: "b", State: "candidate", Failure: why}
	f.Seeds[0].Discovery[0].Outcome, f.Seeds[0].Messages[0].Outcome = o, o
}

// Each thing that is wrong is found, by the check that it belongs to, and nothing else is.
func TestExamine(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		what  string
		wrong func(*Facts)
		want  []string // LEVEL CHECK: words, of all that is not ok
	}{
		{"nothing", func(*Facts) {}, nil},
		{"no node", func(f *Facts) { *f = Facts{Asked: errNothing} }, []string{"warning node: nothing"}},
		{"a node that hangs", func(f *Facts) { *f = Facts{Hung: true} }, []string{"fault node: does not answer"}},
		{"a secret that others may read", func(f *Facts) { f.Exposed = []string{"/k/mesh.key_secret"} },
			[]string{"warning keys: /k/mesh.key_secret holds a secret, and others than its owner may read or change it > chmod 600 /k/mesh.key_secret"}},
		{"not ready", func(f *Facts) { f.Status.Ready, f.Status.ReadyReason = false, "hears nobody" }, []string{"fault node: hears nobody"}},
		{"a namesake in DNS", func(f *Facts) {
			v := f.Self.Discovery[0]
			v.Endpoint, v.Header = "10.0.0.9:20000", &topics.Header{Incarnation: 3}
			f.Self.Discovery = append(f.Self.Discovery, v)
		}, []string{"fault name: another, older process at 10.0.0.9:20000"}},
		{"its name is taken", func(f *Facts) { f.Status.Ready, f.Status.Conflict = false, "an older process" }, []string{"fault name: an older process"}},
		{"a namesake that the node has met", func(f *Facts) { f.Status.Namesake = "another process, younger than this one" },
			[]string{"fault name: another process, younger than this one > give one of the two another --hostname"}},
		{"its name leads elsewhere", func(f *Facts) {
			f.Self = Place{Name: "a", Addrs: []netip.Addr{netip.MustParseAddr("10.0.0.9")}}
		}, []string{"fault name: 10.0.0.9, which is not this machine"}},
		{"its name leads to another address of this machine", func(f *Facts) {
			f.Status.Bind = "127.0.0.3"
		}, []string{"fault name: this machine, and the node listens on 127.0.0.3 alone > give the node --hostname 127.0.0.3"}},
		{"its name leads to another address, and one does not hear it", func(f *Facts) {
			f.Status.Bind = "127.0.0.3"
			f.Members.Members[1].HearsMe, f.Members.Members[1].Flowing = false, false
		}, []string{"fault name: listens on 127.0.0.3 alone", "fault peers: c does not hear this node, which hears it: a one-way link > see name above"}},
		{"it is called localhost", func(f *Facts) {
			f.Status.Bind, f.Self.Name = "127.0.0.3", "localhost"
		}, []string{"fault name: localhost leads each machine to itself, and the node listens on 127.0.0.3 alone > give the node another --hostname, such as 127.0.0.3"}},
		{"its name leads nowhere", func(f *Facts) { f.Self = Place{Name: "a", NoDNS: "no such host"} }, []string{"warning name: no such host"}},
		{"a port that is closed", func(f *Facts) { f.Self.Messages[0].Outcome = Refused }, []string{"fault ports: 10.0.0.1:30000 is closed"}},
		{"no descriptor for a connection", func(f *Facts) {
			f.OpenFiles, f.Self.Discovery[0].Outcome, f.Self.Messages[0].Outcome = 24, HungUp, Wordless
		}, []string{
			"fault ports: 10.0.0.1:20000 accepts connections and hangs up without a word: with 24 files the node has no connection to spare > raise it",
			"fault ports: 10.0.0.1:30000 accepts connections and says nothing: with 24 files the node has no connection to spare > raise it", "fault files: may open 24 files",
		}},
		{"another program at its port", func(f *Facts) { f.OpenFiles, f.Self.Discovery[0].Outcome = 24, Foreign },
			[]string{"fault ports: 10.0.0.1:20000 answers, but not as a ZeroMQ publisher > find out what listens there", "fault files: may open 24 files"}},
		{"a port that hangs up", func(f *Facts) { f.Self.Discovery[0].Outcome = HungUp },
			[]string{"fault ports: 10.0.0.1:20000 accepts connections and hangs up without a word > see whether its log says that newcomers are turned away"}},
		{"no descriptor for the doctor", func(f *Facts) { f.Self.Discovery[0].Outcome, f.Self.Discovery[0].Hindrance = Hindered, fewOwnFiles },
			[]string{"warning ports: 10.0.0.1:20000 cannot be visited from here: too few file descriptors for the doctor itself > raise it here: ulimit -n"}},
		{"a peer that is started again and again", func(f *Facts) { f.Members.Members[0].Restarts = "started again 5 times in 1m0s" },
			[]string{"warning peers: b: started again 5 times in 1m0s > look at the log of b"}},
		{"messages that were missed", func(f *Facts) {
			f.Status.Missed, f.Status.Lost = []string{"7 messages of b missed"}, "5 messages not delivered"
		},
			[]string{"warning node: 7 messages of b missed > it was away", "warning node: 5 messages not delivered > read them faster"}},
		{"few descriptors", func(f *Facts) { f.OpenFiles = 64 }, []string{"fault files: may open 64 files; with 2 peers it should be 256 or more"}},
		{"a seed without an address", func(f *Facts) { f.Seeds = []Place{{Name: "x", NoDNS: "no such host"}} }, []string{"fault seeds: x: no such host"}},
		{"a seed that refuses", func(f *Facts) { f.Seeds[0].Name, f.Seeds[0].Discovery[0].Outcome = "x", Refused }, []string{"fault seeds: refuses"}},
		{"a seed that is a message port", func(f *Facts) {
			f.Seeds[0].Name, f.Seeds[0].Discovery[0].Outcome, f.Seeds[0].Messages[0].Outcome = "x:30000", Silent, Refused
		}, []string{"fault seeds: sends no lists"}},
		{"a seed that is this node", func(f *Facts) { f.Seeds = []Place{f.Self} }, []string{"warning seeds: this node itself"}},
		{"a seed in another mesh", func(f *Facts) { f.Seeds[0].Discovery[0].Names = []topics.Name{"x", "y"} }, []string{"fault seeds: another mesh: x hears y, this node hears b, c"}},
		{"a seed of another mesh", func(f *Facts) {
			f.Seeds[0].Name, f.Seeds[0].Discovery[0].Outcome, f.Seeds[0].Discovery[0].Mesh = "x", OtherMesh, "red"
		}, []string{"fault seeds: seed x: 10.0.0.2:20000 is of another mesh (red); this node is of the mesh without a label"}},
		{"a peer that went to another mesh", func(f *Facts) {
			f.Members.Members[1].State, f.Peers[1].Discovery[0].Outcome, f.Mesh = "quarantined", OtherMesh, "blue"
		}, []string{"warning peers: 10.0.0.3:20000 is of another mesh (without a label) now"}},
		{"neighbours of another mesh", func(f *Facts) { f.Status.Foreign = []web.Foreigner{{Name: "x", Mesh: "red", Address: "10.0.0.9"}} }, nil},
		{"multicast", func(f *Facts) { f.Status.Multicast = &web.Multicast{Interfaces: []string{"eth0"}, Heard: 4} }, nil},
		{"multicast over nothing", func(f *Facts) { f.Status.Multicast = &web.Multicast{Problem: "no interface is up"} }, []string{"fault multicast: no interface is up"}},
		{"multicast that nobody answers", func(f *Facts) {
			*f = Facts{Status: &web.Status{Name: "a", Ready: true, Multicast: &web.Multicast{Interfaces: []string{"eth0"}}}}
		}, []string{"warning multicast: no beacon was heard over eth0"}},
		{"stale DNS", func(f *Facts) {
			v := Visit{Endpoint: "10.0.0.7:20000", Outcome: TimedOut}
			f.Seeds[0].Addrs, f.Seeds[0].Discovery = []netip.Addr{addrOf(v)}, []Visit{v}
		}, []string{"fault seeds: b leads to 10.0.0.7, which does not answer: timed out; the mesh hears it at 10.0.0.2:20000"}},
		{"a seed that is silent at the IPv6 address where it is heard", func(f *Facts) {
			v := Visit{Endpoint: "[2001:db8::1]:20000", Outcome: TimedOut}
			f.Seeds[0].Addrs, f.Seeds[0].Discovery = []netip.Addr{addrOf(v)}, []Visit{v}
			f.Members.Members[0].Address = v.Endpoint
		}, []string{"fault seeds: seed b: [2001:db8::1]:20000 does not answer"}},
		{"mute", func(f *Facts) { f.Status.Mute = true }, []string{"fault mesh: heard by none"}},
		{"degraded", func(f *Facts) { f.Status.Degraded = true }, []string{"fault mesh: degraded"}},
		{"its messages do not arrive", func(f *Facts) {
			f.Members.Members[1].MessagesLink, f.Members.Members[1].Flowing, f.Peers[1].Messages[0].Outcome = false, false, TimedOut
		}, []string{"fault peers: c is heard, but its messages do not arrive: 10.0.0.3:30000 does not answer"}},
		{"its message port was shut a moment ago", func(f *Facts) { f.Peers[1].Messages[0].Outcome = TimedOut },
			[]string{"fault peers: c is heard, and a connection for its messages stands, but 10.0.0.3:30000 does not answer"}},
		{"its messages stopped coming", func(f *Facts) {
			f.Members.Members[1].MessagesLink, f.Members.Members[1].Unlinked = false, "nothing comes"
		},
			[]string{"warning peers: c is heard, but messages do not pass directly: nothing comes, though 10.0.0.3:30000 answers"}},
		{"ours do not arrive", func(f *Facts) { f.Members.Members[1].Flowing = false }, []string{"fault peers: c does not get this node's messages"}},
		{"ours do not arrive at a naive one", func(f *Facts) {
			f.Members.Members[1].Naive, f.Members.Members[1].Unlinked = true, "nobody of its address reads"
		}, []string{"fault peers: c does not get this node's messages: nobody of its address reads"}},
		{"the second of its name", func(f *Facts) {
			f.Members.Members[1].Flowing, f.Status.Conflict = false, "a process uses the name elsewhere, and is the member"
		}, []string{"fault name: a process uses the name elsewhere"}},
		{"the younger of its name", func(f *Facts) {
			f.Members.Members[1].Flowing, f.Status.Namesake = false, "another process, older than this one"
		}, []string{"fault name: another process, older than this one"}},
		{"the younger of its name, as DNS says", func(f *Facts) {
			v := f.Self.Discovery[0]
			v.Endpoint, v.Header = "10.0.0.9:20000", &topics.Header{Incarnation: 3}
			f.Self.Discovery, f.Members.Members[1].Flowing = append(f.Self.Discovery, v), false
		}, []string{"fault name: another, older process at 10.0.0.9:20000"}},
		{"newcomers are turned away for want of files", func(f *Facts) {
			f.OpenFiles, f.Status.TurnedAway = 64, "all connections are taken"
			f.Members.Members[0].Flowing, f.Members.Members[1].HearsMe, f.Members.Members[1].Flowing = false, false, false
		}, []string{"fault files: may open 64 files", "fault peers: b does not get this node's messages > see files above: newcomers are turned away",
			"fault peers: c does not hear this node, which hears it: a one-way link > see files above: newcomers are turned away"}},
		{"newcomers are turned away", func(f *Facts) {
			f.Status.TurnedAway, f.Members.Members[1].HearsMe = "all connections are taken", false
		}, []string{"fault peers: c does not hear this node, which hears it: a one-way link > the node turns newcomers away: all connections are taken"}},
		{"just joined, and heard one way yet", func(f *Facts) {
			f.Members.Members[1].Since, f.Links.Nodes[2].Hears = time.Now(), nil
		}, nil},
		{"just joined", func(f *Facts) { f.Members.Members[1].Flowing, f.Members.Members[1].Since = false, time.Now() }, nil},
		{"not heard by one", func(f *Facts) { f.Members.Members[1].HearsMe, f.Members.Members[1].Flowing = false, false }, []string{"fault peers: c does not hear this node"}},
		{"a frozen one", func(f *Facts) {
			f.Members.Members[1].State, f.Peers[1].Discovery[0] = "quarantined", Visit{Endpoint: "10.0.0.3:20000", Outcome: Wordless}
		}, []string{"fault peers: c is quarantined (heard): 10.0.0.3:20000 accepts connections and says nothing"}},
		{"one that is off", func(f *Facts) {
			f.Members.Members[1].State, f.Peers[1].Discovery[0] = "quarantined", Visit{Endpoint: "10.0.0.3:20000", Outcome: Refused}
		}, []string{"warning peers: refuses connections"}},
		{"one that has moved", func(f *Facts) {
			f.Members.Members[1].State, f.Members.Members[1].CalledFrom = "quarantined", "10.0.0.8:20000"
		}, []string{"fault peers: it leads to 10.0.0.3, but calls from 10.0.0.8:20000: DNS is out of date"}},
		{"one whose name is another address than its own", func(f *Facts) {
			m := &f.Members.Members[1]
			m.State, m.CalledFrom, m.Name, f.Peers[1].Name = "candidate", "10.0.0.8:20000", "10.0.0.3", "10.0.0.3"
		}, []string{"fault peers: its --hostname or its --bind is wrong > start it with --hostname 10.0.0.8, or with --bind 10.0.0.3"}},
		{"a far one", func(f *Facts) {
			f.Members.Members[1].Via, f.Peers[1].Discovery[0] = []topics.Name{"b"}, Visit{Endpoint: "10.0.0.3:20000", Outcome: TimedOut}
		}, nil},
		{"a far one that reaches us", func(f *Facts) {
			m := &f.Members.Members[1]
			m.Via, m.CalledFrom, f.Peers[1].Discovery[0] = []topics.Name{"b"}, "10.0.0.3:20000", Visit{Endpoint: "10.0.0.3:20000", Outcome: TimedOut}
		}, []string{"fault peers: c is alive (heard): 10.0.0.3:20000 does not answer: timed out"}},
		{"two of one name", func(f *Facts) { f.Members.Members[1].Conflict = "two processes" }, []string{"fault peers: c: two processes"}},
		{"a clock", func(f *Facts) { f.Peers[1].Discovery[0].Header.At += time.Hour.Milliseconds() }, []string{"fault clocks: the clock of c is 1h0m0s ahead of this machine's"}},
		{"its own clock", func(f *Facts) {
			for i := range f.Peers {
				f.Peers[i].Discovery[0].Header.At -= time.Hour.Milliseconds()
			}
		}, []string{"fault clocks: this machine's clock is 1h0m0s ahead of those of 2 peers"}},
		{"clocks behind locks", func(f *Facts) {
			f.lock(Locked)
			f.Seeds, f.Status.ClockOff, f.Members.Members[1].ClockOff = nil, "this node's clock is 1h0m0s behind those of 2 peers", "its clock is 1m0s ahead of this node's"
		}, []string{"warning keys", "fault clocks: 1h0m0s behind those of 2 peers > set it: timedatectl set-ntp true, on the machine of a", "fault clocks: c: its clock is 1m0s ahead"}},
		{"versions", func(f *Facts) { f.Members.Members[1].Program = "hearsay v0" }, []string{"warning versions: hearsay v0 on c; hearsay v1 on a, b"}},
		{"a one-way link of others", func(f *Facts) { f.Links.Nodes[1].Hears = f.Links.Nodes[1].Hears[:1] }, []string{"warning links: c hears b, and is not heard by it"}},
		{"a lock to which the doctor has no key", func(f *Facts) { f.lock(Locked) },
			[]string{"warning keys: a is locked, and the doctor has no key"}},
		{"a key that is not the node's", func(f *Facts) { f.lock(WrongKey); f.Keys = MeshKey },
			[]string{"fault keys: the key that the doctor was given is not that of a"}},
		{"others without the key", func(f *Facts) {
			f.Status.Counters = map[string]uint64{"link_refused_no_key": 7, "link_refused_wrong_key": 1}
			f.Status.Refused = []web.Refused{{Address: "10.0.0.9", Why: "no key", Count: 7, Last: f.Status.Started.Add(3590 * time.Second)}}
		},
			[]string{"warning keys: a has refused, since its start: 7 connections without a key, 1 connection with another key > give those that are to be members the key",
				"warning keys: 10.0.0.9 knocked 7 times, 10s ago last: no key"}},
		{"those who knocked once", func(f *Facts) { f.Status.Counters = map[string]uint64{"link_refused_no_key": 13} }, nil},
		{"those who knock", func(f *Facts) {
			f.Status.Counters = map[string]uint64{"link_refused_no_key": 13}
			at := f.Status.Started.Add(3590 * time.Second)
			f.Status.Refused = []web.Refused{{Address: "10.0.0.9", Why: "no key: it is open", Count: 12, Last: at}, {Address: "10.0.0.8", Why: "no key: it is open", Count: 1, Last: at}}
		}, []string{"warning keys: a has refused", "warning keys: 10.0.0.9 knocked 12 times, 10s ago last: no key: it is open", "warning keys: 10.0.0.8 knocked once"}},
		{"a key for an open node", func(f *Facts) { f.lock(Unlocked); f.Keys = MeshKey },
			[]string{"fault keys: the doctor was given a key, and a at 10.0.0.1:20000 is open"}},
		{"a wrong key", func(f *Facts) { f.Keys = MeshKey; f.lost(WrongKey, "") },
			[]string{"fault seeds: seed b: wrong key: 10.0.0.2:20000 has another key than this node takes for its, most likely > give both one --mesh-key"}},
		{"a key of the seed, and not of the node", func(f *Facts) { f.lock(WrongKey); f.Keys = MeshKey; f.lost(Spoke, "") },
			[]string{"fault keys: the key that the doctor was given is not that of a", "fault seeds: seed b: wrong key: 10.0.0.2:20000 opens to the doctor's key"}},
		{"a wrong key, by the node's word", func(f *Facts) {
			f.lock(Locked)
			f.lost(Locked, "wrong key: 10.0.0.2:20000 has another one than this node speaks with")
		},
			[]string{"warning keys: a is locked, and the doctor has no key", "fault seeds: seed b: wrong key: 10.0.0.2:20000 has another one than this node speaks with > give both one --mesh-key; with --key, copy"}},
		{"a lock of which nothing is known", func(f *Facts) { f.lock(Locked); f.lost(Locked, "") },
			[]string{"warning keys: a is locked, and the doctor has no key", "warning seeds: seed b: 10.0.0.2:20000 is locked: the doctor has no key to see more > give the doctor"}},
		{"a directory without a key of it", func(f *Facts) { f.Keys = NodeKeys; f.lost(KeyUnknown, "") },
			[]string{"fault seeds: seed b: unauthorized: 10.0.0.2:20000 is locked, and no key of it is known here > copy the public key of b into --authorized-keys here, as b.key"}},
		{"not authorised", func(f *Facts) { f.Keys = NodeKeys; f.lost(NotLetIn, "") },
			[]string{"fault seeds: seed b: not let in: 10.0.0.2:20000 does not know this node's key, most likely > copy the public key of this node into --authorized-keys on b, as a.key"}},
		{"no key for a locked seed", func(f *Facts) { f.lost(Locked, "") },
			[]string{"fault seeds: seed b: no key: 10.0.0.2:20000 is locked, and this node is open > start this node with the key"}},
		{"an open seed of a locked node", func(f *Facts) {
			f.lock(Locked)
			f.lost(Spoke, "")
			f.Seeds[0].Discovery[0].Names = []topics.Name{"b", "x"}
		},
			[]string{"warning keys: a is locked, and the doctor has no key", "fault seeds: seed b: no key: 10.0.0.2:20000 is open, and this node is locked > start b with the key"}},
		{"a peer that lost its key", func(f *Facts) {
			f.Keys = MeshKey
			f.Members.Members[1].State = "quarantined"
			f.Peers[1].Discovery[0].Outcome = WrongKey
		},
			[]string{"fault peers: c is quarantined (heard): wrong key: 10.0.0.3:20000"}},
		{"a one-way link to this node, as links has it", func(f *Facts) {
			f.Members.Members[1].HearsMe, f.Members.Members[1].Flowing, f.Links.Nodes[2].Hears = false, false, []topics.Name{"b"}
		}, []string{"fault peers: c does not hear this node", "warning links: a hears c, and is not heard by it"}},
		{"links of a partial mesh", func(f *Facts) {
			f.Members.Members[1].HearsMe, f.Members.Members[1].Spare, f.Links.Nodes[2].Hears, f.Links.Partial = false, true, []topics.Name{"b"}, true
		}, nil},
		{"one of a partial mesh that listens to this node, and is no neighbour", func(f *Facts) {
			m := &f.Members.Members[1]
			m.HearsMe, m.Via, m.CalledFrom, f.Links.Nodes, f.Links.Partial = false, []topics.Name{"b"}, "10.0.0.3:20000", f.Links.Nodes[:1], true
		}, nil},
		{"the same in a full mesh", func(f *Facts) {
			m := &f.Members.Members[1]
			m.HearsMe, m.Via, m.CalledFrom, f.Links.Nodes = false, []topics.Name{"b"}, "10.0.0.3:20000", f.Links.Nodes[:1]
		}, []string{"warning peers: c is alive (heard), and 10.0.0.3:20000 answers the doctor"}},
		{"one of a partial mesh that listens to this node, and that no dial reaches", func(f *Facts) {
			m := &f.Members.Members[1]
			m.HearsMe, m.Via, m.CalledFrom, f.Links.Nodes, f.Links.Partial = false, []topics.Name{"b"}, "10.0.0.3:20000", f.Links.Nodes[:1], true
			f.Peers[1].Discovery[0].Outcome = TimedOut
		}, []string{"fault peers: c is alive (heard): 10.0.0.3:20000 does not answer"}},
		{"one that hears this node, and is not heard", func(f *Facts) {
			m := &f.Members.Members[1]
			m.State, m.OneWay, f.Links.Nodes = "quarantined", "it hears this node, which does not hear it: 10.0.0.3:20000 does not answer: timed out", f.Links.Nodes[:1]
			f.Peers[1].Discovery[0].Outcome = TimedOut
		}, []string{"fault peers: c is quarantined (heard): 10.0.0.3:20000 does not answer", "warning links: c, a one-way link: it hears this node"}},
		{"one that this node does not hear", func(f *Facts) { f.Links.Nodes[0].Hears = []topics.Name{"b"} },
			[]string{"warning links: c hears a, and is not heard by it"}},
		{"shut both ways", func(f *Facts) {
			m := &f.Members.Members[1]
			m.HearsMe, m.Flowing, m.MessagesLink, f.Peers[1].Messages[0].Outcome = false, false, false, TimedOut
		}, []string{"fault peers: c is heard, but its messages do not arrive", "fault peers: c does not hear this node"}},
		{"other ports", func(f *Facts) {
			f.Seeds[0].Name = "b:21000"
			f.Seeds[0].Discovery[0] = Visit{Endpoint: "10.0.0.2:21000", Outcome: TimedOut}
			f.Members.Members[0].Name, f.Peers[0].Name, f.Members.Members[0].Address = "b:21000", "b:21000", "10.0.0.2:21000"
		}, []string{"fault seeds: seed b:21000: 10.0.0.2:21000 does not answer: timed out > let the firewall of b:21000, and those between, pass TCP port 21000"}},
		{"other message ports", func(f *Facts) { f.Seeds[0].Messages[0] = Visit{Endpoint: "10.0.0.2:31000", Outcome: TimedOut} },
			[]string{"fault seeds: timed out > let the firewall of b, and those between, pass TCP port 31000 from here"}},
		{"a seed to which this machine has no route", func(f *Facts) {
			f.Seeds[0].Name, f.Seeds[0].Discovery[0] = "x", Visit{Endpoint: "10.9.0.2:20000", Outcome: Hindered, Hindrance: "this machine has no route to it"}
		}, []string{"warning seeds: seed x: 10.9.0.2:20000 cannot be visited from here: this machine has no route to it > mend that on this machine"}},
		{"a seed to which the node has no route, either", func(f *Facts) {
			f.Seeds[0].Name, f.Seeds[0].Discovery[0] = "x", Visit{Endpoint: "10.9.0.2:20000", Outcome: Hindered, Hindrance: "this machine has no route to it"}
			f.Members.Members = append(f.Members.Members, web.Member{Name: "x", State: "candidate", Failure: "no route to 10.9.0.2:20000"})
		}, []string{"fault seeds: seed x: no route to 10.9.0.2:20000; 10.9.0.2:20000 cannot be visited from here: this machine has no route to it > mend that on this machine"}},
		{"a peer to which the doctor may open no connection", func(f *Facts) {
			f.Members.Members[1].State = "suspect"
			f.Peers[1].Discovery[0] = Visit{Endpoint: "10.0.0.3:20000", Outcome: Hindered, Hindrance: "too few file descriptors"}
		}, []string{"warning peers: c is suspect (heard): 10.0.0.3:20000 cannot be visited from here: too few file descriptors > mend that on this machine"}},
		{"a seed that is switched off", func(f *Facts) { f.Seeds[0].Name, f.Seeds[0].Discovery[0].Outcome = "x", NoHost },
			[]string{"fault seeds: seed x: 10.0.0.2:20000 is not there: no host answers > is x switched on"}},
		{"a message port that a firewall refuses", func(f *Facts) {
			f.Members.Members[1].MessagesLink, f.Members.Members[1].Flowing, f.Peers[1].Messages[0].Outcome = false, false, Refused
		}, []string{"fault peers: 10.0.0.3:30000 refuses connections > let the firewall of c, and those between, pass TCP port 30000"}},
		{"a message port that a firewall rejects", func(f *Facts) {
			f.Members.Members[1].MessagesLink, f.Members.Members[1].Flowing, f.Peers[1].Messages[0].Outcome = false, false, NoHost
		}, []string{"fault peers: 10.0.0.3:30000 is not there: no host answers > let the firewall of c"}},
		{"one that calls, and does not answer", func(f *Facts) {
			m := &f.Members.Members[1]
			m.State, m.OneWay, f.Links, f.Peers[1].Discovery[0].Outcome = "candidate", "it hears this node", nil, TimedOut
		}, []string{"fault peers: timed out > let the firewall of c"}},
		{"a seed that calls, and does not answer", func(f *Facts) {
			m := &f.Members.Members[0]
			m.State, m.OneWay, f.Links, f.Seeds[0].Discovery[0].Outcome = "candidate", "it hears this node", nil, TimedOut
		}, []string{"fault seeds: seed b hears this node, which does not hear it, a one-way link: 10.0.0.2:20000 does not answer: timed out > let the firewall of b"}},
		{"one that is silent", func(f *Facts) { f.Members.Members[1].State, f.Peers[1].Discovery[0].Outcome = "suspect", TimedOut },
			[]string{"fault peers: timed out > is c switched on?"}},
		{"its own port that a firewall drops", func(f *Facts) { f.Self.Messages[0].Outcome = TimedOut },
			[]string{"fault ports: timed out > let the firewall of this machine, and those between, pass TCP port 30000"}},
		{"its own port that a firewall refuses", func(f *Facts) { f.Self.Messages[0].Outcome = Refused },
			[]string{"fault ports: 10.0.0.1:30000 is closed: messages of this node cannot be read there > let the firewall of this machine"}},
		{"both its own ports are closed", func(f *Facts) { f.Self.Messages[0].Outcome, f.Self.Discovery[0].Outcome = Refused, Refused },
			[]string{"fault ports: 20000 is closed: lists of this node cannot be read there > is its --bind", "fault ports: 30000 is closed"}},
		{"a name server that does not answer", func(f *Facts) { f.Seeds = []Place{{Name: "x", NoDNS: noAnswer}} },
			[]string{"fault seeds: x: DNS does not answer > see whether the name servers in /etc/resolv.conf here"}},
		{"a seed that DNS has no more", func(f *Facts) { f.Seeds[0] = Place{Name: "b", NoDNS: "no such host"} },
			[]string{"warning seeds: b: no such host, though it is heard at 10.0.0.2:20000"}},
		{"a seed that sends no list yet", func(f *Facts) { f.Seeds[0].Name, f.Seeds[0].Discovery[0].Outcome = "x", Silent },
			[]string{"fault seeds: sends no lists > ask again"}},
		{"files that cannot be read", func(f *Facts) {
			f.Status.Unreadable = []web.Unreadable{{Of: "keys", Why: "keys: kd/x.key: no section", Since: time.Unix(1e9, 0).UTC()}}
		}, []string{"fault keys: keys as before 2001-09-09T01:46:40Z, since no change holds until all files can be read: keys: kd/x.key: no section > mend or remove that file: what was withdrawn"}},
		{"keys that the doctor cannot read", func(f *Facts) { f.KeysUnread = errNothing }, []string{"fault keys: nothing there > mend or remove that file"}},
		{"DNS that is not answered", func(f *Facts) { f.Names[1].Failed = "refuses" }, []string{"fault dns: 127.0.0.1:5300 over TCP refuses"}},
		{"DNS that is asked too often", func(f *Facts) { f.Status.DNS.Dropped = 1 }, []string{"warning dns: 127.0.0.1:5300 dropped 1 question of addresses"}},
	} {
		f := sound()
		c.wrong(&f)
		var got []string
		for _, x := range Examine(f) {
			if x.Level != OK {
				got = append(got, string(x.Level)+" "+x.Check+": "+x.Text+" > "+x.Do)
			}
		}
		if c.what == "a clock" || c.what == "its own clock" {
			got = got[:min(len(got), 1)]
		}
		same := len(got) == len(c.want)
		for i := range got {
			same = same && matches(got[i], c.want[i])
		}
		if !same {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
}

// Whether the node is locked is told in any case: by what its port shows, else by its own word.
func TestLockIsTold(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		what string
		are  func(*Facts)
		want string
	}{
		{"open", func(*Facts) {}, "a is open: who reaches its ports"},
		{"open, and nobody answers", func(f *Facts) { f.Status = nil }, "a is open: who reaches its ports"},
		{"mesh key", func(f *Facts) { f.Keys = MeshKey }, "a is locked with a key that all members share"},
		{"own keys", func(f *Facts) { f.Keys = NodeKeys }, "a is locked with a key of its own"},
		{"ports that are shut", func(f *Facts) { f.Self.Discovery, f.Status.Lock = nil, "own keys" }, "a says that its lock is: own keys"},
	} {
		f := sound()
		c.are(&f)
		if !slices.ContainsFunc(Examine(f), func(x Finding) bool { return x.Check == "keys" && x.Level == OK && strings.HasPrefix(x.Text, c.want) }) {
			t.Errorf("%s: %v", c.what, Examine(f))
		}
	}
}

// Whom a seed hears is known from the links, too: names with a port are not told the doctor.
func TestSeedHearsThoseWithPorts(t *testing.T) {
	t.Parallel()
	f := sound()
	f.Seeds[0].Discovery[0].Names = []topics.Name{"b"}
	f.Links.Nodes[1].Hears = []topics.Name{"a:30000", "c:30000"}
	if !slices.ContainsFunc(Examine(f), func(x Finding) bool { return x.Check == "seeds" && strings.HasSuffix(x.Text, "and hears 2") }) {
		t.Errorf("%v", Examine(f))
	}
}

// Who is second of its name is listened to by nobody, and is not told that messages pass.
func TestSecondOfItsName(t *testing.T) {
	t.Parallel()
	for conflict, want := range map[string]string{"": "2 peers: heard, hears this node, messages pass both ways", "another is the member": "2 peers: heard"} {
		f := sound()
		f.Status.Conflict = conflict
		if !slices.ContainsFunc(Examine(f), func(x Finding) bool { return x.Check == "peers" && x.Text == want }) {
			t.Errorf("%q: %v", conflict, Examine(f))
		}
	}
}

// matches compares the level and the check, and looks for the words.
func matches(got, want string) bool {
	head, words, _ := strings.Cut(want, ": ")
	return strings.HasPrefix(got, head+": ") && strings.Contains(got, words)
}

type nothing struct{}

func (nothing) Error() string { return "nothing there" }

var errNothing = nothing{}

// One that said goodbye is not visited, unless it calls again and its name leads elsewhere.
func TestWhoLeftIsVisitedWhereItsNameIsStale(t *testing.T) {
	t.Parallel()
	f := &Facts{Members: &web.Members{Members: []web.Member{{Name: "b", State: "left"}, {Name: "c", State: "left", Stale: "its name leads elsewhere"}}}}
	if all := f.oddest(); len(all) != 1 || all[0].Name != "c" {
		t.Errorf("visited are %v", all)
	}
}
