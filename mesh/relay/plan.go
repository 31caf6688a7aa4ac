package relay

import (
	"slices"
	"strings"
	"time"

	"hearsay/mesh/rate"
	"hearsay/topics"
)

// plan is what relays are asked for: whom to ask for which origin, and whom to ask for all that it is relayed itself.
type plan struct {
	self   topics.Name
	settle time.Duration
	soon   time.Duration
	early  rate.Bucket // of those that a relay is asked for sooner
	lacks  map[topics.Name]*lack
	fars   map[topics.Name]time.Duration // whom 3/*/ was said to, and until when it counts; never: it stands
	turned []topics.Name                 // origins with another relay than before the last update

	noted   int           // names that the last update found
	due     time.Duration // when the next one has been lacked for long enough to ask early
	settled bool          // the last update had nothing to say, and another one of the same view has not either
}

// lack is an origin that this node gets no messages of.
type lack struct {
	since time.Duration
	stamp time.Duration // of the last update that found it
	early bool          // a relay is asked though it has not settled
	relay topics.Name   // "": none yet
	gone  topics.Name   // the relay before, or that of an origin that is lacked no more
	until time.Duration // when gone's last messages may come
}

const (
	settleBeats = 3               // that an origin is lacked before a relay is asked: a mesh that starts lacks many for less
	soonShare   = 4               // of a beat, that one is lacked in a partial mesh before: there nearly all are, for good
	lateTime    = 2 * time.Second // in which messages that a relay sent before it read the cancellation may come
	lacksMost   = 1024            // origins: as many as a list has
	farsFew     = 3               // that are asked for all in a partial mesh: of two, three nodes that chose each other would be alone
	eachMost    = 512             // origins that one relay is asked for: a connection may subscribe to 64 KiB of topics
)

// earlyLimit bounds for how many a relay is asked before they have settled: those that come one by one, or a few at once. A mesh that
// starts has other neighbours each moment: what is asked then is asked in vain.
var earlyLimit = rate.Limit{Burst: 16, Tokens: 8, Period: time.Second}

func newPlan(cfg Config) plan {
	return plan{self: cfg.Self, settle: settleBeats * cfg.Beat, soon: cfg.Beat / soonShare, lacks: make(map[topics.Name]*lack), fars: make(map[topics.Name]time.Duration)}
}

// idle reports whether nobody is asked for anything.
func (p *plan) idle() bool { return len(p.lacks) == 0 && len(p.fars) == 0 }

func (p *plan) relays() (n int) {
	for _, l := range p.lacks {
		if l.relay != "" {
			n++
		}
	}
	return n
}

func (p *plan) relayOf(origin topics.Name) topics.Name {
	if l := p.lacks[origin]; l != nil {
		return l.relay
	}
	return ""
}

// wants reports whether a member was asked to relay an origin's messages.
func (p *plan) wants(now time.Duration, via, origin topics.Name, far bool) bool {
	if far {
		until, ok := p.fars[via]
		return ok && now <= until
	}
	l := p.lacks[origin]
	return l != nil && (l.relay == via || l.gone == via && now <= l.until)
}

// far returns those that are asked for all that they are relayed.
func (p *plan) far(view View) (names []topics.Name) {
	for name, until := range p.fars {
		if until == never && view.Linked(name) {
			names = append(names, name)
		}
	}
	return names
}

// update looks at who is lacked, and appends what is to be said to says.
func (p *plan) update(now time.Duration, view View, starved map[topics.Name]bool, says []Say) []Say {
	p.turned = p.turned[:0]
	p.noted, p.due = 0, never
	view.EachUnheard(func(name topics.Name) { p.note(now, name, false) })
	for name := range starved {
		p.note(now, name, true)
	}
	if p.settled = len(starved) == 0; p.idle() {
		return says
	}
	said := len(says)
	load := make(map[topics.Name]int)
	for _, l := range p.lacks {
		if l.relay != "" {
			load[l.relay]++
		}
	}
	wanted := make(map[topics.Name]bool) // who is to be asked for all that it is relayed
	for _, origin := range p.origins() {
		says = p.settleOrigin(now, origin, view, load, wanted, says)
	}
	if view.Partial() {
		p.thin(wanted)
	}
	says = p.settleFars(now, wanted, says)
	p.settled = p.settled && len(says) == said && !p.waits(now)
	return says
}

// waits reports whether time alone changes what is asked.
func (p *plan) waits(now time.Duration) bool {
	if p.noted < len(p.lacks) {
		return true
	}
	for _, l := range p.lacks {
		if now-l.since < p.settle && !l.early {
			return true
		}
	}
	for _, until := range p.fars {
		if until != never {
			return true
		}
	}
	return false
}

// again appends all that a member was asked for, as it has forgotten it with a connection.
func (p *plan) again(member topics.Name, says []Say) []Say {
	p.turned = p.turned[:0]
	for origin, l := range p.lacks {
		if l.relay == member {
			p.turned = append(p.turned, origin)
		}
	}
	slices.Sort(p.turned)
	for _, origin := range p.turned {
		says = append(says, Say{To: member, Topic: topics.RelayedTopics(origin)})
	}
	if p.fars[member] == never {
		says = append(says, Say{To: member, Topic: topics.RelayedTopics("")})
	}
	return says
}

// note keeps that an origin is lacked. One that is starved is so for long enough already.
func (p *plan) note(now time.Duration, origin topics.Name, starved bool) {
	l := p.lacks[origin]
	if l == nil {
		if len(p.lacks) >= lacksMost || origin == p.self {
			return
		}
		l = &lack{since: now}
		p.lacks[origin] = l
	} else if l.stamp < 0 {
		l.since, l.early = now, false
	}
	if starved {
		l.since = min(l.since, now-p.settle)
	}
	l.stamp = now
	p.noted++
}

// origins are in a fixed order: the same calls give the same answers.
func (p *plan) origins() []topics.Name {
	names := make([]topics.Name, 0, len(p.lacks))
	for name := range p.lacks {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (p *plan) settleOrigin(now time.Duration, origin topics.Name, view View, load map[topics.Name]int, wanted map[topics.Name]bool, says []Say) []Say {
	l := p.lacks[origin]
	if l.stamp != now {
		return p.release(now, origin, says)
	}
	if !p.isSettled(now, l, view.Partial()) {
		return says
	}
	listers := view.Listers(origin)
	for _, name := range listers {
		wanted[name] = true
	}
	if l.relay != "" && slices.Contains(listers, l.relay) {
		return says
	}
	rank(origin, p.self, listers)
	i := slices.IndexFunc(listers, func(name topics.Name) bool { return load[name] < eachMost })
	if l.relay != "" {
		says = append(says, Say{To: l.relay, Topic: topics.RelayedTopics(origin), Cancel: true})
		l.gone, l.until, l.relay = l.relay, now+lateTime, ""
	}
	if i < 0 {
		return says
	}
	l.relay = listers[i]
	load[l.relay]++
	p.turned = append(p.turned, origin)
	return append(says, Say{To: l.relay, Topic: topics.RelayedTopics(origin)})
}

// isSettled reports whether an origin is lacked for long enough for a relay to be asked.
func (p *plan) isSettled(now time.Duration, l *lack, partial bool) bool {
	switch at := l.since + p.soon; {
	case l.early || now-l.since >= p.settle:
		return true
	case !partial:
		return false
	case now < at:
		p.due = min(p.due, at)
		return false
	}
	l.early = p.early.Take(now, earlyLimit)
	return l.early
}

// release cancels what was asked for an origin that is lacked no more, and forgets it a little later.
func (p *plan) release(now time.Duration, origin topics.Name, says []Say) []Say {
	l := p.lacks[origin]
	if l.relay != "" {
		says = append(says, Say{To: l.relay, Topic: topics.RelayedTopics(origin), Cancel: true})
		l.gone, l.until, l.relay = l.relay, now+lateTime, ""
	}
	l.stamp = -1
	if l.gone == "" || now > l.until {
		delete(p.lacks, origin)
	}
	return says
}

// thin leaves few of those who could be asked for all that they are relayed: those that are asked already, and then those
// that this node draws. In a partial mesh each message comes to most by them alone, and as often as there are of them.
func (p *plan) thin(wanted map[topics.Name]bool) {
	names := make([]topics.Name, 0, len(wanted))
	for name := range wanted {
		names = append(names, name)
	}
	rank("", p.self, names)
	slices.SortStableFunc(names, func(a, b topics.Name) int { return one(p.fars[b] == never) - one(p.fars[a] == never) })
	for _, name := range names[min(farsFew, len(names)):] {
		delete(wanted, name)
	}
}

// one is 1 for what is so, and else 0.
func one(is bool) int {
	if is {
		return 1
	}
	return 0
}

// settleFars asks those that list somebody who is lacked for all that they are relayed, and the others no more.
func (p *plan) settleFars(now time.Duration, wanted map[topics.Name]bool, says []Say) []Say {
	from := len(says)
	for name := range wanted {
		if p.fars[name] != never {
			p.fars[name] = never
			says = append(says, Say{To: name, Topic: topics.RelayedTopics("")})
		}
	}
	for name, until := range p.fars {
		switch {
		case wanted[name]:
		case until == never:
			p.fars[name] = now + lateTime
			says = append(says, Say{To: name, Topic: topics.RelayedTopics(""), Cancel: true})
		case now > until:
			delete(p.fars, name)
		}
	}
	slices.SortFunc(says[from:], func(a, b Say) int { return strings.Compare(string(a.To), string(b.To)) })
	return says
}
