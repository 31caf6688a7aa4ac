package node

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"hearsay/node/link"
	"hearsay/topics"
)

// echoes is what a link publishes on its message port.
type echoes struct {
	sync.Mutex
	envelopes map[string][]topics.Envelope // by topic
}

func (e *echoes) hear(run link.Run, _ int) {
	e.Lock()
	defer e.Unlock()
	for f := run.Next(nil); f != nil; f = run.Next(nil) {
		envelope, err := topics.ParseEnvelope(f[2])
		if err != nil {
			panic(err)
		}
		e.envelopes[string(f[0])] = append(e.envelopes[string(f[0])], envelope)
	}
}

// speaking returns a speaker, a link for it, and what it publishes once the link is closed.
func speaking(t *testing.T, ttl int) (*speaker, *link.Link, func() map[string][]topics.Envelope) {
	heard := &echoes{envelopes: make(map[string][]topics.Envelope)}
	l, err := link.Open(link.Config{Bind: "127.0.0.1", Echo: heard.hear})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for range l.Events() {
		}
	}()
	return newSpeaker("node_1", time.UnixMilli(7777), ttl), l, func() map[string][]topics.Envelope {
		_ = l.Close(0)
		<-ended
		return heard.envelopes
	}
}

// Messages are numbered from 1 without a gap, each topic by itself, whoever publishes.
func TestMessagesAreNumbered(t *testing.T) {
	t.Parallel()
	s, l, end := speaking(t, 0)
	said := []string{"1", "2/a", "2/ab"}
	const each = 300
	var all sync.WaitGroup
	for _, topic := range said {
		for range 3 {
			all.Go(func() {
				for range each {
					if err := s.say(l, []byte(topic), []byte("body")); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
	all.Wait()
	uids := make(map[string]bool)
	for topic, envelopes := range end() {
		if len(envelopes) != 3*each {
			t.Errorf("%s: %d messages", topic, len(envelopes))
		}
		for i, e := range envelopes {
			if e.Number != uint64(i+1) || e.Incarnation != 7777 || e.Origin != "node_1" || e.TTL != 0 || uids[e.UID] {
				t.Fatalf("%d. of %s: %+v", i+1, topic, e)
			}
			uids[e.UID] = true
		}
	}
	if len(uids) != len(said)*3*each {
		t.Errorf("%d messages", len(uids))
	}
}

func TestTTLOfWhatIsSaid(t *testing.T) {
	t.Parallel()
	for ttl, want := range map[int]int{5: 5, -1: 0} {
		s, l, end := speaking(t, ttl)
		if err := s.say(l, []byte("1"), nil); err != nil {
			t.Fatal(err)
		}
		if e := end()["1"][0]; e.TTL != want {
			t.Errorf("ttl %d: %+v", ttl, e)
		}
	}
}

// Beats tell the numbers of the topics that were used last, as many as fit.
func TestBeatsTellTheLastNumbers(t *testing.T) {
	t.Parallel()
	s, l, end := speaking(t, 1)
	if got := s.last(); got != "" {
		t.Errorf("%q, and nothing was said", got)
	}
	for _, topic := range []string{"1", "2/a", "1", "2/b"} {
		if err := s.say(l, []byte(topic), nil); err != nil {
			t.Fatal(err)
		}
	}
	if got := s.last(); got != "1:2/b,2:1,1:2/a" {
		t.Errorf("%q", got)
	}
	for i := range 2 * usedMost {
		if err := s.say(l, fmt.Append(nil, "2/", i), nil); err != nil {
			t.Fatal(err)
		}
	}
	if got := s.last(); len(got) > topics.MaxLast || !strings.HasPrefix(got, fmt.Sprintf("1:2/%d,", 2*usedMost-1)) {
		t.Errorf("%q", got)
	}
	end()
}

// Memory is bounded: too many topics are not numbered, and never counted anew.
func TestTopicsBeyondTheBoundHaveNoNumbers(t *testing.T) {
	t.Parallel()
	s, l, end := speaking(t, 1)
	for i := range countedMost + 1 {
		for range 2 {
			if err := s.say(l, fmt.Append(nil, "2/", i), nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(s.counts) != countedMost || len(s.used) != usedMost {
		t.Errorf("%d topics, %d of them used last", len(s.counts), len(s.used))
	}
	said := end()
	for i := range countedMost + 1 {
		envelopes := said[fmt.Sprint("2/", i)]
		want := uint64(2)
		if i == countedMost {
			want = 0
		}
		if len(envelopes) != 2 || envelopes[1].Number != want {
			t.Fatalf("%d. topic: %+v", i, envelopes)
		}
	}
}
