package doctor

import (
	"cmp"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"
	"time"

	"hearsay/node/web"
	"hearsay/topics"
)

// Level is how bad a finding is.
type Level string

const (
	OK      Level = "ok"
	Warning Level = "warning" // it works, and somebody should know
	Fault   Level = "fault"   // it does not work as it should
)

// Finding is one line of the doctor's: what was looked at, and what to do.
type Finding struct {
	Level Level  `json:"level"`
	Check string `json:"check"` // node, name, ports, keys, files, seeds, mesh, multicast, peers, clocks, versions, links or dns
	Text  string `json:"text"`
	Do    string `json:"do,omitempty"`
}

// rules are the checks, in the order in which their findings are shown.
var rules = []struct {
	check string
	judge func(*Facts) []Finding
}{
	{"node", judgeNode}, {"name", judgeName}, {"ports", judgePorts}, {"keys", judgeKeys}, {"files", judgeFiles}, {"seeds", judgeSeeds},
	{"mesh", judgeMesh}, {"multicast", judgeMulticast}, {"peers", judgePeers}, {"clocks", judgeClocks}, {"versions", judgeVersions}, {"links", judgeLinks},
	{"dns", judgeNames},
}

// Examine judges.
func Examine(f Facts) []Finding {
	var out []Finding
	for _, r := range rules {
		for _, found := range r.judge(&f) {
			found.Check = r.check
			out = append(out, found)
		}
	}
	return out
}

func ok(format string, args ...any) Finding {
	return Finding{Level: OK, Text: fmt.Sprintf(format, args...)}
}

func warning(do, format string, args ...any) Finding {
	return Finding{Level: Warning, Text: fmt.Sprintf(format, args...), Do: do}
}

func fault(do, format string, args ...any) Finding {
	return Finding{Level: Fault, Text: fmt.Sprintf(format, args...), Do: do}
}

// judgeNode: it answers, and thinks well of itself.
func judgeNode(f *Facts) []Finding {
	switch s := f.Status; {
	case f.Hung:
		return []Finding{fault("look at its process: it may be stopped (kill -CONT), or starved", "the node at %s accepts connections and does not answer", f.Addr)}
	case s == nil:
		return []Finding{warning("start it, or name its address with --addr; what follows is seen without it", "%v", f.Asked)}
	case s.Leaving:
		return []Finding{warning("", "%s is leaving the mesh", s.Name)}
	case !s.Ready && s.Conflict == "":
		return []Finding{fault("see below", "%s is not ready: %s", s.Name, s.ReadyReason)}
	default:
		return append(losses(s), ok("%s (%s) is up for %s, and hears %d", s.Name, cmp.Or(s.Version, "unknown version"), time.Duration(s.Uptime*float64(time.Second)).Round(time.Second), s.Alive))
	}
}

// losses are the messages that the node, or its application, did not get of late.
func losses(s *web.Status) (out []Finding) {
	for _, missed := range s.Missed {
		out = append(out, warning("it was away, or stopped, or too slow, for longer than messages are kept: raise --ring-bytes and --ring-time of all nodes", "%s", missed))
	}
	if s.Lost != "" {
		out = append(out, warning("read them faster, or raise --inbox-bytes", "%s", s.Lost))
	}
	return out
}

// judgeName: the node's name leads to this machine, and to nobody else.
func judgeName(f *Facts) []Finding {
	name := f.Self.Name
	if name == "" {
		return nil
	}
	var out []Finding
	if f.Status != nil && f.Status.Conflict != "" {
		out = append(out, fault("give one of the two another --hostname", "%s", f.Status.Conflict))
	}
	if out = append(out, namesakes(f)...); len(out) == 0 && f.Status != nil && f.Status.Namesake != "" {
		out = append(out, fault("give one of the two another --hostname", "%s", f.Status.Namesake))
	}
	foreign := slices.DeleteFunc(slices.Clone(f.Self.Addrs), f.here)
	switch {
	case len(out) > 0:
	case len(f.Self.Addrs) == 0:
		do := "enter it into DNS or /etc/hosts of the others, or take an address for --hostname"
		if f.Self.NoDNS == noAnswer {
			do = nameRemedy(noAnswer)
		}
		out = append(out, warning(do,
			"%s has no address here (%s): peers find it only by the address that it calls from", name, f.Self.NoDNS))
	case len(foreign) == len(f.Self.Addrs) && name.IsIP():
		out = append(out, fault("give the node a --hostname that is this machine's", "its name %s is no address of this machine", name))
	case len(foreign) == len(f.Self.Addrs):
		out = append(out, fault("correct DNS or /etc/hosts, or choose another --hostname",
			"%s leads to %s, which is not this machine: DNS is out of date, or another machine has the name", name, addrs(foreign)))
	case len(foreign) > 0:
		out = append(out, warning("give each machine a name of its own", "%s leads to %s, which is not this machine, too", name, addrs(foreign)))
	case f.elsewhere() && name.IsLocalhost():
		out = append(out, fault("give the node another --hostname, such as "+f.bound(),
			"%s leads each machine to itself, and the node listens on %s alone", name, f.bound()))
	case f.elsewhere():
		out = append(out, fault("give the node --hostname "+f.bound()+", or a --bind that its name leads to",
			"%s leads to %s, this machine, and the node listens on %s alone", name, addrs(f.Self.Addrs), f.bound()))
	default:
		out = append(out, ok("%s leads to %s, this machine", name, addrs(f.Self.Addrs)))
	}
	return out
}

// elsewhere reports whether the node listens on one address alone, to which its name does not lead.
func (f *Facts) elsewhere() bool {
	at, err := netip.ParseAddr(f.bound())
	at = at.WithZone("").Unmap()
	return err == nil && !slices.ContainsFunc(f.Self.Addrs, func(a netip.Addr) bool { return a.WithZone("").Unmap() == at })
}

// turnsAway reports whether the node hangs up newcomers, for want of connections.
func (f *Facts) turnsAway() bool { return f.Status != nil && f.Status.TurnedAway != "" }

// rivalled reports whether another process is known to use the node's name.
func (f *Facts) rivalled() bool {
	return f.Status != nil && (f.Status.Conflict != "" || f.Status.Namesake != "" || len(namesakes(f)) > 0)
}

// knownCause is what to do where the node itself is why others do not hear it.
func (f *Facts) knownCause() string {
	if f.elsewhere() {
		return "see name above"
	}
	if f.fewFiles() {
		return "see files above: newcomers are turned away"
	}
	return "the node turns newcomers away: " + f.Status.TurnedAway
}

// namesakes are other processes that call themselves like this node.
func namesakes(f *Facts) (out []Finding) {
	if f.Status == nil {
		return nil
	}
	for _, v := range f.Self.Discovery {
		if v.Outcome == Spoke && v.Name().Key() == f.Self.Name.Key() && v.Header != nil && v.Header.Incarnation != 0 && v.Header.Incarnation != f.Status.Incarnation {
			which := "older"
			if v.Header.Incarnation > f.Status.Incarnation {
				which = "younger"
			}
			out = append(out, fault("give one of the two another --hostname", "another, %s process at %s uses the name %s", which, v.Endpoint, f.Self.Name))
		}
	}
	return out
}

// judgePorts: both publishers listen, or are free where no node runs.
func judgePorts(f *Facts) (out []Finding) {
	if f.Hung {
		return nil
	}
	for _, of := range []struct {
		what          string
		visits, other []Visit
	}{{"lists", f.Self.Discovery, f.Self.Messages}, {"messages", f.Self.Messages, f.Self.Discovery}} {
		mine := slices.DeleteFunc(slices.Clone(of.visits), func(v Visit) bool { return !f.here(addrOf(v)) })
		if len(mine) == 0 {
			continue
		}
		switch v := best(mine); {
		case f.Status == nil && v.Outcome == Refused:
			out = append(out, ok("%s is free for %s", v.Endpoint, of.what))
		case f.Status == nil && v.Name() != "":
			out = append(out, ok("%s runs at %s", v.Name(), v.Endpoint))
		case v.Outcome == Spoke, v.Outcome.ofKeys():
			out = append(out, ok("%s publishes %s", v.Endpoint, of.what))
		case v.Outcome == Refused && isOpen(best(of.other)):
			out = append(out, fault(remedy(v, "this machine", true), "%s is closed: %s of this node cannot be read there", v.Endpoint, of.what))
		case v.Outcome == Refused:
			out = append(out, fault("is its --bind address another one? The name has to lead to it", "%s is closed: %s of this node cannot be read there", v.Endpoint, of.what))
		case v.Outcome == Hindered:
			out = append(out, warning(remedy(v, f.Self.Name, false), "%s %s", v.Endpoint, v.says()))
		case f.Status != nil && f.fewFiles() && (v.Outcome == HungUp || v.Outcome == Wordless):
			out = append(out, fault(raiseFiles, "%s %s: with %d files the node has no connection to spare", v.Endpoint, v.says(), f.OpenFiles))
		case v.Outcome == HungUp && f.Status != nil:
			out = append(out, fault("see whether its log says that newcomers are turned away; if not, find out what listens there", "%s %s", v.Endpoint, v.says()))
		case v.Outcome == HungUp, v.Outcome == Foreign, v.Outcome == Silent:
			out = append(out, fault("find out what listens there", "%s %s", v.Endpoint, v.says()))
		default:
			out = append(out, fault(remedy(v, "this machine", f.Status != nil), "%s %s", v.Endpoint, v.says()))
		}
	}
	return out
}

// filesEach is how many descriptors a peer takes: two connections each way, and one more while it is dialled.
const filesEach = 5

const raiseFiles = "raise it: ulimit -n 65536, LimitNOFILE= of systemd, ulimits: of compose"

// needFiles is how many it should be for so many peers.
func (f *Facts) needFiles() (need, peers int) {
	if f.Status != nil {
		peers = max(0, f.Status.Members-1) // which counts the node itself
	}
	return max(256, filesEach*peers+64), peers
}

func (f *Facts) fewFiles() bool {
	need, _ := f.needFiles()
	return f.OpenFiles > 0 && f.OpenFiles < need
}

// judgeFiles: there are descriptors for everybody.
func judgeFiles(f *Facts) []Finding {
	if f.fewFiles() {
		need, peers := f.needFiles()
		return []Finding{fault(raiseFiles, "the node may open %d files; with %s it should be %d or more", f.OpenFiles, plural(peers, "peer"), need)}
	}
	return []Finding{ok("%d files may be open", f.OpenFiles)}
}

// judgeSeeds: each leads to a node of this mesh.
func judgeSeeds(f *Facts) (out []Finding) {
	for i := range f.Seeds {
		out = append(out, judgeSeed(f, &f.Seeds[i]))
	}
	called := slices.ContainsFunc(f.peers(), func(m web.Member) bool { return m.OneWay != "" })
	if len(f.Seeds) == 0 && f.Status != nil && f.Status.Alive == 0 && f.Status.Multicast == nil && !called {
		out = append(out, warning("give it the name of any other node as SEED", "the node has no seed and hears nobody: it waits to be found"))
	}
	return out
}

func judgeSeed(f *Facts, p *Place) Finding {
	d, m := best(p.Discovery), best(p.Messages)
	heard := f.member(p.Name)
	isHeard := heard != nil && heard.State == "alive" && len(heard.Via) == 0
	what := fmt.Sprintf("seed %s", p.Name)
	switch {
	case p.NoDNS != "" && len(p.Discovery) == 0:
		if isHeard {
			return warning(nameRemedy(p.NoDNS), "%s: %s, though it is heard at %s: once it is lost, it is not found again", what, p.NoDNS, heard.Address)
		}
		return fault(nameRemedy(p.NoDNS), "%s: %s", what, p.NoDNS)
	case isHeard && !isAt(heard.Address, addrOf(d)) && d.Outcome != Spoke && d.Outcome != Hindered && !d.Outcome.ofKeys():
		return staleDNS(p, d, heard)
	case d.Outcome == Silent && m.Outcome != Spoke:
		return fault("give it the discovery port, 20000 unless you changed it", "%s: %s %s", what, d.Endpoint, d.says())
	case d.Outcome == Hindered:
		return hindered(d, what, heard)
	case (d.Outcome < Locked || d.Outcome == Silent) && heard != nil && heard.OneWay != "" && heard.State != "alive":
		return fault(remedy(d, p.Name, true), "%s hears this node, which does not hear it, a one-way link: %s %s", what, d.Endpoint, d.says())
	case d.Outcome < Locked, d.Outcome == Silent:
		return fault(remedy(d, p.Name, isThere(heard)), "%s: %s %s", what, d.Endpoint, d.says())
	case d.Outcome == OtherMesh:
		return fault("give both nodes one --mesh, or this one another seed", "%s: %s is of another mesh (%s); this node is of %s",
			what, d.Endpoint, meshName(d.Mesh), ownMesh(f.Mesh))
	}
	if found, is := judgeKey(f, d, what, p.Name, heard); is {
		return found
	}
	switch {
	case m.Outcome == Hindered:
		return hindered(m, what, heard)
	case m.Outcome != Spoke:
		return fault(remedy(m, p.Name, true), "%s sends lists, but its messages do not arrive: %s %s", what, m.Endpoint, m.says())
	case f.isSelf(d):
		return warning("give it the name of another node", "%s leads to this node itself", what)
	case f.apart(d):
		return fault("start one of the nodes again with one of the other mesh as SEED", "%s is in another mesh: %s hears %s, this node hears %s",
			what, d.Name(), names(d.Names[1:]), names(f.alive()))
	}
	return ok("%s is %s at %s, and hears %d", what, d.Name(), d.Endpoint, f.hears(d))
}

// hears is how many the node hears that was visited, as the asked one knows: who says no name, as the doctor, is not told
// names with a port.
func (f *Facts) hears(v Visit) int {
	if f.Links != nil {
		for _, row := range f.Links.Nodes {
			if row.Name.Key() == v.Name().Key() {
				return len(row.Hears)
			}
		}
	}
	return len(v.Names) - 1
}

// hindered is what this machine lacks to visit somebody: it says nothing of the one that was to be visited. What the node
// says of its own dials does.
func hindered(v Visit, what string, m *web.Member) Finding {
	if m != nil && m.State != "alive" && m.Failure != "" {
		return fault(remedy(v, "", false), "%s: %s; %s %s", what, m.Failure, v.Endpoint, v.says())
	}
	return warning(remedy(v, "", false), "%s: %s %s", what, v.Endpoint, v.says())
}

// meshName is a label, or a word for none.
func meshName(label string) string { return cmp.Or(label, "without a label") }

// ownMesh is how a sentence has the mesh of the node that was asked.
func ownMesh(label string) string {
	if label == "" {
		return "the mesh without a label"
	}
	return "mesh " + label
}

func staleDNS(p *Place, d Visit, m *web.Member) Finding {
	if p.Name.IsLocalhost() {
		return fault("start it with another --hostname", "%s leads each machine to itself; the mesh hears it at %s", p.Name, m.Address)
	}
	return fault("correct DNS or /etc/hosts here", "%s leads to %s, which %s; the mesh hears it at %s: DNS is out of date", p.Name, addrOf(d), d.says(), m.Address)
}

// member finds a peer.
func (f *Facts) member(name topics.Name) *web.Member {
	if f.Members == nil {
		return nil
	}
	for i := range f.Members.Members {
		if f.Members.Members[i].Name.Key() == name.Key() {
			return &f.Members.Members[i]
		}
	}
	return nil
}

// peers are those that the node knows.
func (f *Facts) peers() []web.Member {
	if f.Members == nil {
		return nil
	}
	return f.Members.Members
}

// alive are the peers that the node hears.
func (f *Facts) alive() (out []topics.Name) {
	if f.Members != nil {
		for _, m := range f.Members.Members {
			if m.State == "alive" && len(m.Via) == 0 {
				out = append(out, m.Name)
			}
		}
	}
	return out
}

// isSelf reports whether a visit met the node that was asked.
func (f *Facts) isSelf(v Visit) bool {
	return f.Status != nil && v.Header != nil && v.Header.Incarnation == f.Status.Incarnation && v.Name().Key() == f.Status.Name.Key()
}

// apart reports whether a visit met a node of another mesh: neither hears the other, nor anybody in common.
func (f *Facts) apart(v Visit) bool {
	mine := f.alive()
	if f.Status == nil || len(mine)+len(v.Names) < 2 {
		return false
	}
	known := make(map[topics.Name]bool)
	for _, name := range append(mine, f.Status.Name) {
		known[name.Key()] = true
	}
	return !slices.ContainsFunc(v.Names, func(n topics.Name) bool { return known[n.Key()] })
}

// at is how long ago something was, by the node's clock.
func (f *Facts) at(t time.Time) time.Duration {
	if f.Status == nil {
		return math.MaxInt64
	}
	return f.Status.Started.Add(time.Duration(f.Status.Uptime * float64(time.Second))).Sub(t)
}

func addrOf(v Visit) netip.Addr {
	ep, _ := netip.ParseAddrPort(v.Endpoint)
	return ep.Addr()
}

// isAt reports whether an endpoint is at an address.
func isAt(endpoint string, addr netip.Addr) bool {
	ep, err := netip.ParseAddrPort(endpoint)
	return err == nil && ep.Addr() == addr
}

func port(v Visit) string {
	if ep, err := netip.ParseAddrPort(v.Endpoint); err == nil {
		return fmt.Sprint(ep.Port())
	}
	return "of both its publishers"
}

func addrs(all []netip.Addr) string {
	words := make([]string, len(all))
	for i, a := range all {
		words[i] = a.String()
	}
	return strings.Join(words, " and ")
}

// names lists a few.
func names(all []topics.Name) string {
	const few = 4
	var words []string
	for _, n := range all[:min(few, len(all))] {
		words = append(words, string(n))
	}
	if len(all) > few {
		words = append(words, fmt.Sprintf("%d more", len(all)-few))
	}
	return cmp.Or(strings.Join(words, ", "), "nobody")
}

func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
