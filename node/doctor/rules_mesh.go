package doctor

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"hearsay/node/web"
	"hearsay/topics"
)

// judgeMesh: what the node says of the mesh as a whole.
func judgeMesh(f *Facts) (out []Finding) {
	s := f.Status
	if s == nil {
		return nil
	}
	if s.Mute {
		out = append(out, fault(fmt.Sprintf("%s and TCP ports %d and %d have to be reachable from the peers", s.Name, s.Name.Port(), s.Name.Port()+topics.PortStep),
			"the node hears %s, and is heard by none", plural(s.Alive, "peer")))
	}
	if s.Degraded {
		out = append(out, fault("look for a cut network, or a machine that is short of time", "the node is degraded: it hears %d of %s, or its rounds come late", s.Alive, plural(s.Members-1, "member")))
	}
	if len(s.Foreign) > 0 {
		naive := ""
		if slices.ContainsFunc(s.Foreign, func(x web.Foreigner) bool { return x.Mesh == "" }) {
			naive = "; a program that sends no headers has no label"
		}
		out = append(out, ok("met and kept apart from: %s; this node is of %s%s", foreigners(s.Foreign), ownMesh(f.Mesh), naive))
	}
	return out
}

// judgeMulticast: who is to be found without a seed can be.
func judgeMulticast(f *Facts) []Finding {
	if f.Status == nil || f.Status.Multicast == nil {
		return nil
	}
	const carriers = "give it a SEED if the others are not on this segment, or the network carries no multicast: most clouds, Kubernetes, Docker's overlays and some WiFi do not"
	switch m := f.Status.Multicast; {
	case m.Problem != "":
		return []Finding{fault("name an interface with --multicast-interface, or give it a SEED", "multicast: %s", m.Problem)}
	case m.Heard == 0 && f.Status.Alive == 0:
		return []Finding{warning(carriers, "multicast: no beacon was heard over %s", strings.Join(m.Interfaces, ", "))}
	default:
		return []Finding{ok("multicast over %s: %s heard", strings.Join(m.Interfaces, ", "), plural(int(m.Heard), "beacon"))}
	}
}

// foreigners are the first few nodes of other meshes, in words.
func foreigners(all []web.Foreigner) string {
	const few = 5
	var words []string
	for _, x := range all[:min(few, len(all))] {
		words = append(words, fmt.Sprintf("%s at %s of another mesh (%s)", x.Name, x.Address, meshName(x.Mesh)))
	}
	if len(all) > few {
		words = append(words, fmt.Sprintf("and %d more", len(all)-few))
	}
	return strings.Join(words, ", ")
}

// settled is how long a peer has to be as it is before that says something.
const settled = 5 * time.Second

// judgePeers: each is heard, hears this node, and messages pass both ways.
func judgePeers(f *Facts) (out []Finding) {
	well := 0
	for i := range f.Peers {
		p := &f.Peers[i]
		m := f.member(p.Name)
		if m == nil || f.isSeedOnly(m) {
			continue
		}
		found := judgePeer(f, p, m)
		if len(found) == 0 {
			well++
		}
		out = append(out, found...)
	}
	if well+f.Skipped > 0 {
		text := fmt.Sprintf("%s: heard, hears this node, messages pass both ways", plural(well, "peer"))
		if f.Status != nil && f.Status.Conflict != "" { // nobody listens to who is second of its name
			text = plural(well, "peer") + ": heard"
		}
		if f.Skipped > 0 {
			text += fmt.Sprintf("; not visited: %d more", f.Skipped)
		}
		out = append(out, ok("%s", text))
	}
	return out
}

// isSeedOnly reports whether a peer was never heard and is a seed: that is told already.
func (f *Facts) isSeedOnly(m *web.Member) bool {
	return m.State == "candidate" && slices.ContainsFunc(f.Seeds, func(p Place) bool { return p.Name.Key() == m.Name.Key() })
}

func judgePeer(f *Facts, p *Place, m *web.Member) (out []Finding) {
	if m.Conflict != "" {
		out = append(out, fault("give one of the two another --hostname", "%s: %s", m.Name, m.Conflict))
	}
	if m.Restarts != "" {
		out = append(out, warning("look at the log of "+string(m.Name)+" for why it ends: journalctl -u hearsay, docker logs or kubectl logs --previous",
			"%s: %s", m.Name, m.Restarts))
	}
	d, msg := best(p.Discovery), best(p.Messages)
	if m.State != "alive" {
		return append(out, judgeLost(f, p, m, d))
	}
	if spare := f.Links != nil && f.Links.Partial && m.OneWay == "" && d.Outcome == Spoke; len(m.Via) > 0 && m.CalledFrom != "" && !spare {
		return append(out, judgeLost(f, p, m, d)) // it reaches this node, which does not reach it
	}
	if len(m.Via) > 0 {
		return append(out, ok("%s is not heard here, and is a member: %s", m.Name, m.Why))
	}
	stale := slices.IndexFunc(p.Discovery, func(v Visit) bool {
		return v.Outcome < Locked && slices.Contains(p.Addrs, addrOf(v)) && !isAt(m.Address, addrOf(v))
	})
	fresh := f.at(m.Since) < settled
	switch {
	case fresh:
	case !m.MessagesLink && msg.Outcome == Hindered:
		out = append(out, fault(remedy(msg, m.Name, true), "%s is heard, but its messages do not arrive (%s), and %s %s", m.Name, cmp.Or(m.Unlinked, "no link"), msg.Endpoint, msg.says()))
	case !m.MessagesLink && msg.Outcome != Spoke && !msg.Outcome.ofKeys():
		out = append(out, fault(remedy(msg, m.Name, true), "%s is heard, but its messages do not arrive: %s %s", m.Name, msg.Endpoint, msg.says()))
	case msg.Outcome == TimedOut || msg.Outcome == NoHost: // it may have been shut after the connection was made
		out = append(out, fault(remedy(msg, m.Name, true), "%s is heard, and a connection for its messages stands, but %s %s: it may carry nothing", m.Name, msg.Endpoint, msg.says()))
	case !m.MessagesLink && m.Unlinked != "":
		out = append(out, warning("", "%s is heard, but messages do not pass directly: %s, though %s answers", m.Name, m.Unlinked, msg.Endpoint))
	case !m.MessagesLink:
		out = append(out, warning("", "%s is heard, but the node has no link to its messages, though %s answers", m.Name, msg.Endpoint))
	}
	switch { // the way there may be shut, too
	case fresh:
	case m.Naive && m.MessagesLink && m.Unlinked != "":
		out = append(out, fault(fmt.Sprintf("let TCP port %d of this machine be reached from %s", f.Self.Name.Port()+topics.PortStep, m.Name),
			"%s does not get this node's messages: %s", m.Name, m.Unlinked))
	case m.Naive:
	case m.Spare:
	case !m.HearsMe && (f.elsewhere() || f.turnsAway()):
		out = append(out, fault(f.knownCause(), "%s does not hear this node, which hears it: a one-way link", m.Name))
	case !m.HearsMe:
		out = append(out, fault(fmt.Sprintf("let TCP port %d of this machine be reached from %s, and see that %s leads here on it", f.Self.Name.Port(), m.Name, f.Self.Name),
			"%s does not hear this node, which hears it: a one-way link", m.Name))
	case !m.MessagesLink || m.Flowing || f.rivalled(): // of two of one name nobody reads the younger: that is a fault of its name
	case f.turnsAway():
		out = append(out, fault(f.knownCause(), "%s does not get this node's messages", m.Name))
	default:
		out = append(out, fault(fmt.Sprintf("let TCP port %d of this machine be reached from %s", f.Self.Name.Port()+topics.PortStep, m.Name),
			"%s does not get this node's messages", m.Name))
	}
	if stale >= 0 && d.Outcome == Spoke {
		out = append(out, staleDNS(p, p.Discovery[stale], m))
	}
	return out
}

// judgeLost says why a peer is not heard.
func judgeLost(f *Facts, p *Place, m *web.Member, d Visit) Finding {
	what := fmt.Sprintf("%s is %s (%s)", m.Name, m.State, cmp.Or(m.Why, m.OneWay, m.Failure, "never heard"))
	called, _ := netip.ParseAddrPort(m.CalledFrom)
	switch {
	case m.CalledFrom != "" && len(p.Addrs) > 0 && !slices.Contains(p.Addrs, called.Addr()) && m.Name.IsIP():
		return fault(fmt.Sprintf("start it with --hostname %s, or with --bind %s", called.Addr(), m.Name.Host()),
			"%s: its name is an address, and it calls from another one, %s: its --hostname or its --bind is wrong", what, m.CalledFrom)
	case m.CalledFrom != "" && len(p.Addrs) > 0 && !slices.Contains(p.Addrs, called.Addr()) && m.Name.IsLocalhost():
		return fault("start it with another --hostname", "%s: its name leads each machine to itself, and it calls from %s", what, m.CalledFrom)
	case m.CalledFrom != "" && len(p.Addrs) > 0 && !slices.Contains(p.Addrs, called.Addr()):
		return fault("correct DNS or /etc/hosts here", "%s: it leads to %s, but calls from %s: DNS is out of date", what, addrs(p.Addrs), m.CalledFrom)
	case d.Outcome == Hindered:
		return hindered(d, what, nil)
	case d.Outcome == OtherMesh:
		return warning("give both nodes one --mesh, if they are meant to be one", "%s: %s is of another mesh (%s) now", what, d.Endpoint, meshName(d.Mesh))
	case d.Outcome == Unvisited:
		return fault(nameRemedy(p.NoDNS), "%s: %s", what, cmp.Or(p.NoDNS, "no address is known"))
	}
	if found, is := judgeKey(f, d, what, m.Name, m); is {
		return found
	}
	switch {
	case d.Outcome == Spoke:
		return warning("wait: it is tried again by itself", "%s, and %s answers the doctor", what, d.Endpoint)
	case d.Outcome == Refused && m.State != "suspect" && m.State != "detached":
		return warning(remedy(d, m.Name, isThere(m)), "%s: %s %s", what, d.Endpoint, d.says())
	}
	return fault(remedy(d, m.Name, isThere(m)), "%s: %s %s", what, d.Endpoint, d.says())
}

// clockOff is by how much clocks may differ.
const clockOff = 10 * time.Second

// judgeClocks compares this machine's clock with those of everybody who said theirs.
func judgeClocks(f *Facts) []Finding {
	type clock struct {
		name  topics.Name
		ahead time.Duration
	}
	var all []clock
	for _, places := range [][]Place{f.Peers, f.Seeds} {
		for i := range places {
			v := best(places[i].Discovery)
			ahead, says := v.clockAhead()
			if says && !f.isSelf(v) && !slices.ContainsFunc(all, func(c clock) bool { return c.name == v.Name() }) {
				all = append(all, clock{v.Name(), ahead})
			}
		}
	}
	if len(all) == 0 {
		return clocksSaid(f)
	}
	slices.SortFunc(all, func(a, b clock) int { return cmp.Compare(a.ahead, b.ahead) })
	if median := all[len(all)/2].ahead; len(all) > 1 && median.Abs() > clockOff && all[(len(all)-1)/2].ahead.Abs() > clockOff {
		return []Finding{fault(setClock+"this machine", "this machine's clock is %s those of %s", off(-median), plural(len(all), "peer"))}
	}
	var out []Finding
	for _, c := range all {
		if c.ahead.Abs() > clockOff {
			out = append(out, fault(setClock+"the machine of "+string(c.name), "the clock of %s is %s this machine's", c.name, off(c.ahead)))
		}
	}
	if len(out) == 0 {
		agree := "the clocks of %s agree with this one"
		if len(all) == 1 {
			agree = "the clock of %s agrees with this one"
		}
		out = append(out, ok(agree, plural(len(all), "peer")))
	}
	return out
}

// clocksSaid is what the node says of clocks, where the doctor sees none, as behind locks.
func clocksSaid(f *Facts) (out []Finding) {
	if f.Status != nil && f.Status.ClockOff != "" {
		out = append(out, fault(setClock+"the machine of "+string(f.Status.Name), "%s", f.Status.ClockOff))
	}
	for _, m := range f.peers() {
		if m.ClockOff != "" {
			out = append(out, fault(setClock+"the machine of "+string(m.Name), "%s: %s", m.Name, m.ClockOff))
		}
	}
	return out
}

// setClock is what to do about a clock; a container has that of its machine.
const setClock = "set it: timedatectl set-ntp true, on "

func off(ahead time.Duration) string {
	word := "ahead of"
	if ahead < 0 {
		word = "behind"
	}
	return fmt.Sprintf("%s %s", ahead.Abs().Round(time.Second), word)
}

// judgeVersions: everybody runs the same.
func judgeVersions(f *Facts) []Finding {
	who := make(map[string][]topics.Name)
	if f.Members != nil {
		who[f.Members.Self.Program] = append(who[f.Members.Self.Program], f.Members.Self.Name)
		for _, m := range f.Members.Members {
			if m.State == "alive" && !m.Naive && m.Program != "" {
				who[m.Program] = append(who[m.Program], m.Name)
			}
		}
	}
	delete(who, "")
	switch len(who) {
	case 0:
		return nil
	case 1:
		for program, all := range who {
			return []Finding{ok("%s: %s", plural(len(all), "node"), program)}
		}
	}
	var parts []string
	for program, all := range who {
		parts = append(parts, fmt.Sprintf("%s on %s", program, names(all)))
	}
	slices.Sort(parts)
	return []Finding{warning("bring all to one version", "%d versions: %s", len(who), strings.Join(parts, "; "))}
}

// judgeLinks looks for one-way links, as 'hearsay links' does.
func judgeLinks(f *Facts) (out []Finding) {
	if f.Links == nil {
		return nil
	}
	hears := make(map[topics.Name]map[topics.Name]bool)
	for _, row := range f.Links.Nodes {
		hears[row.Name.Key()] = make(map[topics.Name]bool)
		for _, name := range row.Hears {
			hears[row.Name.Key()][name.Key()] = true
		}
	}
	young := func(name topics.Name) bool {
		m := f.member(name)
		return m != nil && f.at(m.Since) < settled
	}
	links, spare := 0, 0
	for _, row := range f.Links.Nodes {
		for _, name := range row.Hears {
			if links++; young(row.Name) || young(name) || hears[name.Key()] == nil || hears[name.Key()][row.Name.Key()] {
				continue
			}
			if spare++; f.Links.Partial {
				continue
			}
			do := fmt.Sprintf("run the doctor on %s", name)
			if name.Key() == f.Self.Name.Key() || row.Name.Key() == f.Self.Name.Key() {
				do = "see peers and seeds above"
			}
			out = append(out, warning(do, "%s hears %s, and is not heard by it: a one-way link", row.Name, name))
		}
	}
	for _, m := range f.peers() { // one that is not heard has no row
		if m.OneWay != "" && (m.State != "alive" || len(m.Via) > 0) {
			out = append(out, warning("see peers and seeds above", "%s, a one-way link: %s", m.Name, m.OneWay))
		}
	}
	const few = 10
	if len(out) > few {
		out = append(out[:few], warning("", "and %s", plural(len(out)-few, "more one-way link")))
	}
	if len(out) == 0 && f.Links.Partial {
		out = append(out, ok("%s, %d of them one-way, as they may be in a partial mesh", plural(links, "link"), spare))
	} else if len(out) == 0 && links > 0 {
		out = append(out, ok("%s, none of them one-way", plural(links, "link")))
	}
	return out
}
