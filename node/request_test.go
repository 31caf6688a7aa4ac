package node

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hearsay/node/keys"
	"hearsay/node/link"
	"hearsay/node/nodetest"
	"hearsay/topics"
)

// answers has a node answer until the test ends.
func answers(t *testing.T, n *Node, channel string, handle Handler) (stop func()) {
	t.Helper()
	stop, err := n.Answer(channel, 4, handle)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return stop
}

// nameAnd answers with the name of the node, and what was asked.
func nameAnd(n *Node) Handler {
	return func(_ context.Context, m Message) ([]byte, error) {
		return fmt.Appendf(nil, "%s heard %s from %s on %q", n.Name(), m.Body, m.From, m.Channel), nil
	}
}

// patient is a context of a request that is to be answered.
func patient(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), nodetest.Patience)
	t.Cleanup(cancel)
	return ctx
}

// asked waits until so many answer on a channel, and returns what they say.
func asked(t *testing.T, n *Node, channel string, many int) []Reply {
	t.Helper()
	var got Answers
	nodetest.Eventually(t, func() (err error) {
		ctx, cancel := context.WithTimeout(t.Context(), nodetest.Patience/10) // one that has stopped may be asked once
		defer cancel()
		got, err = n.Request(ctx, Request{Channel: channel, Body: []byte("q")})
		if err == nil && len(got.Replies) != many {
			err = fmt.Errorf("%d replies, want %d", len(got.Replies), many)
		}
		return err
	})
	return got.Replies
}

// mesh3 runs three nodes whose messages flow.
func mesh3(t *testing.T, cfg Config) []*Node {
	t.Helper()
	addrs := nodetest.Addresses(t, 3)
	var nodes []*Node
	for _, addr := range addrs {
		c := cfg
		c.Hostname, c.Bind, c.Seeds = addr, addr, addrs[:1]
		nodes = append(nodes, start(t, c))
	}
	allFlow(t, nodes...)
	return nodes
}

// All that answer are asked, the asker too, each with one reply: over TCP, in memory, and in a locked mesh.
func TestRequest(t *testing.T) {
	dir := generate(t, "mesh")
	for name, cfg := range map[string]Config{
		"TCP": {OverTCP: true}, "memory": {}, "locked": {OverTCP: true, Keys: keys.Config{Mesh: filepath.Join(dir, "mesh.key_secret")}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			nodes := mesh3(t, cfg)
			a, b, c := nodes[0], nodes[1], nodes[2]
			if _, err := a.Request(t.Context(), Request{Channel: "time"}); !errors.Is(err, ErrNobody) {
				t.Errorf("nobody answers: %v", err)
			}
			answers(t, b, "time", nameAnd(b))
			stop := answers(t, c, "time", nameAnd(c))
			answers(t, c, "times", nameAnd(c)) // a longer name
			replies := asked(t, a, "time", 2)
			from := map[topics.Name]bool{}
			for _, r := range replies {
				from[r.From] = true
				if want := fmt.Sprintf("%s heard q from %s on \"time\"", r.From, a.Name()); string(r.Body) != want || r.Fail != "" {
					t.Errorf("%+v: %s", r, r.Body)
				}
			}
			if !from[b.Name()] || !from[c.Name()] {
				t.Errorf("%v replied", from)
			}
			if got, err := a.Request(patient(t), Request{Channel: "time", Want: 1}); err != nil || len(got.Replies) != 1 {
				t.Errorf("the first: %+v, %v", got, err)
			}
			if _, err := a.Request(t.Context(), Request{Channel: "time", Want: 3}); !errors.Is(err, ErrTooFew) {
				t.Errorf("3 of 2: %v", err)
			}
			answers(t, a, "time", nameAnd(a))
			asked(t, a, "time", 3)
			if got, err := a.Request(patient(t), Request{To: strings.ToUpper(string(b.Name())), Channel: "time", Body: []byte("alone")}); err != nil || len(got.Replies) != 1 || got.Replies[0].From != b.Name() {
				t.Errorf("one alone: %+v, %v", got, err)
			}
			stop()
			asked(t, a, "time", 2)
		})
	}
}

// A member is asked alone; where nobody is there, or nobody there answers, that is known at once.
func TestRequestToOne(t *testing.T) {
	t.Parallel()
	nodes := mesh3(t, Config{})
	a, b := nodes[0], nodes[1]
	for _, to := range []*Node{a, b} {
		if _, err := a.Request(patient(t), Request{To: string(to.Name())}); !errors.Is(err, ErrNobody) {
			t.Errorf("%s: %v", to.Name(), err)
		}
		answers(t, to, "", nameAnd(to))
		got, err := a.Request(patient(t), Request{To: string(to.Name()), Body: []byte("you")})
		if err != nil || len(got.Replies) != 1 || !strings.HasPrefix(string(got.Replies[0].Body), string(to.Name())+" heard you") {
			t.Errorf("%s: %+v, %v", to.Name(), got, err)
		}
		if _, err := a.Request(patient(t), Request{To: string(to.Name()), Channel: "other"}); !errors.Is(err, ErrNobody) {
			t.Errorf("%s, on another channel: %v", to.Name(), err)
		}
	}
	if _, err := a.Request(t.Context(), Request{To: "node_9"}); !errors.Is(err, ErrNobody) || !strings.Contains(err.Error(), "node_9 is no member") {
		t.Errorf("a stranger: %v", err)
	}
	for _, r := range []Request{{To: "a b"}, {Channel: "a b"}, {}, {To: string(b.Name()), Channel: "a b"}, {To: string(b.Name()), Want: -1},
		{To: string(b.Name()), Type: "no type"}, {To: string(b.Name()), Body: make([]byte, 2<<20)}} {
		if _, err := a.Request(t.Context(), r); err == nil || errors.Is(err, ErrNobody) {
			t.Errorf("%+v: %v", r, err)
		}
	}
	if left := len(a.talk.pending); left != 0 {
		t.Errorf("%d requests are kept", left)
	}
}

// Who does not answer is named, whether its time runs out, it fails, or it leaves meanwhile.
func TestRequestIncomplete(t *testing.T) {
	t.Parallel()
	nodes := mesh3(t, Config{})
	a, b, c := nodes[0], nodes[1], nodes[2]
	answers(t, b, "x", func(context.Context, Message) ([]byte, error) { return []byte("detail"), errors.New("no \"idea\"") })
	answers(t, c, "x", func(ctx context.Context, _ Message) ([]byte, error) { <-ctx.Done(); return nil, ctx.Err() })
	nodetest.Eventually(t, func() error {
		asked, err := a.Ask(t.Context(), Request{Channel: "x", Want: 2})
		if err == nil {
			asked.Close()
		}
		return err
	})
	var got Answers
	var err error
	tries := 0
	for most := 300 * time.Millisecond; len(got.Replies) == 0 && most < nodetest.Patience; most *= 2 { // a slow machine needs more
		tries++
		begun := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), most)
		got, err = a.Request(ctx, Request{Channel: "x", Want: 1})
		cancel()
		if took := time.Since(begun); took < most {
			t.Errorf("given up after %v", took)
		}
	}
	var incomplete *IncompleteError
	if !errors.As(err, &incomplete) || !errors.Is(err, context.DeadlineExceeded) || len(got.Replies) != 1 || !slices.Equal(got.Silent, []topics.Name{c.Name()}) {
		t.Fatalf("%+v, %v", got, err)
	}
	if r := got.Replies[0]; r.Fail != "no ?idea?" || string(r.Body) != "detail" || r.From != b.Name() {
		t.Errorf("%+v", r)
	}
	for _, words := range []string{"0 good replies of 2 asked, 1 wanted", "silent: " + string(c.Name()), "no ?idea?"} {
		if !strings.Contains(err.Error(), words) {
			t.Errorf("no %q in %v", words, err)
		}
	}
	left := make(chan error, 1)
	go func() {
		_, err := a.Request(t.Context(), Request{Channel: "x"})
		left <- err
	}()
	nodetest.Eventually(t, func() error {
		if c.Stats()["requests_taken"] < uint64(2+tries) {
			return errors.New("not asked yet")
		}
		return nil
	})
	c.Close()
	select {
	case err := <-left:
		if !errors.Is(err, ErrNoMore) && err != nil { // it may have said so before it went
			t.Error(err)
		}
	case <-time.After(nodetest.Patience):
		t.Error("one that has left is waited for")
	}
}

// waitsContext counts who waits for its end.
type waitsContext struct {
	context.Context
	waits atomic.Int32
}

func (c *waitsContext) Done() <-chan struct{} {
	c.waits.Add(1)
	return c.Context.Done()
}

// Whoever waits for replies is told that no more come: all of them, where one has taken the last, and where the request is closed.
func TestSeveralWaitForReplies(t *testing.T) {
	t.Parallel()
	addr := nodetest.Addresses(t, 1)[0]
	n := start(t, Config{Hostname: addr, Bind: addr})
	answer := make(chan struct{})
	answers(t, n, "c", func(ctx context.Context, _ Message) ([]byte, error) {
		select {
		case <-answer:
		case <-ctx.Done():
		}
		return nil, nil
	})
	wait := func(a *Asked) <-chan error {
		ctx := &waitsContext{Context: patient(t)}
		ended := make(chan error, 2)
		for range 2 {
			go func() {
				_, err := a.Next(ctx)
				ended <- err
			}()
		}
		nodetest.Eventually(t, func() error {
			if waits := ctx.waits.Load(); waits < 2 {
				return fmt.Errorf("%d wait", waits)
			}
			return nil
		})
		return ended
	}
	ask := func() *Asked {
		a, err := n.Ask(t.Context(), Request{Channel: "c"})
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	closed := ask()
	ended := wait(closed)
	closed.Close()
	if first, second := <-ended, <-ended; !errors.Is(first, ErrNoMore) || !errors.Is(second, ErrNoMore) {
		t.Errorf("closed: %v, %v", first, second)
	}
	answered := ask()
	defer answered.Close()
	ended = wait(answered)
	close(answer)
	first, second := <-ended, <-ended
	if one := errors.Join(first, second); first != nil && second != nil || !errors.Is(one, ErrNoMore) || errors.Is(one, context.DeadlineExceeded) {
		t.Errorf("one reply: %v, %v", first, second)
	}
}

// What a stranger replies, or replies twice, is dropped and counted, as are requests that are none.
func TestRepliesThatWereNotAsked(t *testing.T) {
	t.Parallel()
	nodes := mesh3(t, Config{})
	a, b, c := nodes[0], nodes[1], nodes[2]
	held := make(chan Message, 1)
	wait := make(chan struct{})
	answers(t, b, "x", func(_ context.Context, m Message) ([]byte, error) { held <- m; <-wait; return []byte("real"), nil })
	var req *Asked
	nodetest.Eventually(t, func() (err error) {
		req, err = a.Ask(t.Context(), Request{Channel: "x"})
		return err
	})
	defer req.Close()
	m := <-held
	say := func(n *Node, re string) {
		t.Helper()
		if err := n.sayTalk("6/"+string(a.Name())+"/", topics.Envelope{UID: n.talk.uid(), Re: re}, []byte("forged")); err != nil {
			t.Fatal(err)
		}
	}
	counts := func(name string, want uint64) {
		t.Helper()
		nodetest.Eventually(t, func() error {
			if got := a.Stats()[name]; got != want {
				return fmt.Errorf("%s is %d, want %d", name, got, want)
			}
			return nil
		})
	}
	say(c, m.UID) // which was not asked
	say(c, "nothing")
	counts("replies_unasked", 2)
	close(wait)
	if r, err := req.Next(patient(t)); err != nil || string(r.Body) != "real" || r.From != b.Name() {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := req.Next(patient(t)); !errors.Is(err, ErrNoMore) {
		t.Error(err)
	}
	say(b, m.UID) // again
	counts("replies_late", 1)
	req.Close()
	say(b, m.UID)
	counts("replies_late", 2)
	_ = c.sayTalk("6/"+string(a.Name())+"/", topics.Envelope{UID: "u"}, nil)
	_ = c.link.Publish(link.Message, []byte("6/"+string(a.Name())+"/"), nil)
	_ = c.link.Publish(link.Message, []byte("6/"+string(a.Name())+"/"), nil, []byte(`{"v":1,"from":"node_7","uid":"u","ask":5}`))
	counts("bad_messages", 2)
	counts("forged_origins", 1)
	if got := a.Stats()["messages_delivered"] + a.Stats()["messages_lost"]; got != 0 {
		t.Errorf("%d of them are messages for the application", got)
	}
}

// Requests that wait are bounded in bytes, and so are replies; nothing of either is silent.
func TestRequestsAreBounded(t *testing.T) {
	t.Parallel()
	nodes := mesh3(t, Config{InboxBytes: 4 << 20})
	a, b := nodes[0], nodes[1]
	wait := make(chan struct{})
	stop, err := b.Answer("x", 1, func(context.Context, Message) ([]byte, error) { <-wait; return make([]byte, 1<<20), nil })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	const many = 12
	var all []*Asked
	for len(all) < many {
		one, err := a.Ask(patient(t), Request{Channel: "x", Body: make([]byte, 1<<20)})
		if errors.Is(err, ErrNobody) {
			continue // it is not known yet that somebody does
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(one.Close)
		all = append(all, one)
		nodetest.Eventually(t, func() error { // one by one, so that none is lost before
			if s := b.Stats(); s["requests_taken"]+s["requests_busy"] < uint64(len(all)) {
				return fmt.Errorf("%d of %d", s["requests_taken"]+s["requests_busy"], len(all))
			}
			return nil
		})
	}
	if waits := b.talk.calls; waits > callBytes {
		t.Errorf("%d bytes wait", waits)
	}
	close(wait)
	nodetest.Eventually(t, func() error {
		if s := a.Stats(); s["replies_taken"] != many || s["replies_lost"] == 0 {
			return fmt.Errorf("%d replies, %d lost: %v %v", s["replies_taken"], s["replies_lost"], s, b.Stats())
		}
		return nil
	})
	if waits := a.talk.replies; waits > 4<<20 {
		t.Errorf("%d bytes of replies wait", waits)
	}
	said := map[string]int{}
	for _, one := range all {
		r, err := one.Next(patient(t))
		if err != nil {
			t.Fatal(err)
		}
		word, _, _ := strings.Cut(r.Fail, ":")
		said[word]++
		if r.Fail == "" && !bytes.Equal(r.Body, make([]byte, 1<<20)) {
			t.Error("a good reply has another body")
		}
	}
	if said[""] == 0 || said["too busy"] == 0 || said["its 1048576 bytes were lost here"] == 0 {
		t.Errorf("%v", said)
	}
	if waits := a.talk.replies; waits != 0 {
		t.Errorf("%d bytes count when all is read", waits)
	}
}

// A request that waited for longer than its sender does is not answered.
func TestRequestExpires(t *testing.T) {
	t.Parallel()
	nodes := mesh3(t, Config{})
	a, b := nodes[0], nodes[1]
	wait, begun := make(chan struct{}), make(chan string, 10)
	stop, err := b.Answer("", 1, func(_ context.Context, m Message) ([]byte, error) {
		begun <- string(m.Body)
		<-wait
		return nil, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	one, err := a.Ask(patient(t), Request{To: string(b.Name()), Body: []byte("first")})
	if err != nil {
		t.Fatal(err)
	}
	defer one.Close()
	<-begun
	short, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := a.Request(short, Request{To: string(b.Name()), Body: []byte("second")}); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	nodetest.Eventually(t, func() error {
		if got := b.Stats()["requests_taken"]; got != 2 {
			return fmt.Errorf("%d taken", got)
		}
		return nil
	})
	time.AfterFunc(20*time.Millisecond, func() { close(wait) })
	if _, err := one.Next(patient(t)); err != nil {
		t.Error(err)
	}
	nodetest.Eventually(t, func() error {
		if got := b.Stats()["requests_expired"]; got != 1 {
			return fmt.Errorf("%d expired", got)
		}
		return nil
	})
	if len(begun) > 0 {
		t.Errorf("%q was answered", <-begun)
	}
}

// What waits for its answer when the last handler stops is turned away, and nobody waits for that in vain.
func TestRequestsThatWaitAreTurnedAway(t *testing.T) {
	t.Parallel()
	nodes := mesh3(t, Config{})
	a, b := nodes[0], nodes[1]
	stop, err := b.Answer("", 1, func(ctx context.Context, _ Message) ([]byte, error) { <-ctx.Done(); return nil, ctx.Err() })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	const many = 30
	var all []*Asked
	for range many {
		one, err := a.Ask(patient(t), Request{To: string(b.Name())})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(one.Close)
		all = append(all, one)
	}
	nodetest.Eventually(t, func() error {
		if got := b.Stats()["requests_taken"]; got != many {
			return fmt.Errorf("%d taken", got)
		}
		return nil
	})
	stop()
	for _, one := range all {
		if r, err := one.Next(patient(t)); !errors.Is(err, ErrNoMore) && r.Fail == "" {
			t.Fatalf("%+v, %v", r, err)
		}
	}
}

func TestAnswerThatIsWrong(t *testing.T) {
	t.Parallel()
	n := startAt(t, nodetest.Address(t))
	for _, c := range []struct {
		channel string
		atOnce  int
	}{{"a b", 1}, {"x", 0}, {"x", MaxAtOnce + 1}} {
		if _, err := n.Answer(c.channel, c.atOnce, nil); err == nil {
			t.Errorf("%+v is taken", c)
		}
	}
	for i := range MaxChannels {
		answers(t, n, fmt.Sprint(i), nil)
	}
	if _, err := n.Answer("more", 1, nil); !errors.Is(err, ErrChannels) {
		t.Error(err)
	}
	answers(t, n, "1", nil) // a second one there
}
