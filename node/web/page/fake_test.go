package page_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"hearsay/node/web"
	"hearsay/node/web/page"
	"hearsay/topics"
)

// fake serves the page and what a node would serve beside it, as the test says.
type fake struct {
	*httptest.Server

	mu        sync.Mutex
	members   web.Members
	links     web.Links
	status    web.Status
	life      int64
	events    []web.Event
	messages  []web.Message // a stream of messages has them and ends
	changed   chan struct{} // closed when events or life have changed
	down      bool          // every connection is cut
	refusal   *web.Error    // the answer to forget, if that is refused
	forgotten []string
	stuck     chan struct{} // nil: answers come at once
	repeats   bool          // streams begin with all events, whatever was asked for
	streams   int           // streams of events that are open
}

// newFake is a node called node_1 in a mesh of n that all hear each other.
func newFake(t *testing.T, n int) *fake {
	now := time.Now().UTC()
	f := &fake{life: 1, changed: make(chan struct{})}
	f.status = web.Status{Name: "node_1", Version: "v0", Started: now.Add(-time.Hour)}
	f.members.Self = web.Self{Name: "node_1", State: "alive", Since: now.Add(-time.Hour), Ready: true, ReadyReason: fmt.Sprintf("it hears %d peers", n-1)}
	names := make([]topics.Name, n)
	for i := range names {
		names[i] = topics.Name(fmt.Sprintf("node_%d", i+1))
	}
	for i, name := range names {
		others := without(names, name)
		f.links.Nodes = append(f.links.Nodes, web.Row{Name: name, Hears: others})
		if i > 0 {
			f.members.Members = append(f.members.Members, web.Member{
				Name: name, State: "alive", Since: now.Add(-time.Duration(i) * time.Minute), Why: "first beat", LastHeard: &now,
				Incarnation: now.Add(-time.Hour).UnixMilli(), ListedBy: without(others, "node_1"), HearsMe: true, MessagesLink: true,
				Address: fmt.Sprintf("10.0.%d.%d:20000", i/250, 1+i%250), Received: uint64(i) << 10,
			})
		}
	}
	f.Server = httptest.NewServer(http.HandlerFunc(f.serve))
	t.Cleanup(func() {
		f.set(func() { f.down = true })
		f.CloseClientConnections()
		f.Close()
	})
	return f
}

func without(names []topics.Name, name topics.Name) []topics.Name {
	rest := make([]topics.Name, 0, len(names))
	for _, other := range names {
		if other != name {
			rest = append(rest, other)
		}
	}
	return rest
}

// set changes what is served.
func (f *fake) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
	close(f.changed)
	f.changed = make(chan struct{})
}

// peer is the entry of a peer, to be changed inside set.
func (f *fake) peer(name topics.Name) *web.Member {
	for i := range f.members.Members {
		if f.members.Members[i].Name == name {
			return &f.members.Members[i]
		}
	}
	panic("no peer " + name)
}

// deafen takes one name out of the list of another: listener no longer hears speaker. Inside set.
func (f *fake) deafen(listener, speaker topics.Name) {
	for i, row := range f.links.Nodes {
		if row.Name == listener {
			f.links.Nodes[i].Hears = without(row.Hears, speaker)
		}
	}
}

// mute takes away the list of one node. Inside set.
func (f *fake) mute(name topics.Name) {
	for i, row := range f.links.Nodes {
		if row.Name == name {
			f.links.Nodes = append(f.links.Nodes[:i:i], f.links.Nodes[i+1:]...)
			return
		}
	}
}

// tell adds an event. Inside set.
func (f *fake) tell(id uint64, peer topics.Name, from, to, why string) {
	f.events = append(f.events, web.Event{ID: id, At: time.Now().UTC(), Kind: to, Peer: peer, From: from, To: to, Why: why})
}

func (f *fake) serve(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	if stuck := f.stuck; stuck != nil && strings.HasPrefix(r.URL.Path, "/v1/") {
		f.mu.Unlock()
		<-stuck
		f.mu.Lock()
	}
	defer f.mu.Unlock()
	if f.down {
		panic(http.ErrAbortHandler)
	}
	switch {
	case r.URL.Path == "/v1/members":
		answer(w, http.StatusOK, f.members)
	case r.URL.Path == "/v1/links":
		answer(w, http.StatusOK, f.links)
	case r.URL.Path == "/v1/status":
		f.status.Uptime = time.Since(f.status.Started).Seconds()
		answer(w, http.StatusOK, f.status)
	case r.URL.Path == "/v1/events":
		f.stream(w, r)
	case r.Method == http.MethodGet && r.URL.Path == "/v1/messages":
		w.Header().Set("Content-Type", "text/event-stream")
		for i, m := range f.messages {
			data, _ := json.Marshal(m)
			fmt.Fprintf(w, "id: %d\ndata: %s\n\n", i+1, data)
		}
	case r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/forget"):
		f.forget(w, strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, "/v1/members/"), "/forget"))
	case !page.Serve(w, r):
		http.NotFound(w, r)
	}
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func (f *fake) forget(w http.ResponseWriter, name string) {
	if f.refusal != nil {
		answer(w, http.StatusForbidden, f.refusal)
		return
	}
	f.forgotten = append(f.forgotten, name)
	for i, m := range f.members.Members {
		if string(m.Name) == name {
			f.members.Members = append(f.members.Members[:i:i], f.members.Members[i+1:]...)
			break
		}
	}
	answer(w, http.StatusOK, map[string]string{"forgotten": name})
}

// stream sends events as a node does: those after the one asked for, and then each as it comes. It is called with
// the lock, and waits without it.
func (f *fake) stream(w http.ResponseWriter, r *http.Request) {
	life, after := f.life, uint64(0)
	f.streams++
	defer func() { f.streams-- }()
	if l, id, two := strings.Cut(r.URL.Query().Get("after"), "-"); two && l == strconv.FormatInt(life, 10) && !f.repeats {
		after, _ = strconv.ParseUint(id, 10, 64)
	}
	w.Header().Set("Content-Type", "text/event-stream")
	fmt.Fprint(w, ": hello\n\n")
	for {
		for _, e := range f.events {
			if e.ID > after {
				after = e.ID
				data, _ := json.Marshal(e)
				fmt.Fprintf(w, "id: %d-%d\ndata: %s\n\n", life, e.ID, data)
			}
		}
		w.(http.Flusher).Flush()
		changed := f.changed
		f.mu.Unlock()
		select {
		case <-changed:
		case <-r.Context().Done():
		}
		f.mu.Lock()
		if r.Context().Err() != nil || f.down || f.life != life {
			return
		}
	}
}
