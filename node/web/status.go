package web

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"hearsay/mesh"
	"hearsay/node/dns"
	"hearsay/node/files"
	"hearsay/topics"
)

// Sidecar is how the sockets for programs on the node's machine are: package sidecar.
type Sidecar struct {
	Tap            string `json:"tap,omitempty"` // where programs read what is received
	TapPrograms    int    `json:"tap_programs"`
	TapLost        uint64 `json:"tap_lost"`         // messages that they were too slow for
	Inject         string `json:"inject,omitempty"` // where they publish
	InjectPrograms int    `json:"inject_programs"`
	Injected       uint64 `json:"injected"`
	Refused        uint64 `json:"inject_refused"` // messages that were not as they have to be
}

// Status is the body of /v1/status.
type Status struct {
	Name        topics.Name       `json:"name"`
	Version     string            `json:"version"`
	Mesh        string            `json:"mesh"` // its label; "": it has none
	Lock        string            `json:"lock"` // open, mesh key or own keys
	Bind        string            `json:"bind"` // literal address that it listens on and dials from; "": every one
	Started     time.Time         `json:"started"`
	Incarnation int64             `json:"incarnation"` // Unix ms
	Uptime      float64           `json:"uptime_seconds"`
	Alive       int               `json:"alive"`   // peers that it hears and lists
	Far         int               `json:"far"`     // members that it does not hear, and others do that it hears
	Members     int               `json:"members"` // itself, and its peers that are alive, suspect or detached, far ones too
	Degraded    bool              `json:"degraded"`
	Mute        bool              `json:"mute"`           // it hears peers, and none of them hears it
	Partial     bool              `json:"partial"`        // of many members it listens to a few, and knows the others by their word
	OneWay      int               `json:"one_way"`        // peers that hear the node and are not heard, or the other way round
	Unlinked    int               `json:"unlinked"`       // alive peers with which messages do not pass directly, one way or both
	OpenFiles   int               `json:"max_open_files"` // that the process may have
	Conflict    string            `json:"conflict"`       // another process is the member of its name, and why; "": none is
	Namesake    string            `json:"namesake"`       // another process answers to its name, and where, whichever is the member; "": none was met lately
	ClockOff    string            `json:"clock_off"`      // by how much its clock differs from those of most others, who agree; "": it does not
	TurnedAway  string            `json:"turned_away"`    // why newcomers are turned away; "": they are not
	Ready       bool              `json:"ready"`
	ReadyReason string            `json:"ready_reason"` // why, or why not
	Leaving     bool              `json:"leaving"`
	Listeners   int               `json:"listeners"` // connections to its discovery publisher
	Seeds       []topics.Name     `json:"seeds"`
	Refused     []Refused         `json:"refused"`     // who came with keys that do not fit in the last ten minutes: the latest 64 addresses
	Foreign     []Foreigner       `json:"foreign"`     // nodes of other meshes that it has met
	Multicast   *Multicast        `json:"multicast"`   // null: it is off
	Channels    []string          `json:"channels"`    // received, beside plain messages
	MaxMessage  int               `json:"max_message"` // bytes
	Unreadable  []Unreadable      `json:"unreadable"`  // files of keys, certificate and token that cannot be read: what they held before holds
	DNS         *dns.Stats        `json:"dns"`         // null: the node answers no DNS
	Sidecar     *Sidecar          `json:"sidecar"`     // null: there are no sockets for programs
	Missed      []string          `json:"missed"`      // how many messages of whom, on which channel, nobody had any more in the last minutes: the latest first
	Lost        string            `json:"lost"`        // how many messages the application did not read in time in the last minutes; "": none
	Counters    map[string]uint64 `json:"counters"`    // since the start; /metrics says what they are
}

// Foreigner is a node of another mesh.
type Foreigner struct {
	Name    topics.Name `json:"name"` // as it was dialled, or as it says
	Mesh    string      `json:"mesh"` // its label; "": it has none
	Address string      `json:"address"`
	Last    time.Time   `json:"last"` // when it was met last
}

// Refused is an address from which connections came with keys that do not fit.
type Refused struct {
	Address string    `json:"address"`
	Why     string    `json:"why"`
	Count   uint64    `json:"count"` // of connections
	Last    time.Time `json:"last"`
}

// refusedShown bounds those that are shown.
const refusedShown = 64

func (v *view) refused() []Refused {
	all := v.Refused[:min(len(v.Refused), refusedShown)]
	out := make([]Refused, 0, len(all))
	for _, r := range all {
		out = append(out, Refused{r.From.String(), r.Why, r.Count, stamp(r.Last)})
	}
	return out
}

// Multicast is what a node does to be found without a seed.
type Multicast struct {
	Groups     []string `json:"groups"`
	Interfaces []string `json:"interfaces"` // over which it speaks
	Problem    string   `json:"problem"`    // why it speaks over none; "": it does
	Heard      uint64   `json:"heard"`      // beacons of others, of any mesh
}

func (v *view) multicast() *Multicast {
	m := v.Multicast
	if m == nil {
		return nil
	}
	return &Multicast{notNil(m.Groups), notNil(m.Interfaces), m.Problem, v.Counters["multicast_heard"]}
}

func (v *view) foreigners() []Foreigner {
	out := make([]Foreigner, 0, len(v.Foreign))
	for _, f := range v.Foreign {
		out = append(out, Foreigner{f.Name, f.Mesh, f.Addr, v.time(f.At)})
	}
	return out
}

func (s *Server) status(w http.ResponseWriter, r *http.Request) error {
	v, err := s.views.get(r.Context())
	if err != nil {
		return err
	}
	cfg := s.node.Config()
	ready, reason := v.ready()
	var names *dns.Stats
	var beside *Sidecar
	if s.options.Sidecar != nil {
		beside = new(s.options.Sidecar())
	}
	if s.options.DNS != nil {
		names = new(s.options.DNS.Stats())
	}
	return writeJSON(w, Status{
		Name:        s.node.Name(),
		Version:     s.options.Version,
		Mesh:        cfg.Mesh,
		Lock:        cfg.Keys.Lock(),
		Bind:        cfg.Bind,
		Started:     stamp(s.node.Started()),
		Incarnation: s.node.Started().UnixMilli(),
		Uptime:      v.Uptime.Round(time.Millisecond).Seconds(),
		Alive:       v.count(mesh.Alive),
		Members:     1 + v.count(mesh.Alive, mesh.Suspect, mesh.Detached, mesh.Far),
		Far:         v.count(mesh.Far),
		Degraded:    v.Machine.Degraded,
		Mute:        v.Machine.Mute,
		Partial:     v.Machine.Partial,
		OneWay:      v.oneWay(),
		Unlinked:    v.unlinked(),
		OpenFiles:   files.Limit(),
		Conflict:    v.Machine.Second,
		Namesake:    v.Machine.Namesake,
		ClockOff:    v.Machine.ClockOff,
		TurnedAway:  v.TurnedAway,
		Ready:       ready,
		ReadyReason: reason,
		Leaving:     v.Leaving,
		Listeners:   v.Machine.Listeners,
		Seeds:       notNil(s.node.Seeds()),
		Refused:     v.refused(),
		Foreign:     v.foreigners(),
		Multicast:   v.multicast(),
		Channels:    notNil(cfg.Channels),
		MaxMessage:  cfg.MaxMessage,
		Unreadable:  notNil(v.unreadable),
		Missed:      notNil(v.Missed),
		Lost:        v.Lost,
		DNS:         names,
		Sidecar:     beside,
		Counters:    v.Counters,
	})
}

// healthz reports whether the process works: its loop answers.
func (s *Server) healthz(w http.ResponseWriter, r *http.Request) error {
	v, err := s.views.get(r.Context())
	if err != nil {
		return err
	}
	select {
	case <-s.node.Done():
		return left()
	default:
	}
	warning := v.ails()
	if !s.mayKnow(r) {
		warning = ""
	}
	return writeJSON(w, map[string]any{"status": "ok", "uptime_seconds": v.Uptime.Round(time.Millisecond).Seconds(), "warning": warning})
}

// readyz reports whether the node is of use.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) error {
	v, err := s.views.get(r.Context())
	if err != nil {
		return err
	}
	ready, reason := v.ready()
	switch known := s.mayKnow(r); {
	case !ready && known:
		return newFault(http.StatusServiceUnavailable, "not_ready", reason)
	case !ready:
		return newFault(http.StatusServiceUnavailable, "not_ready", "it is not ready").hint("a token shows why")
	case !known:
		return writeJSON(w, map[string]any{"status": "ready", "reason": "", "warning": ""})
	}
	return writeJSON(w, map[string]any{"status": "ready", "reason": reason, "warning": v.ails()})
}

// aloneAfter is how long a node looks for others at seeds that lead to itself before it is called the first of its mesh:
// twice the time between two look-ups of a node that hears nobody. Pods of one service start together, and DNS is late.
const aloneAfter = 10 * time.Second

// ready reports whether the node is of use, and why. Who is not heard is named in any case, and files that cannot be read.
func (v *view) ready() (bool, string) {
	ready, reason := v.serves()
	if !v.Leaving {
		reason += v.silent()
	}
	if unread := v.unread(); unread != "" && !strings.Contains(reason, unread) {
		reason += "; " + unread
	}
	return ready, reason
}

// ails is what somebody who asks whether the node works should know, though it does: why it is not ready, what is wrong while it
// is, and who is not heard.
func (v *view) ails() string {
	var all []string
	ready, reason := v.ready()
	if !ready {
		all = append(all, "not ready: "+reason)
	}
	if warning := v.warning(); warning != "" && (ready || !strings.Contains(reason, warning)) {
		all = append(all, warning)
	}
	if silent := v.silent(); ready && silent != "" {
		all = append(all, strings.TrimPrefix(silent, "; "))
	}
	return strings.Join(all, "; ")
}

// serves reports whether the node is of use, and why.
func (v *view) serves() (bool, string) {
	alive, silent := v.count(mesh.Alive), v.count(mesh.Suspect, mesh.Detached, mesh.Quarantined, mesh.Probation)
	switch {
	case v.Leaving:
		return false, "it is leaving"
	case v.Machine.Second != "":
		return false, v.Machine.Second
	case v.Machine.Degraded:
		return false, fmt.Sprintf("it is degraded: it hears %d of %s, or its rounds come late",
			alive, plural(v.count(mesh.Alive, mesh.Suspect, mesh.Detached), "member"))
	case v.Machine.Mute && alive > 0:
		reason := "it hears " + peers(alive) + ", and none of them hears it"
		if alive == 1 {
			reason = "it hears 1 peer, which does not hear it"
		}
		if warning := v.warning(); warning != "" {
			reason += "; " + warning
		}
		return true, reason
	case alive > 0 && v.warning() != "":
		return true, "it hears " + peers(alive) + ", but " + v.warning()
	case alive > 0:
		return true, "it hears " + peers(alive)
	case silent > 0:
		return false, "it hears nobody: " + peers(silent) + " not heard now"
	case v.Alone && v.Multicast != nil && v.Multicast.Problem != "":
		return false, "it hears nobody: it was given no seed, and multicast leads nowhere: " + v.Multicast.Problem
	case v.Alone && v.Machine.Namesake != "":
		return true, "it hears nobody of another name: " + v.Machine.Namesake
	case v.Alone && v.oneWayText() != "":
		return true, "it hears nobody: " + v.oneWayText()
	case v.Alone && v.misnamed() != "":
		return true, "it hears nobody: " + v.misnamed()
	case v.Alone && v.OwnSeed != "":
		return true, fmt.Sprintf("it is the first of its mesh: its only seed, %s, is its own name, and it has met nobody", v.OwnSeed)
	case v.Alone:
		return true, "it is the first of its mesh: it was given no seed, and has met nobody"
	case len(v.Members) == 0 && v.Uptime >= aloneAfter:
		return true, "it is the first of its mesh: its seeds lead to itself alone"
	case v.count(mesh.Left) > 0 && v.count(mesh.Candidate) == 0:
		return true, "it is the last of its mesh: all the others have left"
	}
	return false, "it hears nobody yet: " + v.wanted()
}

// silent names the members that are not heard, and why each is not, as the end of a reason; "" if there are none.
// One that was evicted is named for as long as it is quarantined, the latest first: whoever waits for it, or counts members,
// misses it as much after a minute as after a second.
func (v *view) silent() string {
	var all []*mesh.Member
	for i := range v.Members {
		if m := &v.Members[i]; m.State == mesh.Suspect || m.State == mesh.Detached || m.State == mesh.Quarantined {
			all = append(all, m)
		}
	}
	slices.SortStableFunc(all, func(a, b *mesh.Member) int {
		evictedA, evictedB := a.State == mesh.Quarantined, b.State == mesh.Quarantined
		switch {
		case evictedA && evictedB:
			return cmp.Compare(b.Since, a.Since)
		case evictedA:
			return 1
		case evictedB:
			return -1
		}
		return 0
	})
	if len(all) == 0 {
		return ""
	}
	var causes sayings
	for _, m := range all {
		name := string(m.Name)
		if m.State == mesh.Quarantined {
			name += fmt.Sprintf(" (quarantined since %s)", v.time(m.Since).Format(time.RFC3339))
		}
		causes.add(name, cmp.Or(m.Failure, "nothing comes"))
	}
	return "; not heard: " + causes.text("%s: %s")
}

// few are the first of some names, and how many more there are.
func few(names []string) []string {
	const most = 3
	if n := len(names); n > most {
		return append(names[:most], fmt.Sprintf("and %d more", n-most))
	}
	return names
}

// oneWay is how many peers hear the node and are not heard, or the other way round.
func (v *view) oneWay() (n int) {
	for _, m := range v.Members {
		if m.OneWay != "" {
			n++
		}
	}
	return n
}

// restarting is how many peers are started again and again.
func (v *view) restarting() (n int) {
	for _, m := range v.Members {
		if m.Restarts != "" {
			n++
		}
	}
	return n
}

const oneWayWords = "a link goes one way between it and %s: %s"

// oneWayText names those peers, and why; "" if there are none.
func (v *view) oneWayText() string {
	return v.those(func(m *mesh.Member) string { return m.OneWay }).text(oneWayWords)
}

// unlinked is how many peers are heard with which messages do not pass directly.
func (v *view) unlinked() (n int) {
	for _, m := range v.Members {
		if m.Unlinked != "" {
			n++
		}
	}
	return n
}

// warning says what is wrong while the node is of use still, "" if nothing is: names that two processes have, of which it
// hears one, or that lead elsewhere, seeds that lead to nobody, peers that hear it and are not heard, or the other way round,
// members with which messages do not pass directly, which others relay where they can, files that cannot be read, newcomers
// that are turned away, clocks that are off, members that are started again and again, and messages that were lost in the last minutes.
func (v *view) warning() string {
	var all []string
	own := cmp.Or(v.Machine.Second, v.Machine.Namesake)
	if own != "" {
		all = append(all, own)
	}
	if misnamed := v.misnamed(); misnamed != "" {
		all = append(all, misnamed)
	}
	if v.OwnSeed != "" && own == "" && v.count(mesh.Alive, mesh.Far) == 0 {
		all = append(all, fmt.Sprintf("its only seed, %s, is its own name: give it the name of another node", v.OwnSeed))
	}
	if v.Machine.ClockOff != "" {
		all = append(all, v.Machine.ClockOff)
	}
	for _, of := range []struct {
		what string
		why  func(m *mesh.Member) string
	}{
		{"%s: %s", func(m *mesh.Member) string { return m.Conflict }},
		{oneWayWords, func(m *mesh.Member) string { return m.OneWay }},
		{"%s: %s", func(m *mesh.Member) string { return m.Stale }},
		{"messages do not pass directly between it and %s: %s", func(m *mesh.Member) string { return m.Unlinked }},
		{"%s: %s", func(m *mesh.Member) string { return m.ClockOff }},
		{"%s: %s", func(m *mesh.Member) string { return m.Restarts }},
	} {
		if text := v.those(of.why).text(of.what); text != "" {
			all = append(all, text)
		}
	}
	if seeds := v.lostSeeds(); seeds != "" {
		all = append(all, seeds)
	}
	if unread := v.unread(); unread != "" {
		all = append(all, unread)
	}
	if len(v.Missed) > 0 {
		all = append(all, strings.Join(few(slices.Clone(v.Missed)), "; "))
	}
	if v.Lost != "" {
		all = append(all, v.Lost)
	}
	if v.TurnedAway != "" && !strings.Contains(v.oneWayText(), v.TurnedAway) {
		all = append(all, "newcomers are turned away: "+v.TurnedAway)
	}
	return strings.Join(all, "; ")
}

// lostSeeds are the configured names that lead to nobody, and why; "" if there are none. Of one that hears this node it is told
// that the link goes one way.
func (v *view) lostSeeds() string {
	var words []string
	for _, seed := range v.LostSeeds {
		if slices.ContainsFunc(v.Members, func(m mesh.Member) bool { return m.OneWay != "" && m.Name.Key() == seed.Name.Key() }) {
			continue
		}
		words = append(words, fmt.Sprintf("seed %s: %s", seed.Name, seed.Cause))
	}
	return strings.Join(few(words), "; ")
}

// wanted names those that the node looks for, and says why it has not found them.
func (v *view) wanted() string {
	if all := slices.DeleteFunc([]string{v.oneWayText(), v.lostSeeds()}, func(s string) bool { return s == "" }); len(all) > 0 {
		return strings.Join(all, "; ")
	}
	var names []string
	for _, m := range v.Members {
		if m.State == mesh.Candidate {
			names = append(names, string(m.Name))
		}
	}
	if len(names) == 0 {
		return "it has found nobody but itself"
	}
	return "it looks for " + strings.Join(few(names), ", ")
}

func peers(n int) string { return plural(n, "peer") }

func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// count returns how many peers are in one of the states.
func (v *view) count(states ...mesh.State) (n int) {
	for _, m := range v.Members {
		for _, state := range states {
			if m.State == state {
				n++
			}
		}
	}
	return n
}

// left is what a node says that has ended.
func left() *fault {
	return newFault(http.StatusServiceUnavailable, "leaving", "the node has left the mesh")
}

// stamp is a time as it is written: UTC, milliseconds.
func stamp(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

func notNil[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
