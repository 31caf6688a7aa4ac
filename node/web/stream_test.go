package web

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hearsay/mesh"
	"hearsay/node"
	"hearsay/node/nodetest"
	"hearsay/topics"
)

// again makes a node forget a peer, which comes back: two events at least.
func again(t *testing.T, a, b *node.Node) {
	t.Helper()
	if err := a.Forget(string(b.Name())); err != nil {
		t.Fatal(err)
	}
	hears(t, a, b)
}

func TestEventsAreReplayed(t *testing.T) {
	t.Parallel()
	a, b, _, base := pair(t, Options{})
	again(t, a, b)
	all := listen(t, base+"/v1/events?after=0")
	var ids []string
	var kinds []string
	for i := range 3 {
		id, e := read[Event](all)
		if e.ID != uint64(i+1) || e.At.IsZero() || e.Peer != b.Name() {
			t.Errorf("event %d: %+v", i+1, e)
		}
		ids, kinds = append(ids, id), append(kinds, e.Kind)
	}
	if !slices.Equal(kinds, []string{"joined", "forgotten", "joined"}) {
		t.Errorf("%v", kinds)
	}
	if want := fmt.Sprintf("%d-2", a.Started().UnixMilli()); ids[1] != want {
		t.Errorf("the second's id is %s, want %s", ids[1], want)
	}
	for what, c := range map[string]*sse{
		"after the first, by parameter": listen(t, base+"/v1/events?after=1"),
		"by the header":                 listen(t, base+"/v1/events", header("Last-Event-ID", ids[0])),
		"by both":                       listen(t, base+"/v1/events?after=0", header("Last-Event-ID", ids[0])),
	} {
		if _, e := read[Event](c); e.ID != 2 {
			t.Errorf("%s: %+v", what, e)
		}
	}
	for what, id := range map[string]string{"of another life": "17-2", "of a longer life": "1000"} {
		if _, e := read[Event](listen(t, base+"/v1/events", header("Last-Event-ID", id))); e.ID != 1 {
			t.Errorf("%s: %+v", what, e)
		}
	}
	fresh := listen(t, base+"/v1/events")
	last := a.LastEvent()
	again(t, a, b)
	if _, e := read[Event](fresh); e.ID != last+1 {
		t.Errorf("without an id: %+v, want the first that is new", e)
	}
}

func TestStreamSaysThatItIsThere(t *testing.T) {
	t.Parallel()
	n := startNode(t, node.Config{})
	s, base := startServer(t, n, Options{})
	s.pulse = time.Millisecond
	for _, path := range []string{"/v1/events", "/v1/messages"} {
		c := listen(t, base+path)
		for range 3 {
			if got := c.line(": "); got != "still here" {
				t.Errorf("%s: %q", path, got)
			}
		}
	}
}

func TestStreamsAreLimited(t *testing.T) {
	t.Parallel()
	s, base := startServer(t, startNode(t, node.Config{}), Options{})
	s.streams = make(chan struct{}, 1)
	first := listen(t, base+"/v1/events")
	for _, path := range []string{"/v1/events", "/v1/messages"} {
		answer, body := ask(t, "GET", base+path, nil)
		refused(t, path, answer, body, http.StatusServiceUnavailable, "too_many")
	}
	first.close()
	nodetest.Eventually(t, func() error {
		if len(s.streams) > 0 {
			return errors.New("the place is not free again")
		}
		return nil
	})
	listen(t, base+"/v1/messages")
}

func TestClientThatLostEventsIsCutOff(t *testing.T) {
	t.Parallel()
	s := New(startNode(t, node.Config{}), Options{})
	t.Cleanup(func() { s.Close() })
	w := httptest.NewRecorder()
	st := &stream{w: w, control: http.NewResponseController(w)}
	events := make(chan node.Event, 3)
	for _, id := range []uint64{7, 8, 10} {
		events <- node.Event{ID: id, Change: mesh.Change{Peer: "x"}}
	}
	if err := s.sendEvents(httptest.NewRequest("GET", "/", nil), st, events); err == nil || !strings.Contains(err.Error(), "10 follows 8") {
		t.Errorf("%v", err)
	}
	if body := w.Body.String(); strings.Count(body, "data: ") != 2 {
		t.Errorf("sent:\n%s", body)
	}
}

// pipes is a listener of connections without any buffer, so that who does not read is noticed at once.
type pipes struct {
	conns chan net.Conn
	once  sync.Once
	ended chan struct{}
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), ended: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.ended:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.ended) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

// dial opens a stream and reads until the server has taken it in.
func (p *pipes) dial(t *testing.T, path string) net.Conn {
	t.Helper()
	client, server := net.Pipe()
	t.Cleanup(func() { client.Close() })
	p.conns <- server
	if _, err := fmt.Fprintf(client, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path); err != nil {
		t.Fatal(err)
	}
	c := &sse{t: t, lines: bufio.NewReaderSize(client, 16)}
	c.line(": ")
	c.line("") // the end of the comment
	c.line("") // and of the chunk
	return client
}

func TestFiftyListenersSlowOnesIncludedDoNotDelayTheMesh(t *testing.T) {
	t.Parallel()
	a, b, s, base := pair(t, Options{})
	s.patience = 2 * time.Second
	ln := newPipes()
	serve(t, s, ln)
	const listeners = 25
	var quick []*sse
	for i := range listeners {
		ln.dial(t, []string{"/v1/events", "/v1/messages"}[i%2]) // and never reads again
		quick = append(quick, listen(t, base+"/v1/events"))
	}
	deliver(a, s)
	stop := make(chan struct{})
	var scrapers sync.WaitGroup
	for i := range 50 {
		scrapers.Go(func() { scrape(t, base+[]string{"/metrics", "/v1/members", "/v1/links", "/v1/status"}[i%4], stop) })
	}
	rounds := func() uint64 { return min(a.Machine().Rounds, b.Machine().Rounds) }
	begin := rounds()
	again(t, a, b)
	if err := b.Publish([]byte("to the slow ones too")); err != nil {
		t.Fatal(err)
	}
	for i, c := range quick {
		for _, want := range []string{"forgotten", "joined"} {
			if _, e := read[Event](c); e.Kind != want {
				t.Errorf("listener %d: %+v, want %s", i, e, want)
			}
		}
	}
	nodetest.Eventually(t, func() error {
		if err := b.Publish([]byte("again")); err != nil {
			return err
		}
		if got := s.metrics.cutOff.Load(); got != listeners {
			return fmt.Errorf("%d slow clients were cut off, of %d", got, listeners)
		}
		if got := rounds() - begin; got < 10 {
			return fmt.Errorf("%d rounds since", got)
		}
		return nil
	})
	close(stop)
	scrapers.Wait()
	for _, n := range []*node.Node{a, b} {
		if late := n.Machine().LateRounds; late > 0 {
			t.Logf("%s: %d late rounds", n.Name(), late)
		}
		if m := n.Members(); len(m) != 1 || m[0].State != mesh.Alive {
			t.Errorf("%s: %+v", n.Name(), m)
		}
	}
	watcher := b.Watch(0)
	defer watcher.Close()
	for range len(watcher.C) {
		if e := <-watcher.C; e.Kind == mesh.Suspected {
			t.Errorf("%s suspected %s: %s", b.Name(), e.Peer, e.Why)
		}
	}
}

// scrape asks until stop is closed.
func scrape(t *testing.T, url string, stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		default:
		}
		answer, err := testClient.Get(url)
		if err != nil {
			t.Error(err)
			return
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			t.Errorf("GET %s: %s", url, answer.Status)
			return
		}
	}
}

func TestMessagesGoRoundTheMesh(t *testing.T) {
	t.Parallel()
	a, b, s, base := pair(t, Options{})
	deliver(a, s)
	other := New(b, Options{})
	t.Cleanup(func() { other.Close() })
	all, news := listen(t, base+"/v1/messages"), listen(t, base+"/v1/messages?channel=news")
	post := func(query, body string) {
		answer, text := ask(t, "POST", base+"/v1/messages"+query, []byte(body))
		if answer.StatusCode != http.StatusOK || !strings.Contains(string(text), fmt.Sprint(len(body))) {
			t.Fatalf("%s %s", answer.Status, text)
		}
	}
	post("", "plain ☺")
	post("?channel=other", "other")
	post("?channel=news", "\xff\x00")
	id, m := read[Message](all)
	if id != "1" || m.From != a.Name() || m.Channel != "" || *m.Body != "plain ☺" || m.UID == "" || m.SentAt == nil || m.Lost != 0 {
		t.Errorf("%s %+v", id, m)
	}
	if id, m := read[Message](all); id != "2" || m.Channel != "other" {
		t.Errorf("%s %+v", id, m)
	}
	if _, m := read[Message](news); m.Channel != "news" || m.Body != nil || *m.Base64 != "/wA=" {
		t.Errorf("%+v", m)
	}
	nodetest.Eventually(t, func() error { // from another node, over the wire
		if err := b.PublishTo("news", []byte("far")); err != nil {
			return err
		}
		if s.fanOut.count.Load() != 2 {
			t.Errorf("%d readers", s.fanOut.count.Load())
		}
		if a.Stats()["messages_delivered"] < 4 {
			return errors.New("nothing over the wire yet")
		}
		return nil
	})
	if _, m := read[Message](news); m.From != b.Name() || *m.Body != "far" {
		t.Errorf("%+v", m)
	}
}

func TestSlowReaderOfMessagesIsToldWhatItLost(t *testing.T) {
	t.Parallel()
	var f fanOut
	f.put(node.Message{}) // nobody reads
	slow, picky := f.add(nil), f.add([]string{"news"})
	body := make([]byte, readerBytes/2)
	for range 3 {
		f.put(node.Message{From: "x", Body: body})
	}
	if waiting, lost := slow.take(); len(waiting) != 1 || lost != 2 {
		t.Errorf("%d wait, %d lost", len(waiting), lost)
	}
	if waiting, lost := slow.take(); len(waiting) != 0 || lost != 0 {
		t.Errorf("then %d wait, %d lost", len(waiting), lost)
	}
	if waiting, lost := picky.take(); len(waiting) != 0 || lost != 0 {
		t.Errorf("another channel: %d wait, %d lost", len(waiting), lost)
	}
	if f.lost.Load() != 2 {
		t.Errorf("%d lost were counted", f.lost.Load())
	}
	f.put(node.Message{Body: make([]byte, 2*readerBytes)})
	if waiting, _ := slow.take(); len(waiting) != 1 {
		t.Error("an empty queue did not take a large message")
	}
	f.remove(slow)
	f.remove(picky)
	if f.count.Load() != 0 {
		t.Error("there still are readers")
	}
}

func TestNextMessageSaysHowManyWereLost(t *testing.T) {
	t.Parallel()
	n := startNode(t, node.Config{})
	s, base := startServer(t, n, Options{})
	c := listen(t, base+"/v1/messages")
	s.fanOut.mu.Lock()
	for r := range s.fanOut.readers {
		r.mu.Lock()
		r.waiting, r.size, r.lost = []node.Message{{From: "x"}}, readerBytes, 3
		r.mu.Unlock()
		r.arrived <- struct{}{}
	}
	s.fanOut.mu.Unlock()
	if _, m := read[Message](c); m.Lost != 0 {
		t.Errorf("those lost came after this one: %+v", m)
	}
	s.Deliver(node.Message{From: topics.Name("y")})
	if _, m := read[Message](c); m.Lost != 3 {
		t.Errorf("%+v", m)
	}
	s.Deliver(node.Message{From: topics.Name("z")})
	if _, m := read[Message](c); m.Lost != 0 {
		t.Errorf("told twice: %+v", m)
	}
}
