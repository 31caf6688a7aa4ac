package node

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"hearsay/mesh"
	"hearsay/node/nodetest"
	"hearsay/topics"
)

// partialMesh starts a mesh of more than hear everybody, and waits until each node knows all others.
func partialMesh(t *testing.T, many int) (nodes []*Node) {
	t.Helper()
	addrs := nodetest.Addresses(t, many)
	for i, addr := range addrs {
		nodes = append(nodes, start(t, Config{Hostname: addr, Bind: addr, Seeds: []string{addrs[(i+1)%many]}, FullMesh: MinFullMesh}))
	}
	nodetest.Eventually(t, func() error {
		for _, n := range nodes {
			if n.Known() != many-1 || !n.sparse.Load() {
				return fmt.Errorf("%s knows %d, sparse: %v", n.Name(), n.Known(), n.sparse.Load())
			}
		}
		return nil
	})
	return nodes
}

// farFrom returns the nodes that are far for one.
func farFrom(n *Node, nodes []*Node) (far []*Node) {
	for _, m := range n.Members() {
		if m.State == mesh.Far {
			far = append(far, nodes[slices.IndexFunc(nodes, func(other *Node) bool { return other.Name() == m.Name })])
		}
	}
	return far
}

// requests asks once, and what is said as soon as each knows all others gets to all; again only where a member was lost meanwhile, as
// on a machine that is short of time.
func requests(t *testing.T, n *Node, r Request, right func(Answers, error) error) {
	t.Helper()
	for range 10 {
		a, err := n.Request(patient(t), r)
		if errors.Is(err, ErrNoMore) {
			continue
		}
		if err := right(a, err); err != nil {
			t.Error(err)
		}
		return
	}
	t.Error("members are lost all the time")
}

func nobody(a Answers, err error) error {
	if !errors.Is(err, ErrNobody) {
		return fmt.Errorf("%+v, %w", a, err)
	}
	return nil
}

// asksWhoDoesNotHearIt has some node ask a neighbour that does not listen to it, by relays.
func asksWhoDoesNotHearIt(t *testing.T, nodes []*Node) error {
	for _, n := range nodes {
		for _, m := range n.Members() {
			if m.State != mesh.Alive || !m.Spare {
				continue
			}
			ctx, cancel := context.WithTimeout(t.Context(), nodetest.Patience/10)
			defer cancel()
			a, err := n.Ask(ctx, Request{To: string(m.Name), Channel: "one"})
			if err != nil {
				return err
			}
			defer a.Close()
			reply, err := a.Next(ctx)
			if err == nil && reply.Fail == "" && a.far {
				return nil
			}
			return fmt.Errorf("%+v, by relays: %v, %w", reply, a.far, err)
		}
	}
	return errors.New("all neighbours hear each other")
}

// In a partial mesh a far member is asked, and answers, and all of those that answer on a channel. No application sees more of that.
func TestRequestsReachFarMembers(t *testing.T) { // not beside others: a mesh of so many takes all that a slow machine has
	nodes := partialMesh(t, MinFullMesh+8)
	asker := nodes[0]
	var far []*Node
	nodetest.Eventually(t, func() error {
		if far = farFrom(asker, nodes); len(far) < 10 {
			return fmt.Errorf("%d are far", len(far))
		}
		return nil
	})
	to := far[0]
	requests(t, asker, Request{To: string(to.Name()), Body: []byte("nobody")}, nobody)
	echo := func(_ context.Context, m Message) ([]byte, error) {
		return []byte(string(m.From) + " " + string(m.Body) + " " + m.Channel), nil
	}
	stop, err := to.Answer("", 1, echo)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	requests(t, asker, Request{To: string(to.Name()), Body: []byte("a\nb"), Want: 1}, func(a Answers, err error) error {
		if want := string(asker.Name()) + " a\nb "; err != nil || len(a.Replies) != 1 || string(a.Replies[0].Body) != want || a.Replies[0].From != to.Name() {
			return fmt.Errorf("%+v, %w", a, err)
		}
		return nil
	})

	requests(t, asker, Request{Channel: "none"}, nobody)
	for _, n := range nodes[1:] {
		stop, err := n.Answer("one", 1, echo)
		if err != nil {
			t.Fatal(err)
		}
		defer stop()
	}
	nodetest.Eventually(t, func() error { return asksWhoDoesNotHearIt(t, nodes) })

	answering := append(far[:10:10], asker)
	for _, n := range answering {
		stop, err := n.Answer("c", 1, echo)
		if err != nil {
			t.Fatal(err)
		}
		defer stop()
	}
	requests(t, asker, Request{Channel: "c", Body: []byte("x")}, func(a Answers, err error) error {
		got := map[topics.Name]bool{}
		for _, r := range a.Replies {
			if got[r.From] = true; string(r.Body) != string(asker.Name())+" x c" {
				t.Errorf("%s: %q, %s", r.From, r.Body, r.Fail)
			}
		}
		if err != nil || len(got) != len(answering) || len(a.Replies) != len(answering) {
			return fmt.Errorf("%d replies of %d that answer: %w", len(a.Replies), len(answering), err)
		}
		return nil
	})
	if err := asker.sayFar("4/c", topics.Envelope{UID: "u", Ask: 1}, make([]byte, topics.MaxMessage), time.Second); !errors.Is(err, ErrTooLarge) {
		t.Errorf("what does not fit: %v", err)
	}
	for _, n := range nodes {
		if past := n.Past(func(string) bool { return true }, 0, 0); len(past) > 0 {
			t.Errorf("%s: %d messages for its application, the first on %q", n.Name(), len(past), past[0].Channel)
		}
		if s := n.Stats(); s["bad_messages"]+s["replies_unasked"]+s["forged_origins"]+s["messages_missed"] > 0 {
			t.Errorf("%s: %v", n.Name(), s)
		}
	}
}

// A node that listens to all in a partial mesh asks those, too, that do not listen to it, and is asked by them.
func TestRequestsOfOneThatHearsAllInAPartialMesh(t *testing.T) { // not beside others, either
	nodes := partialMesh(t, MinFullMesh+8)
	addr := nodetest.Addresses(t, 1)[0]
	asker := start(t, Config{Hostname: addr, Bind: addr, Seeds: []string{string(nodes[0].Name())}, FullMesh: -1})
	all := append(nodes, asker)
	for _, n := range all {
		stop, err := n.Answer("c", 1, func(context.Context, Message) ([]byte, error) { return nil, nil })
		if err != nil {
			t.Fatal(err)
		}
		defer stop()
	}
	deaf := func() (names []topics.Name) {
		for _, m := range asker.Members() {
			if m.State == mesh.Alive && m.Spare {
				names = append(names, m.Name)
			}
		}
		return names
	}
	nodetest.Eventually(t, func() error {
		if got := len(deaf()); len(asker.alive.all()) != len(nodes) || got == 0 || !asker.sparse.Load() {
			return fmt.Errorf("it hears %d, of which %d need not hear it, sparse: %v", len(asker.alive.all()), got, asker.sparse.Load())
		}
		return nil
	})
	requests(t, asker, Request{To: string(deaf()[0]), Channel: "c"}, func(a Answers, err error) error { return err })
	for _, n := range []*Node{asker, nodes[len(nodes)-1]} {
		requests(t, n, Request{Channel: "c"}, func(a Answers, err error) error {
			if err != nil || len(a.Replies) != len(all) {
				return fmt.Errorf("%d replies of %d that answer: %w", len(a.Replies), len(all), err)
			}
			return nil
		})
	}
}

// What comes on the nodes' own channel and is no request or reply is counted, and so is one that speaks for somebody else.
func TestWhatIsNoFarTalk(t *testing.T) {
	addr := nodetest.Addresses(t, 1)[0]
	n := start(t, Config{Hostname: addr, Bind: addr})
	asks := string(topics.AppendEnvelope(nil, topics.Envelope{Version: 1, Origin: "a", UID: "u", Ask: 1000}))
	stop, err := n.Answer("", 1, func(_ context.Context, m Message) ([]byte, error) {
		t.Errorf("%+v is answered", m)
		return nil, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	for _, body := range []string{
		"1\n" + asks + "\nx", "", "\n", "\n\n", "1\n{}\nx", "6/" + addr + "/\nno\nx", "5/a/1/1-/1\n" + `{"v":1,"from":"a","uid":"u"}` + "\n",
		"6/" + addr + "\n" + asks + "\nx", "6/" + addr + "/a,b\n" + asks + "\nx", "6/-/\n" + asks + "\nx",
	} {
		before := n.Stats()["bad_messages"]
		if n.takeFar(&Message{From: "a", Body: []byte(body)}); n.Stats()["bad_messages"] != before+1 {
			t.Errorf("%q is not counted", body)
		}
	}
	said := fmt.Appendf(nil, "6/%s/\n%s\nx", addr, topics.AppendEnvelope(nil, topics.Envelope{Version: 1, Origin: "b", UID: "u", Ask: 1}))
	if n.takeFar(&Message{From: "a", Body: said}); n.Stats()["forged_origins"] != 1 {
		t.Error("one that speaks for another is not counted")
	}
}

// Where more are far than can all be asked, all of them are not wanted.
func TestTooManyAreFar(t *testing.T) {
	addr := nodetest.Addresses(t, 1)[0]
	n := start(t, Config{Hostname: addr, Bind: addr})
	for _, c := range []struct{ far, want int }{{farMost, 0}, {farMost + 1, 0}, {farMost + 1, 1}} {
		far := make(map[topics.Name]topics.Name)
		for i := range c.far {
			far[topics.Name(fmt.Sprint("n", i))] = topics.Name(fmt.Sprint("n", i))
		}
		a := &Asked{node: n, all: make(map[topics.Name]*one)}
		_, err := n.audienceOn(a, Request{Channel: "c", Want: c.want}, far, nil)
		switch {
		case c.far <= farMost && (err != nil || !a.far || a.waits != c.far):
			t.Errorf("%+v: %v, %d asked", c, err, a.waits)
		case c.far > farMost && (err == nil || a.far || errors.Is(err, ErrTooFew) != (c.want == 0)):
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// A request that came by relays is answered by the link, where there is one.
func TestAReplyTakesTheLinkThatThereIs(t *testing.T) {
	addrs := nodetest.Addresses(t, 2)
	asker := start(t, Config{Hostname: addrs[0], Bind: addrs[0]})
	n := start(t, Config{Hostname: addrs[1], Bind: addrs[1], Seeds: []string{addrs[0]}})
	meet(t, asker, n)
	nodetest.Eventually(t, func() error {
		if o := (&owed{to: asker.Name(), topic: topics.Direct{Name: asker.Name()}.String()}); !n.listens(o, nil) {
			return errors.New("no link for replies yet")
		}
		return nil
	})
	before := n.speaker.count
	n.reply(call{to: asker.Name(), far: true, by: time.Now().Add(time.Minute)}, nil, "")
	if n.speaker.count != before {
		t.Error("it is said to all")
	}
	n.talk.mu.Lock()
	if n.talk.owes > 0 {
		t.Error("it is kept, in a full mesh")
	}
	n.talk.mu.Unlock()
	n.reply(call{to: "far", far: true, by: time.Now().Add(time.Minute)}, nil, "")
	if n.speaker.count != before+1 {
		t.Error("it is not said to all, and there is no link")
	}
}

// The nodes' own channel is no application's.
func TestTheNodesOwnChannelIsRefused(t *testing.T) {
	addr := nodetest.Addresses(t, 1)[0]
	n := start(t, Config{Hostname: addr, Bind: addr})
	for what, err := range map[string]error{
		"Subscribe": n.Subscribe(topics.FarTalk), "PublishTo": n.PublishTo(topics.FarTalk, nil), "PublishToWait": n.PublishToWait(t.Context(), topics.FarTalk, nil),
		"PublishPost": n.PublishPost(Post{Channel: topics.FarTalk}), "Config": Config{Hostname: addr, Channels: []string{topics.FarTalk}}.Validate(),
	} {
		if err == nil || !strings.Contains(err.Error(), "the nodes' own") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// A reply whose asker does not listen is said to all a little later, in a partial mesh: the asker may have other neighbours by now.
func TestAReplyThatIsOwedIsSaidToAll(t *testing.T) {
	t.Parallel()
	addr := nodetest.Addresses(t, 1)[0]
	n := start(t, Config{Hostname: addr, Bind: addr})
	said := func() uint64 {
		n.speaker.mu.Lock()
		defer n.speaker.mu.Unlock()
		return n.speaker.count
	}
	n.reply(call{to: "far", by: time.Now().Add(time.Hour)}, nil, "")
	if said() > 0 {
		t.Fatal("it is said to all at once, and a link may be on its way")
	}
	nodetest.Eventually(t, func() error {
		n.sparse.Store(true) // the node sees at each look that it is in none
		if said() != 1 {
			return fmt.Errorf("%d messages to all", said())
		}
		return nil
	})
}

// Who asks all, and has nobody any more who answers here, is told so by itself.
func TestWhoAsksAllAnswersItself(t *testing.T) {
	t.Parallel()
	addr := nodetest.Addresses(t, 1)[0]
	n := start(t, Config{Hostname: addr, Bind: addr})
	a := &Asked{node: n, uid: "u", far: true, changes: n.Follow(n.hub.newest()), arrived: make(chan struct{}, 1), all: make(map[topics.Name]*one), count: 1}
	a.add(n.Name())
	n.talk.pending[a.uid] = a
	if err := n.sayRequest(a, "4/c", topics.Envelope{UID: a.uid, Ask: 1000}, Request{Channel: "c"}); err != nil {
		t.Fatal(err)
	}
	if r, err := a.Next(patient(t)); !errors.Is(err, ErrNoMore) || a.Count() > 0 {
		t.Errorf("%+v, %v, %d asked", r, err, a.Count())
	}
}

// farRequest is a request of a to who answers on a channel, as a node takes it that is said to all.
func farRequest(t *testing.T, channel string, ask int, expires time.Time) *Message {
	t.Helper()
	envelope := topics.AppendEnvelope(nil, topics.Envelope{Version: 1, Origin: "a", UID: "u", Ask: ask})
	return &Message{From: "a", Body: fmt.Appendf(nil, "4/%s\n%s\n", channel, envelope), expires: expires.UnixMilli()}
}

// What an earlier life of a node was asked is asked of it no more, though it comes again: the node may have answered.
func TestARequestToAllIsOfOneLife(t *testing.T) {
	t.Parallel()
	addr := nodetest.Addresses(t, 1)[0]
	n := start(t, Config{Hostname: addr, Bind: addr})
	answers(t, n, "c", func(context.Context, Message) ([]byte, error) {
		return nil, nil
	})
	for _, before := range []int{1, 0} { // the answer to the last one is said at any time
		taken := uint64(1 - before)
		at := n.Started().Add(-time.Duration(before) * time.Millisecond).UnixMilli()
		envelope := topics.AppendEnvelope(nil, topics.Envelope{Version: 1, Origin: "a", UID: "u", Ask: topics.MaxAsk, SentAt: at})
		taken += n.Stats()["requests_taken"]
		said := n.speaker.count
		n.takeFar(&Message{From: "a", Body: fmt.Appendf(nil, "4/c\n%s\n", envelope)})
		if got := n.Stats()["requests_taken"]; got != taken {
			t.Errorf("of %d ms before the node started: %d taken, want %d", before, got, taken)
		}
		if before == 1 && n.speaker.count != said+1 {
			t.Error("who asked an earlier life is not told that it is over")
		}
	}
	if got := n.Stats()["requests_expired"]; got != 1 {
		t.Errorf("%d are counted as too late", got)
	}
}

// One that says it was started again does not answer what it was asked before: who asked waits no longer, and names it as silent.
func TestWhoWasStartedAgainIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	addr := nodetest.Addresses(t, 1)[0]
	n := start(t, Config{Hostname: addr, Bind: addr})
	a := &Asked{node: n, changes: n.Follow(n.hub.newest()), arrived: make(chan struct{}, 1), all: make(map[topics.Name]*one)}
	a.add("b")
	for range 2 { // it may say so twice
		if !a.take(&arrival{via: "b", envelope: &topics.Envelope{Fail: topics.StartedAgain}, Message: &Message{From: "b"}}) {
			t.Error("its word is not taken")
		}
	}
	if _, err := a.Next(t.Context()); !errors.Is(err, ErrNoMore) {
		t.Errorf("it is waited for: %v", err)
	}
	if got := a.Silent().Silent; !slices.Equal(got, []topics.Name{"b"}) {
		t.Errorf("%v did not reply, want b", got)
	}
}

// A request that was said to all and comes late is answered while somebody waits for the reply, and no longer.
func TestARequestToAllExpires(t *testing.T) {
	t.Parallel()
	addr := nodetest.Addresses(t, 1)[0]
	n := start(t, Config{Hostname: addr, Bind: addr})
	by := make(chan time.Time, 1)
	answers(t, n, "c", func(ctx context.Context, _ Message) ([]byte, error) {
		end, _ := ctx.Deadline()
		by <- end
		return nil, nil
	})
	n.takeFar(farRequest(t, "c", topics.MaxAsk, time.Now().Add(-time.Millisecond)))
	if s := n.Stats(); s["requests_expired"] != 1 || s["requests_taken"] != 0 {
		t.Errorf("one that has expired: %d, and %d taken", s["requests_expired"], s["requests_taken"])
	}
	soon := time.Now().Add(time.Hour / 2)
	n.takeFar(farRequest(t, "c", topics.MaxAsk, soon))
	if end := <-by; !end.Equal(time.UnixMilli(soon.UnixMilli())) {
		t.Errorf("the handler has until %v, its asker waits until %v", end, soon)
	}
	n.takeFar(farRequest(t, "c", topics.MaxAsk/4, soon)) // of one whose clock is ahead
	if end := <-by; !end.Before(soon) {
		t.Errorf("the handler has until %v, its asker waits for a quarter of an hour", end)
	}
}

// That nobody answers is told to who may not know it. In a mesh of more than can be asked, no honest node asks all on a channel by
// relays: each of them would answer, to all.
func TestWhoIsToldThatNobodyAnswers(t *testing.T) {
	for _, c := range []struct {
		direct, far, former bool
		members             int
		told                bool
	}{
		{members: 1},
		{direct: true, members: 4096, told: true},
		{former: true, members: 4096, told: true},
		{far: true, members: tellMost, told: true},
		{far: true, members: tellMost + 1},
		{far: true, former: true, members: tellMost + 1},
		{far: true, direct: true, members: tellMost + 1, told: true},
	} {
		if told := tellsNobody(c.direct, c.far, c.former, c.members); told != c.told {
			t.Errorf("%+v: %v", c, told)
		}
	}
}

// A node whose messages nobody relays asks nobody by relays.
func TestWithoutRelaysNobodyIsAskedByThem(t *testing.T) {
	t.Parallel()
	addrs := nodetest.Addresses(t, 2)
	nodes := []*Node{start(t, Config{Hostname: addrs[0], Bind: addrs[0], TTL: -1}), start(t, Config{Hostname: addrs[1], Bind: addrs[1], Seeds: addrs[:1]})}
	meet(t, nodes...)
	nodetest.Eventually(t, func() error {
		for _, n := range nodes {
			n.sparse.Store(true) // the node sees at each look that it is in none
		}
		if far, near := nodes[1].farMembers(); far == nil || len(near) != 1 {
			return fmt.Errorf("%v and %v are asked", far, near)
		}
		return nil
	})
	if far, near := nodes[0].farMembers(); far != nil || near != nil {
		t.Errorf("%v and %v are asked", far, near)
	}
}

// Why a far member is not asked can be said of one, too, of which nobody tells at the moment.
func TestWhyAFarMemberIsNotAsked(t *testing.T) {
	for want, m := range map[string]mesh.Member{
		"x is heard by a and not here: requests are not relayed":      {Name: "x", Via: []topics.Name{"a", "b"}},
		"x is heard by others and not here: requests are not relayed": {Name: "x"},
	} {
		if got := notAsked(m); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// However many ask all for what nobody answers, or who answers has no time for, a node says so no more than nobodyLimit allows:
// each word of it goes to all.
func TestThatNobodyAnswersIsSaidToAllNowAndThen(t *testing.T) {
	t.Parallel()
	addr := nodetest.Addresses(t, 1)[0]
	n := start(t, Config{Hostname: addr, Bind: addr})
	const flood = 1 << 13 // more than a slow machine may say meanwhile
	for range flood {
		n.takeFar(farRequest(t, "c", topics.MaxAsk, time.Now().Add(time.Hour)))
	}
	said := n.speaker.count
	if said < uint64(nobodyLimit.Burst) || said > flood/2 {
		t.Errorf("that nobody answers: %d of %d times", said, flood)
	}
	if dropped := n.Stats()["messages_unsubscribed"]; dropped != flood-said {
		t.Errorf("%d are counted as dropped", dropped)
	}
	answers(t, n, "c", func(ctx context.Context, _ Message) ([]byte, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	})
	for range flood {
		n.takeFar(farRequest(t, "c", topics.MaxAsk, time.Now().Add(time.Hour)))
	}
	if said = n.speaker.count - said; said > flood/2 {
		t.Errorf("that it is too busy: %d of %d times", said, flood)
	}
	if busy := n.Stats()["requests_busy"]; busy < flood-2*waitingCalls {
		t.Errorf("%d are counted as too many", busy)
	}
}
