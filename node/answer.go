package node

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"hearsay/topics"
)

// Handler answers a request. An error is what the one who asked is told (Reply.Fail, cut to 96 bytes); the body goes with
// it. ctx ends when nobody waits for the reply any more.
type Handler func(ctx context.Context, m Message) (body []byte, err error)

// MaxAtOnce bounds how many requests one Handler answers at a time.
const MaxAtOnce = 1024

// desk is who answers here on one channel. What is asked goes to one of them, whoever is free.
type desk struct {
	calls    chan call
	handlers int
}

// waitingCalls is how many requests of one channel may wait; callBytes bounds those of all.
const waitingCalls = 256

// call is a request that waits for its answer.
type call struct {
	message Message
	to      topics.Name // who asked, as it spells itself
	by      time.Time   // when it stops waiting
	size    int
	far     bool // it came by relays,
	all     bool // for all that answer
}

// callSize is what a call counts beside its body.
const callSize = 512

func (t *talk) desk(channel string) *desk {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.desks[channel]
}

// Answer has a handler answer requests on a channel, or with "" those to this node itself, so many at once. Several on one
// channel share what comes. A node answers on at most MaxChannels channels. stop ends it, and waits for the handler; so
// does the end of the node, which waits for nothing. Requests that wait when the last one stops are told that nobody
// answers.
func (n *Node) Answer(channel string, atOnce int, handle Handler) (stop func(), err error) {
	topic := ""
	if channel != "" {
		if topic, err = topics.RequestTopic(channel); err != nil {
			return nil, err
		}
	}
	if atOnce < 1 || atOnce > MaxAtOnce {
		return nil, fmt.Errorf("%d requests at once: must be 1 to %d", atOnce, MaxAtOnce)
	}
	g, err := n.talk.join(channel)
	if err != nil {
		return nil, err
	}
	n.inbox.talk(1)
	n.subscribeTalk(topic)
	ctx, cancel := context.WithCancel(n.ctx)
	var workers sync.WaitGroup
	for range atOnce {
		workers.Go(func() { n.work(ctx, g, handle) })
	}
	return sync.OnceFunc(func() {
		cancel()
		workers.Wait()
		n.inbox.talk(-1)
		if n.talk.part(channel, g) {
			n.unsubscribeTalk(channel, topic)
			n.turnAway(g)
		}
	}), nil
}

// join finds the desk of a channel a handler more.
func (t *talk) join(channel string) (*desk, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	g := t.desks[channel]
	if g == nil {
		if len(t.desks) >= MaxChannels {
			return nil, fmt.Errorf("%w with somebody who answers: at most %d", ErrChannels, MaxChannels)
		}
		g = &desk{calls: make(chan call, waitingCalls)}
		t.desks[channel] = g
	}
	g.handlers++
	return g, nil
}

// part takes one away, and reports whether it was the last.
func (t *talk) part(channel string, g *desk) (last bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if g.handlers--; g.handlers > 0 {
		return false
	}
	delete(t.desks, channel)
	if len(t.former) >= MaxChannels {
		clear(t.former)
	}
	t.former[channel] = true
	return true
}

// subscribeTalk says to all peers that there is somebody who answers. "" needs no word: requests to a node come anyway.
func (n *Node) subscribeTalk(topic string) {
	if topic != "" {
		n.changing.Lock()
		n.link.Subscribe(topic)
		n.changing.Unlock()
	}
}

// unsubscribeTalk takes it back, unless somebody answers again.
func (n *Node) unsubscribeTalk(channel, topic string) {
	n.changing.Lock()
	defer n.changing.Unlock()
	if topic != "" && n.talk.desk(channel) == nil {
		n.link.Unsubscribe(topic)
	}
}

// takeRequest puts a request where it waits for its answer.
func (n *Node) takeRequest(a *arrival, channel string, direct bool) {
	c := call{
		to: topics.Name(strings.Clone(string(a.envelope.Origin))), size: len(a.Body) + callSize,
		by: time.Now().Add(time.Duration(a.envelope.Ask) * time.Millisecond), far: a.far,
		all: a.far && !direct,
	}
	switch end := a.Message.Expires(); {
	case Expired(end):
		n.counters.requestsExpired.Add(1)
		return
	case a.far && n.isOlder(a.SentAt):
		n.counters.requestsExpired.Add(1)
		n.tellStarted(c, a.UID)
		return
	case !end.IsZero() && end.Before(c.by):
		c.by = end
	}
	t := n.talk
	t.mu.Lock()
	g := t.desks[channel]
	tell := g == nil && tellsNobody(direct, a.far, t.former[channel], n.Known())
	if tell && c.all {
		tell = t.nobody.Take(time.Since(n.start), nobodyLimit)
	}
	full := g != nil && (len(g.calls) == cap(g.calls) || t.calls > 0 && t.calls+c.size > callBytes)
	if g != nil && !full {
		c.message = kept(*a.Message)
		c.message.Channel = channel
		t.calls += c.size
		g.calls <- c // there is room, and nobody else puts in
	}
	t.mu.Unlock()
	switch c.message.UID = strings.Clone(a.UID); { // the reply may wait for long
	case tell:
		n.reply(c, nil, topics.NobodyAnswers)
	case g == nil:
		n.counters.unsubscribed.Add(1) // of a longer name, or said to all
	case full:
		n.tooBusy(c)
	default:
		n.counters.requestsTaken.Add(1)
	}
}

// tellStarted tells who asked an earlier life of this node by relays that this one does not answer. Nothing else may tell it,
// where the node was back before it was missed.
func (n *Node) tellStarted(c call, uid string) {
	n.talk.mu.Lock()
	tell := n.talk.nobody.Take(time.Since(n.start), nobodyLimit)
	n.talk.mu.Unlock()
	if tell {
		c.message.UID = strings.Clone(uid)
		n.reply(c, nil, topics.StartedAgain)
	}
}

// tellsNobody reports whether a request that nobody answers here is told so: who asks may not know it yet. One that was said to
// all is told by each member, to all, so in a mesh of more than are asked that way it is not.
func tellsNobody(direct, far, former bool, members int) bool {
	if far && !direct {
		return members <= tellMost
	}
	return direct || former
}

func (n *Node) tooBusy(c call) {
	n.counters.requestsBusy.Add(1)
	n.talk.mu.Lock()
	tell := !c.all || n.talk.nobody.Take(time.Since(n.start), nobodyLimit)
	n.talk.mu.Unlock()
	if tell {
		n.reply(c, nil, "too busy: too many requests wait")
	}
}

// work answers until ctx ends.
func (n *Node) work(ctx context.Context, g *desk, handle Handler) {
	for {
		select {
		case c := <-g.calls:
			if ctx.Err() != nil {
				n.leaveCall(g, c)
				return
			}
			n.answerCall(ctx, c, handle)
		case <-ctx.Done():
			return
		}
	}
}

// leaveCall leaves a request to others: a handler that stops takes no more.
func (n *Node) leaveCall(g *desk, c call) {
	n.talk.mu.Lock()
	room := len(g.calls) < cap(g.calls)
	if room {
		g.calls <- c
	}
	n.talk.mu.Unlock()
	if !room {
		n.talk.answered(c)
		n.tooBusy(c)
	}
}

// answerCall has one request answered, unless it is too late.
func (n *Node) answerCall(ctx context.Context, c call, handle Handler) {
	defer n.talk.answered(c)
	ctx, cancel := context.WithDeadline(ctx, c.by)
	defer cancel()
	var body []byte
	var err error
	if ctx.Err() == nil {
		body, err = handle(ctx, c.message)
	}
	if !time.Now().Before(c.by) {
		n.counters.requestsExpired.Add(1)
		return
	}
	switch {
	case ctx.Err() != nil && err == nil && body == nil:
		n.reply(c, nil, "who was to answer has ended")
	case err != nil:
		n.reply(c, body, topics.FailText(err.Error()))
	case len(body) > n.cfg.MaxMessage:
		n.reply(c, nil, fmt.Sprintf("the reply is too large: %d bytes, at most %d", len(body), n.cfg.MaxMessage))
	default:
		n.reply(c, body, "")
	}
}

func (t *talk) answered(c call) {
	t.mu.Lock()
	t.calls -= c.size
	t.mu.Unlock()
}

// turnAway answers what waits for nobody any more.
func (n *Node) turnAway(g *desk) {
	for {
		select {
		case c := <-g.calls:
			n.reply(c, nil, topics.NobodyAnswers)
			n.talk.answered(c)
		default:
			return
		}
	}
}

// reply sends a reply, which fails only where the node has ended. It waits for who asked to listen: a request may come
// before that has connected here.
func (n *Node) reply(c call, body []byte, fail string) {
	if len(body) > n.cfg.MaxMessage {
		body = body[:n.cfg.MaxMessage]
	}
	e := topics.Envelope{UID: n.talk.uid(), Re: c.message.UID, Fail: fail}
	o := &owed{to: c.to, topic: topics.Direct{Name: c.to}.String(), by: c.by, envelope: e, body: body}
	if c.far && !n.listens(o, nil) {
		n.replyFar(o)
		return
	}
	n.replyLater(o)
}
