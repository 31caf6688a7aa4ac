package node

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"hearsay/mesh"
	"hearsay/topics"
)

// Request is a question to other members, or to one.
type Request struct {
	To      string // the member that is asked alone; "": all that answer on Channel
	Channel string // with To, "" asks the node itself
	Body    []byte
	Type    string // media type of the body; "": not said
	Want    int    // good replies that are enough, such as 1; 0: one of each that was asked
}

// Reply is what one of those who were asked answers.
type Reply struct {
	From topics.Name
	Body []byte
	Type string // media type of the body, where it is said
	Fail string // why there is no better one; "": it is good
}

// Answers is what a request came to.
type Answers struct {
	Replies  []Reply       // as they came
	Silent   []topics.Name // who was asked, and did not reply
	Nameless int           // how many more did not, of those who say no name
}

var (
	// ErrNobody is what a request ends with, at once, where nobody is there to answer it.
	ErrNobody = errors.New("nobody answers")

	// ErrTooFew is what it ends with, at once, where fewer are there than have to.
	ErrTooFew = errors.New("too few answer")

	// ErrNoMore is what Asked.Next ends with: all that were asked have replied, or are gone, or the request was closed.
	ErrNoMore = errors.New("no more replies")
)

// IncompleteError is what Node.Request returns where less came than was wanted. The replies that did come are there.
type IncompleteError struct {
	Answers
	Want  int // good replies; 0: one of each
	cause error
}

func (e *IncompleteError) Error() string {
	var parts []string
	good, asked := 0, len(e.Replies)+len(e.Silent)+e.Nameless
	for _, r := range e.Replies {
		if r.Fail == "" {
			good++
		} else if len(parts) < 3 {
			parts = append(parts, fmt.Sprintf("%s: %s", r.From, r.Fail))
		}
	}
	text := fmt.Sprintf("%d of %d replied", len(e.Replies), asked)
	if e.Want > 0 {
		text = fmt.Sprintf("%d good replies of %d asked, %d wanted", good, asked, e.Want)
	}
	if len(e.Silent) > 0 {
		names := make([]string, 0, len(e.Silent))
		for _, name := range e.Silent[:min(5, len(e.Silent))] {
			names = append(names, string(name))
		}
		if more := len(e.Silent) - len(names); more > 0 {
			names = append(names, fmt.Sprintf("%d more", more))
		}
		parts = append(parts, "silent: "+strings.Join(names, ", "))
	}
	if len(parts) > 0 {
		text += "; " + strings.Join(parts, "; ")
	}
	return text
}

// Unwrap returns the error of the context, or ErrNoMore.
func (e *IncompleteError) Unwrap() error { return e.cause }

// Request asks, and returns when as many good replies have come as are wanted, when no more can come, or when ctx ends;
// whoever is asked is told how long ctx lasts. It fails at once, with ErrNobody or ErrTooFew, where not enough members
// answer, and with an *IncompleteError where less came than was wanted. What came is returned then too. A reply may say
// that it is none (Fail); with Want 0 that is no error. Of members that are asked by relays, as below, only their replies say
// whether they answer, and a body has a little less room (ErrTooLarge).
//
// A request has a receipt, which is its reply. It is neither repaired nor relayed: who does not hear this node, or is not
// heard, is not asked. In a partial mesh (Config.FullMesh) such members are asked all the same, by a message to all: one of
// them, or on a channel all, where up to 128 are far; where more are, those with links both ways are, and Want must not be 0.
// Where Config.TTL lets nobody relay what this node says, these alone are.
func (n *Node) Request(ctx context.Context, r Request) (Answers, error) {
	asked, err := n.Ask(ctx, r)
	if err != nil {
		return Answers{}, err
	}
	defer asked.Close()
	var replies []Reply
	good := 0
	for r.Want == 0 || good < r.Want {
		var reply Reply
		if reply, err = asked.Next(ctx); err != nil {
			break
		}
		replies = append(replies, reply)
		if reply.Fail == "" {
			good++
		}
	}
	answers := asked.Silent()
	answers.Replies = replies
	done := r.Want > 0 && good >= r.Want || r.Want == 0 && len(answers.Silent)+answers.Nameless == 0
	switch {
	case asked.Count() == 0:
		return answers, fmt.Errorf("%w%s%s", ErrNobody, at(r.To), onChannel(r.Channel))
	case done:
		return answers, nil
	}
	return answers, &IncompleteError{Answers: answers, Want: r.Want, cause: err}
}

func at(to string) string {
	if to == "" {
		return ""
	}
	return " at " + to
}

func onChannel(channel string) string {
	if channel == "" {
		return ""
	}
	return fmt.Sprintf(" on %q", channel)
}

// Asked is a request that was made, whose replies are waited for. Its methods may be called from any goroutine.
type Asked struct {
	node    *Node
	uid     string
	changes *Follower // of who is gone
	arrived chan struct{}

	mu       sync.Mutex
	all      map[topics.Name]*one // who was asked, by key, and who of the nameless has replied
	waits    int                  // how many of them may still reply
	nameless int                  // how many more may, of whom no name is known
	count    int                  // of those asked
	far      bool                 // some of them by relays
	came     []Reply
	closed   bool
}

// one is one of those who were asked.
type one struct {
	name    topics.Name
	replied bool
	gone    bool // no member any more
}

// Ask asks, and returns without waiting for replies. It fails as Request does at once. Close it when done.
func (n *Node) Ask(ctx context.Context, r Request) (*Asked, error) {
	if r.Want < 0 {
		return nil, fmt.Errorf("%d replies wanted: must be 0 or more", r.Want)
	}
	a := &Asked{
		node: n, uid: n.talk.uid(), changes: n.Follow(n.hub.newest()), arrived: make(chan struct{}, 1),
		all: make(map[topics.Name]*one),
	}
	topic, err := n.audience(a, r)
	n.inbox.talk(1)
	a.count = a.waits + a.nameless
	if err == nil && r.Want > a.count {
		err = fmt.Errorf("%w%s: %d, and %d are wanted", ErrTooFew, onChannel(r.Channel), a.count, r.Want)
	}
	if err != nil {
		a.Close()
		return nil, err
	}
	n.talk.mu.Lock()
	n.talk.pending[a.uid] = a
	n.talk.mu.Unlock()
	if err := n.sayRequest(a, topic, topics.Envelope{UID: a.uid, Type: r.Type, Ask: askOf(ctx)}, r); err != nil {
		a.Close()
		return nil, err
	}
	return a, nil
}

// sayRequest says a request, to those that have links to this node, or to all.
func (n *Node) sayRequest(a *Asked, topic string, e topics.Envelope, r Request) error {
	if !a.far {
		return n.sayTalk(topic, e, r.Body)
	}
	if err := n.sayFar(topic, e, r.Body, time.Duration(e.Ask)*time.Millisecond); err != nil {
		return err
	}
	if a.knows(n.id.name) { // what a node says to all does not come to itself
		e.Version, e.Origin = 1, n.id.name
		m := Message{From: n.id.name, Body: r.Body, UID: e.UID, Type: e.Type, SentAt: time.Now()}
		n.takeRequest(&arrival{via: n.id.name, envelope: &e, Message: &m}, r.Channel, true)
	}
	return nil
}

// askOf is how long a context lasts, as a request says it.
func askOf(ctx context.Context) int {
	by, ok := ctx.Deadline()
	if !ok {
		return topics.MaxAsk
	}
	return int(min(max(1, time.Until(by).Milliseconds()), topics.MaxAsk))
}

// audience finds out whom a request is for, and the topic that leads to them.
func (n *Node) audience(a *Asked, r Request) (topic string, err error) {
	if r.To != "" {
		return n.audienceOf(a, r)
	}
	far, near := n.farMembers()
	return n.audienceOn(a, r, far, near)
}

// audienceOn does that for all on a channel: far ones, near ones in a partial mesh, and else those that have subscribed.
func (n *Node) audienceOn(a *Asked, r Request, far, near map[topics.Name]topics.Name) (topic string, err error) {
	if topic, err = topics.RequestTopic(r.Channel); err != nil {
		return "", err
	}
	if n.talk.desk(r.Channel) != nil {
		a.add(n.id.name)
	}
	if len(far) > 0 && len(far) <= farMost {
		a.far = true
		for _, names := range []map[topics.Name]topics.Name{far, near} {
			for _, name := range names {
				a.add(name)
			}
		}
		return topic, nil
	}
	heard := n.heardBy()
	for _, s := range n.link.Audience(func(s string) bool { return s == topic }) {
		if s.Name == "" {
			a.nameless++
		} else if name, ok := heard[s.Name.Key()]; ok {
			a.add(name)
		}
	}
	switch {
	case len(far) > 0 && r.Want == 0:
		return "", fmt.Errorf("%w%s: %d members are far, and all of them cannot be asked: more than %d; say how many replies are wanted",
			ErrTooFew, onChannel(r.Channel), len(far), farMost)
	case a.waits+a.nameless == 0:
		return "", fmt.Errorf("%w%s", ErrNobody, onChannel(r.Channel))
	}
	return topic, nil
}

// audienceOf does that for one member.
func (n *Node) audienceOf(a *Asked, r Request) (topic string, err error) {
	if r.Channel != "" {
		if _, err := topics.RequestTopic(r.Channel); err != nil {
			return "", err
		}
	}
	to, err := ParseName(r.To)
	if err != nil {
		return "", err
	}
	if to.Key() == n.id.name.Key() {
		a.add(n.id.name)
		return topics.Direct{Name: n.id.name, Channel: r.Channel}.String(), nil
	}
	name, heard := n.heardBy()[to.Key()]
	for _, s := range n.link.Audience(func(s string) bool {
		d, err := topics.ParseDirect([]byte(s))
		return heard && err == nil && d.Channel == "" && d.Name.Key() == to.Key()
	}) {
		if s.Name == "" || s.Name.Key() == to.Key() {
			a.add(name)
			return s.Topic + r.Channel, nil
		}
	}
	far, near := n.farMembers()
	if name := cmp.Or(far[to.Key()], near[to.Key()]); name != "" { // of two that are neighbours one alone may hear the other
		a.add(name)
		a.far = true
		return topics.Direct{Name: name, Channel: r.Channel}.String(), nil
	}
	if !heard {
		return "", fmt.Errorf("%w: %s", ErrNobody, n.unheard(to))
	}
	return "", fmt.Errorf("%w: %s takes no requests from here: it has no link to the messages of this node, or an older program", ErrNobody, name)
}

// unheard says why a node cannot be asked that this one does not hear.
func (n *Node) unheard(name topics.Name) string {
	for _, m := range n.Members() {
		if m.State == mesh.Far && m.Name.Key() == name.Key() {
			return notAsked(m)
		}
	}
	return fmt.Sprintf("%s is no member that is heard", name)
}

func notAsked(far mesh.Member) string {
	by := topics.Name("others")
	if len(far.Via) > 0 { // else those that heard it have just lost it
		by = far.Via[0]
	}
	return fmt.Sprintf("%s is heard by %s and not here: requests are not relayed", far.Name, by)
}

// heardBy returns the members that are heard, by key.
func (n *Node) heardBy() map[topics.Name]topics.Name {
	heard := make(map[topics.Name]topics.Name)
	for _, name := range n.alive.all() {
		heard[name.Key()] = name
	}
	return heard
}

func (a *Asked) add(name topics.Name) {
	if a.all[name.Key()] == nil {
		a.all[name.Key()] = &one{name: name}
		a.waits++
	}
}

// Count is how many were asked, without those that say that nobody answers there.
func (a *Asked) Count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.count
}

// knows reports whether a node was asked, or has replied.
func (a *Asked) knows(name topics.Name) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.all[name.Key()] != nil
}

// take takes the reply of a node, if it was asked and has not replied.
func (a *Asked) take(in *arrival) bool {
	key, n := in.via.Key(), a.node
	a.mu.Lock()
	defer a.mu.Unlock()
	switch from := a.all[key]; {
	case a.closed || from != nil && from.replied:
		return false
	case from != nil && in.envelope.Fail == topics.StartedAgain: // who was asked is no more
		if !from.gone {
			from.gone = true
			a.waits--
			signal(a.arrived)
		}
		return true
	case from != nil:
		if from.replied = true; !from.gone {
			a.waits--
		}
	case a.nameless > 0 && n.alive.has(key):
		a.nameless--
		a.all[key] = &one{name: in.via, replied: true}
	default:
		return false
	}
	defer signal(a.arrived)
	if in.envelope.Fail == topics.NobodyAnswers {
		a.count--
		return true
	}
	r := Reply{From: in.via, Fail: strings.Clone(in.envelope.Fail), Type: strings.Clone(in.Type)}
	if n.talk.hold(len(in.Body)) {
		r.Body = slices.Clone(in.Body)
	} else {
		n.counters.repliesTooBig.Add(1)
		r.Fail = fmt.Sprintf("its %d bytes were lost here: too many wait", len(in.Body))
	}
	a.came = append(a.came, r)
	return true
}

// hold counts a reply that waits for who asked, and reports whether there is room for it.
func (t *talk) hold(size int) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.replies > 0 && t.replies+size > t.limit {
		return false
	}
	t.replies += size
	return true
}

func (t *talk) release(size int) {
	t.mu.Lock()
	t.replies -= size
	t.mu.Unlock()
}

// Next waits for the next reply. Its error is that of ctx, ErrNoMore, or ErrClosed.
func (a *Asked) Next(ctx context.Context) (Reply, error) {
	defer signal(a.arrived) // others may wait, too: for the next reply, or to be told that there is none
	for {
		a.mu.Lock()
		if len(a.came) > 0 {
			r := a.came[0]
			a.came[0] = Reply{}
			a.came = a.came[1:]
			a.mu.Unlock()
			a.node.talk.release(len(r.Body))
			return r, nil
		}
		ends := a.closed || a.waits+a.nameless == 0
		a.mu.Unlock()
		if ends {
			return Reply{}, ErrNoMore
		}
		select {
		case <-a.arrived:
		case _, open := <-a.changes.Arrived():
			a.lose()
			if !open {
				return Reply{}, ErrClosed
			}
		case <-ctx.Done():
			return Reply{}, ctx.Err()
		}
	}
}

// lose waits no more for those that are members no more, or not those that were asked.
func (a *Asked) lose() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for {
		e, ok, err := a.changes.Next()
		if err != nil || !ok {
			return // who does not follow waits until the context ends
		}
		from := a.all[e.Peer.Key()]
		if from != nil && !from.replied && !from.gone && (!e.To.Member() || e.Kind == mesh.Restarted) {
			from.gone = true
			a.waits--
		}
	}
}

// Silent returns who has not replied: Answers without Replies.
func (a *Asked) Silent() (out Answers) {
	a.mu.Lock()
	defer a.mu.Unlock()
	out.Nameless = a.nameless
	for _, from := range a.all {
		if !from.replied {
			out.Silent = append(out.Silent, from.name)
		}
	}
	slices.Sort(out.Silent)
	return out
}

// Close ends the wait, that of Next too. Replies that come later are dropped.
func (a *Asked) Close() {
	t := a.node.talk
	t.mu.Lock()
	delete(t.pending, a.uid)
	t.mu.Unlock()
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return
	}
	a.node.inbox.talk(-1)
	for _, r := range a.came {
		t.release(len(r.Body))
	}
	a.came, a.closed = nil, true
	a.changes.Close()
	signal(a.arrived)
}
