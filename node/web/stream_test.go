package web

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
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
	for i := uint64(1); len(kinds) < 3; i++ {
		id, e := read[Event](all)
		if e.ID != i || e.At.IsZero() || e.Peer != b.Name() {
			t.Errorf("event %d: %+v", i, e)
		}
		ids = append(ids, id)
		if e.Kind != "linked" { // it comes when both have read of each other, between any of these
			kinds = append(kinds, e.Kind)
		}
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
	last := a.LastEvent() // another may come before the stream begins
	fresh := listen(t, base+"/v1/events")
	again(t, a, b)
	if _, e := read[Event](fresh); e.ID <= last {
		t.Errorf("without an id: %+v, want one that is new, after %d", e, last)
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
	s.streams = newStreamPlaces(1)
	first := listen(t, base+"/v1/events")
	for range ownPlaces {
		listen(t, base+"/v1/messages")
	}
	for _, path := range []string{"/v1/events", "/v1/messages"} {
		answer, body := ask(t, "GET", base+path, nil)
		refused(t, path, answer, body, http.StatusServiceUnavailable, "too_many")
	}
	first.close()
	nodetest.Eventually(t, func() error {
		if s.streams.open() > ownPlaces {
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
	st := newStream(w, time.Hour)
	if err := s.sendEvents(httptest.NewRequest("GET", "/", nil), st, &behind{left: 2}); !errors.Is(err, node.ErrBehind) {
		t.Errorf("%v", err)
	}
	if body := w.Body.String(); strings.Count(body, "data: ") != 2 {
		t.Errorf("sent:\n%s", body)
	}
}

// behind is a source of events whose reader falls behind after some.
type behind struct{ left int }

func (b *behind) Arrived() <-chan struct{} {
	arrived := make(chan struct{}, 1)
	arrived <- struct{}{}
	return arrived
}

func (b *behind) Next() (node.Event, bool, error) {
	if b.left--; b.left < 0 {
		return node.Event{}, false, node.ErrBehind
	}
	return node.Event{Change: mesh.Change{Peer: "x"}}, true, nil
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
			_, e := read[Event](c)
			if e.Kind == "linked" { // it comes with the messages, in its own time
				_, e = read[Event](c)
			}
			if e.Kind != want {
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
		if s.feed.Readers() != 2 {
			t.Errorf("%d readers", s.feed.Readers())
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

// What nobody has any more is told with the next message, beside what the reader lost by itself.
func TestNextMessageSaysHowManyWereMissed(t *testing.T) {
	t.Parallel()
	s, base := startServer(t, startNode(t, node.Config{}), Options{})
	all := listen(t, base+"/v1/messages")
	nodetest.Eventually(t, func() error {
		if s.feed.Readers() == 0 {
			return errors.New("nobody reads yet")
		}
		return nil
	})
	for _, missed := range []uint64{0, 3} {
		s.Deliver(node.Message{From: "x", UID: fmt.Sprint(missed), Missed: missed})
		all.line("id: ")
		data := all.line("data: ")
		if got := strings.Contains(data, `"missed":3`); got != (missed > 0) || strings.Contains(data, `"missed":0`) {
			t.Errorf("%d missed: %s", missed, data)
		}
	}
}

// slowReader is the one reader of a server's messages. It reads when it is asked to.
func slowReader(t *testing.T, s *Server) *sse {
	t.Helper()
	ln := newPipes()
	serve(t, s, ln)
	client, server := net.Pipe() // it holds nothing: what is not read waits in the feed
	t.Cleanup(func() { client.Close() })
	ln.conns <- server
	if _, err := io.WriteString(client, "GET /v1/messages HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(client), nil) //nolint:bodyclose // ends with the pipe
	if err != nil {
		t.Fatal(err)
	}
	c := &sse{t: t, lines: bufio.NewReader(answer.Body)}
	c.line(": ")
	nodetest.Eventually(t, func() error {
		if s.feed.Readers() == 0 {
			return errors.New("nobody reads yet")
		}
		return nil
	})
	return c
}

func TestNextMessageSaysHowManyWereLost(t *testing.T) {
	t.Parallel()
	n := startNode(t, node.Config{})
	s := New(n, Options{ReaderBytes: 1 << 20})
	t.Cleanup(func() { s.Close() })
	c := slowReader(t, s)
	const sent = 30
	for i := range sent { // as nobody reads, one is on its way, and nine fit
		s.Deliver(node.Message{From: "x", UID: fmt.Sprint(i), Body: bytes.Repeat([]byte("x"), 100<<10)})
	}
	next, lost := 0, uint64(0)
	for id := 1; next < sent; id++ {
		got, m := read[Message](c)
		if want := uint64(next) + m.Lost; m.UID != fmt.Sprint(want) || got != fmt.Sprint(id) || len(*m.Body) != 100<<10 {
			t.Errorf("message %s is %s, after %d lost and %d before", got, m.UID, m.Lost, next)
		}
		next += int(m.Lost) + 1
		lost += m.Lost
	}
	if lost < sent-11 || lost != s.feed.Lost() {
		t.Errorf("%d lost were told, %d counted", lost, s.feed.Lost())
	}
}
