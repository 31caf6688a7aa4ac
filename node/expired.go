package node

import (
	"strings"
	"time"

	"hearsay/topics"
)

// stream is the messages of one sender on one channel.
type stream struct {
	from    topics.Name // its key
	channel string
}

// owedMost bounds the streams whose next message is to say what an expired one would have.
const owedMost = 1024

// unexpired moves the messages that have not expired to the front, and returns how many they are. What an expired one
// says was missed before it, the next of its stream says. in.mu is held.
func (in *inbox) unexpired(messages []Message) (kept int) {
	now := time.Now().UnixMilli()
	for _, m := range messages {
		if m.expires == 0 || now < m.expires {
			in.settle(&m)
			messages[kept] = m
			kept++
		} else {
			in.owe(&m)
		}
	}
	clear(messages[kept:])
	in.expired.Add(uint64(len(messages) - kept))
	return kept
}

// owe keeps how many were missed before a message that the application does not get.
func (in *inbox) owe(m *Message) {
	if m.Missed == 0 {
		return
	}
	s := stream{m.From.Key(), m.Channel}
	if _, ok := in.owed[s]; !ok {
		if len(in.owed) >= owedMost {
			return // the event and the log have told of them
		}
		if in.owed == nil {
			in.owed = make(map[stream]uint64)
		}
		s = stream{topics.Name(strings.Clone(string(s.from))), strings.Clone(s.channel)} // nothing of its run is kept
	}
	in.owed[s] += m.Missed
	in.owing.Store(true)
}

// settle adds to a message what those before it did not say.
func (in *inbox) settle(m *Message) {
	if len(in.owed) == 0 {
		return
	}
	s := stream{m.From.Key(), m.Channel}
	m.Missed += in.owed[s]
	delete(in.owed, s)
	in.owing.Store(len(in.owed) > 0)
}

// inTime reports whether a message of a batch may be given to the application now.
func (in *inbox) inTime(b *batch, m *Message) bool {
	if !b.expires && !in.owing.Load() {
		return true // nearly all messages, and they take no lock
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	one := [1]Message{*m}
	if in.unexpired(one[:]) == 0 {
		return false
	}
	*m = one[0]
	return true
}

// late has something when a message expires. It is nil for one that does not.
func (m *Message) late() (late <-chan time.Time, stop func() bool) {
	if m.expires == 0 {
		return nil, func() bool { return true }
	}
	t := time.NewTimer(time.Until(time.UnixMilli(m.expires)))
	return t.C, t.Stop
}
