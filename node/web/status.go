package web

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"hearsay/mesh"
	"hearsay/topics"
)

// Status is the body of /v1/status.
type Status struct {
	Name        topics.Name       `json:"name"`
	Version     string            `json:"version"`
	Started     time.Time         `json:"started"`
	Incarnation int64             `json:"incarnation"` // Unix ms
	Uptime      float64           `json:"uptime_seconds"`
	Alive       int               `json:"alive"`   // peers that it hears and lists
	Members     int               `json:"members"` // itself, and its peers that are alive, suspect or detached
	Degraded    bool              `json:"degraded"`
	Ready       bool              `json:"ready"`
	ReadyReason string            `json:"ready_reason"` // why, or why not
	Leaving     bool              `json:"leaving"`
	Listeners   int               `json:"listeners"` // connections to its discovery publisher
	Seeds       []topics.Name     `json:"seeds"`
	Channels    []string          `json:"channels"`    // received, beside plain messages
	MaxMessage  int               `json:"max_message"` // bytes
	Counters    map[string]uint64 `json:"counters"`    // since the start; /metrics says what they are
}

func (s *Server) status(w http.ResponseWriter, r *http.Request) error {
	v, err := s.views.get(r.Context())
	if err != nil {
		return err
	}
	cfg := s.node.Config()
	ready, reason := v.ready()
	return writeJSON(w, Status{
		Name:        s.node.Name(),
		Version:     s.options.Version,
		Started:     stamp(s.node.Started()),
		Incarnation: s.node.Started().UnixMilli(),
		Uptime:      v.Uptime.Round(time.Millisecond).Seconds(),
		Alive:       v.count(mesh.Alive),
		Members:     1 + v.count(mesh.Alive, mesh.Suspect, mesh.Detached),
		Degraded:    v.Machine.Degraded,
		Ready:       ready,
		ReadyReason: reason,
		Leaving:     v.Leaving,
		Listeners:   v.Machine.Listeners,
		Seeds:       notNil(s.node.Seeds()),
		Channels:    notNil(cfg.Channels),
		MaxMessage:  cfg.MaxMessage,
		Counters:    v.Counters,
	})
}

// healthz tells whether the process works: its loop answers.
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
	return writeJSON(w, map[string]any{"status": "ok", "uptime_seconds": v.Uptime.Round(time.Millisecond).Seconds()})
}

// readyz tells whether the node is of use.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) error {
	v, err := s.views.get(r.Context())
	if err != nil {
		return err
	}
	ready, reason := v.ready()
	if !ready {
		return newFault(http.StatusServiceUnavailable, "not_ready", reason)
	}
	return writeJSON(w, map[string]any{"status": "ready", "reason": reason})
}

// ready says whether the node is of use, and why.
func (v *view) ready() (bool, string) {
	alive, silent := v.count(mesh.Alive), v.count(mesh.Suspect, mesh.Detached, mesh.Quarantined, mesh.Probation)
	switch {
	case v.Leaving:
		return false, "it is leaving"
	case v.Machine.Degraded:
		return false, fmt.Sprintf("it is degraded: it hears %d of %d members, or its rounds come late",
			alive, v.count(mesh.Alive, mesh.Suspect, mesh.Detached))
	case alive > 0:
		return true, "it hears " + plural(alive, "peer")
	case silent > 0:
		return false, "it hears nobody: " + plural(silent, "peer") + " not heard now"
	case v.Alone:
		return true, "it is the first of its mesh: it was given no seed, and has met nobody"
	case v.count(mesh.Left) > 0 && v.count(mesh.Candidate) == 0:
		return true, "it is the last of its mesh: all the others have left"
	}
	return false, "it hears nobody yet: it looks for " + v.wanted()
}

// wanted names those that the node looks for.
func (v *view) wanted() string {
	var names []string
	for _, m := range v.Members {
		if m.State == mesh.Candidate {
			names = append(names, string(m.Name))
		}
	}
	const few = 3
	if len(names) > few {
		names = append(names[:few], fmt.Sprintf("and %d more", len(names)-few))
	}
	return strings.Join(names, ", ")
}

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
