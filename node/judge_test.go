package node

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"hearsay/mesh/relay"
	"hearsay/node/link"
	"hearsay/node/nodetest"
	"hearsay/topics"
)

// lacked is a mesh in which nothing comes of one over its own connection, and others list it.
type lacked struct{ origin, relay topics.Name }

func (l lacked) Linked(name topics.Name) bool         { return name == l.relay }
func (l lacked) Known(topics.Name) bool               { return false }
func (l lacked) Partial() bool                        { return false }
func (lacked) Number() uint64                         { return 0 }
func (l lacked) EachLinked(f func(topics.Name))       { f(l.relay) }
func (l lacked) Listers(topics.Name) []topics.Name    { return []topics.Name{l.relay} }
func (l lacked) EachUnheard(f func(name topics.Name)) { f(l.origin) }

// Where a relay is asked for what a naive node says, whose messages have no numbers, its connection is hung up, and it is warned
// that messages may be missed. Where messages have numbers nothing can be missed unseen, and it is not.
func TestMessagesThatMayBeMissedAreWarnedOf(t *testing.T) {
	t.Parallel()
	for _, naive := range []bool{true, false} {
		var log bytes.Buffer
		addr := nodetest.Address(t)
		j := newJudge(start(t, Config{Hostname: addr, Bind: addr, Logger: slog.New(slog.NewTextHandler(&log, nil))}))
		defer j.tick.Stop()
		const origin = topics.Name("a")
		j.links[origin] = []link.ID{1 << 60}
		j.rules.Up(0, origin)
		number, uid := uint64(1), "u"
		if naive {
			number, uid = 0, ""
		}
		j.rules.Message(0, relay.Stream{Origin: origin, Topic: topics.Message}, number, uid, Message{}, 1, nil)
		for now := time.Duration(0); now < time.Minute; now += time.Second {
			j.rules.Tick(now, lacked{origin, "b"}, nil)
			j.due.Store(true) // no more than what it wants said
			j.after()
		}
		j.n.Close() // and the log is whole
		warned := strings.Contains(log.String(), `level=WARN msg="messages may be missed"`) && strings.Contains(log.String(), "peer=a")
		if warned != naive {
			t.Errorf("naive: %v, warned: %v\n%s", naive, warned, log.String())
		}
	}
}

// Who was handed a message finds in the counters what came of it.
func TestWhatIsHandedOverIsCounted(t *testing.T) {
	addr := nodetest.Addresses(t, 1)[0]
	n := start(t, Config{Hostname: addr, Bind: addr})
	n.hearing.mu.Lock()
	defer n.hearing.mu.Unlock()
	j := n.hearing.judge
	before := n.Stats()["messages_unasked"]
	j.rules.Answer(j.now, "relay", []byte("not asked"), relay.Stream{Origin: "origin"}, 1, "", Message{}, 1, nil)
	j.give(n.inbox.batch())
	if got := n.Stats()["messages_unasked"]; got != before+1 {
		t.Errorf("%d messages that nobody asked for, not %d", got, before+1)
	}
}
