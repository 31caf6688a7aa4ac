package web

import (
	"cmp"
	"fmt"
	"math"
	"net/http"
	"slices"
	"time"

	"hearsay/mesh"
	"hearsay/node"
	"hearsay/topics"
)

// Members is the body of /v1/members.
type Members struct {
	Self    Self     `json:"self"`
	Members []Member `json:"members"` // every peer that the node knows of, in every state
}

// Self is the node that was asked.
type Self struct {
	Name        topics.Name `json:"name"`
	State       string      `json:"state"`       // alive, or leaving
	Since       time.Time   `json:"since"`       // its start
	Incarnation int64       `json:"incarnation"` // Unix ms
	Program     string      `json:"program"`
	Tags        string      `json:"tags"`
	Mesh        string      `json:"mesh"` // its label; "": it has none
	Degraded    bool        `json:"degraded"`
	Ready       bool        `json:"ready"`
	ReadyReason string      `json:"ready_reason"`
	Conflict    string      `json:"conflict"` // as in /v1/status
}

// Member is one peer, as the node that was asked sees it.
type Member struct {
	Name         topics.Name   `json:"name"`
	State        string        `json:"state"` // candidate, probation, alive, suspect, detached, quarantined or left
	Via          []topics.Name `json:"via"`   // of one that is alive and not heard here: who is heard and hears it; else empty
	Since        time.Time     `json:"since"` // when it came into this state
	Why          string        `json:"why"`   // and why
	LastHeard    *time.Time    `json:"last_heard"`
	MissedBeats  int           `json:"missed_beats"`
	Penalty      float64       `json:"penalty"`
	Incarnation  int64         `json:"incarnation"`         // Unix ms; 0 from a naive peer
	ListedBy     []topics.Name `json:"listed_by"`           // alive peers in whose list it is
	Address      string        `json:"address"`             // where it is heard, or was heard last; "" if it never was
	Linked       bool          `json:"linked"`              // a discovery link to it is up
	NextTry      *time.Time    `json:"next_try"`            // when it is dialled or probed next; null if that is not planned
	CalledFrom   string        `json:"called_from"`         // where a connection comes from that says it is this peer's; "": there is none
	Program      string        `json:"program"`             // what it runs, as it says
	Tags         string        `json:"tags"`                // KEY=VALUE,..., as it says
	ClockAhead   float64       `json:"clock_ahead_seconds"` // of the node's own, as far as that is sure; negative: behind
	ClockOff     string        `json:"clock_off"`           // by how much its clock is off, once that is sure; "": it is not
	Restarts     string        `json:"restarts"`            // how often its process was started again of late, where that is often; "": it is not
	Conflict     string        `json:"conflict"`            // another process uses the name too, and where
	Failures     int           `json:"failures"`            // dials that failed in a row
	Failure      string        `json:"failure"`             // why the last of them did
	HearsMe      bool          `json:"hears_me"`            // it is alive, and the node is in its list
	Spare        bool          `json:"spare"`               // it is alive and need not hear the node: in a partial mesh enough others do
	Seed         bool          `json:"seed"`
	Naive        bool          `json:"naive"`
	Degraded     bool          `json:"degraded"`       // it says so of itself
	MessagesLink bool          `json:"messages_link"`  // it is alive, and what it publishes reaches the node
	Flowing      bool          `json:"flowing"`        // and what the node publishes reaches it
	Unread       bool          `json:"unread"`         // what the node publishes does not reach it directly
	OneWay       string        `json:"one_way"`        // why only one of the node and the peer hears the other, once that is sure; "": it is not so
	Stale        string        `json:"stale"`          // it calls from elsewhere than its name leads to, and where; "": it does not
	Unlinked     string        `json:"unlinked"`       // why messages do not pass directly, one way or both, for 10 s; "": they do
	Received     uint64        `json:"received_bytes"` // over the links to it that are up now
}

// Links is the body of /v1/links: the matrix of who hears whom.
type Links struct {
	Nodes   []Row `json:"nodes"`   // the node that was asked first
	Partial bool  `json:"partial"` // it is a partial mesh: who hears another need not be heard by it
}

// Row is what one node says that it hears. Nodes without a row do not say it in a form to be relied upon.
type Row struct {
	Name  topics.Name   `json:"name"`
	Hears []topics.Name `json:"hears"`
}

func (s *Server) members(w http.ResponseWriter, r *http.Request) error {
	wanted, err := membersFilter(r)
	if err != nil {
		return err
	}
	v, err := s.views.get(r.Context())
	if err != nil {
		return err
	}
	if wanted != nil {
		all := s.describe(v)
		all.Members = slices.DeleteFunc(all.Members, func(m Member) bool { return !wanted(m) })
		return writeJSON(w, all)
	}
	body, err := v.members.get(func() any { return s.describe(v) })
	if err != nil {
		return err
	}
	writeBody(w, http.StatusOK, body)
	return nil
}

// membersFilter reads the parameters tag and state, and returns which members are asked for; nil: all.
func membersFilter(r *http.Request) (func(Member) bool, error) {
	query := r.URL.Query()
	tags, states := query["tag"], query["state"]
	for _, tag := range tags {
		if err := CheckMatch(tag); err != nil {
			return nil, newFault(http.StatusBadRequest, "bad_request", err.Error())
		}
	}
	for _, state := range states {
		if !isState(state) {
			return nil, newFault(http.StatusBadRequest, "bad_request", fmt.Sprintf("%.40q is no state of a peer", state))
		}
	}
	if len(tags)+len(states) == 0 {
		return nil, nil
	}
	return func(m Member) bool {
		return MatchTags(topics.Tags(m.Tags), tags...) && (len(states) == 0 || slices.Contains(states, m.State))
	}, nil
}

func isState(text string) bool {
	for s := mesh.Candidate; s <= mesh.Left; s++ {
		if s.String() == text {
			return true
		}
	}
	return false
}

func (s *Server) links(w http.ResponseWriter, r *http.Request) error {
	v, err := s.views.get(r.Context())
	if err != nil {
		return err
	}
	body, err := v.links.get(func() any {
		return linksOf(&v.Status)
	})
	if err != nil {
		return err
	}
	writeBody(w, http.StatusOK, body)
	return nil
}

// linksOf is who hears whom. A node that hears all may be one of a partial mesh, too.
func linksOf(v *node.Status) Links {
	links := Links{Nodes: make([]Row, 0, len(v.Links)), Partial: v.Machine.Partial}
	for _, m := range v.Members {
		links.Partial = links.Partial || m.Spare
	}
	for _, row := range v.Links {
		links.Nodes = append(links.Nodes, Row{row.Name, notNil(row.Hears)})
	}
	return links
}

func (s *Server) describe(v *view) Members {
	self := Self{
		Name: s.node.Name(), State: "alive", Since: stamp(s.node.Started()), Incarnation: s.node.Started().UnixMilli(),
		Degraded: v.Machine.Degraded, Program: s.node.Config().Program, Tags: string(v.Tags), Mesh: s.node.Config().Mesh,
		Conflict: v.Machine.Second,
	}
	self.Ready, self.ReadyReason = v.ready()
	if v.Leaving {
		self.State = "leaving"
	}
	all := Members{Self: self, Members: make([]Member, 0, len(v.Members))}
	for _, m := range v.Members {
		all.Members = append(all.Members, v.member(m))
	}
	return all
}

func (v *view) member(m mesh.Member) Member {
	out := Member{
		Name: m.Name, State: m.State.Shown(), Via: notNil(m.Via), Since: v.time(m.Since), Why: m.Why, MissedBeats: m.Owes,
		Penalty: math.Round(m.Penalty*1000) / 1000, Incarnation: m.Incarnation, ListedBy: notNil(m.ListedBy),
		Address: cmp.Or(m.Addr, m.LastAddr), Linked: m.Addr != "", ClockAhead: m.Clock.Seconds(), ClockOff: m.ClockOff, Restarts: m.Restarts, CalledFrom: m.CalledFrom, Program: m.Profile.Program, Tags: string(m.Profile.Tags), Conflict: m.Conflict, Failures: m.Fails, Failure: m.Failure, HearsMe: m.HearsMe, Spare: m.Spare, Seed: m.Seed, Naive: m.Naive,
		Degraded: m.Degraded, MessagesLink: m.Messages, Flowing: m.Flowing, Unread: m.Unread, OneWay: m.OneWay, Stale: m.Stale, Unlinked: m.Unlinked, Received: v.Received[m.Name.Key()],
	}
	if m.Heard > 0 {
		heard := v.time(m.Heard)
		out.LastHeard = &heard
	}
	if m.Next > 0 && tried(m) {
		next := v.time(m.Next)
		out.NextTry = &next
	}
	return out
}

// tried reports whether what is planned for a peer is a dial or a probe: an alive one has its links, and one that
// left, if it is no seed, is only forgotten.
func tried(m mesh.Member) bool {
	return m.State != mesh.Alive && (m.State != mesh.Left || m.Seed)
}

// time turns the machine's time into the wall clock's, as that is now.
func (v *view) time(t mesh.Time) time.Time { return stamp(v.At.Add(t - v.Uptime)) }

// find returns the peer with a name, however it is spelled.
func (v *view) find(name topics.Name) bool {
	for _, m := range v.Members {
		if m.Name.Key() == name.Key() {
			return true
		}
	}
	return false
}
