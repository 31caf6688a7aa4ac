package node

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"hearsay/topics"
)

// losses are the messages of late that the application did not get, and why: those that nobody had any more, and those that it
// did not read in time. The log says each once, and counters only grow; whoever asks how the node is sees these. The zero value
// has none.
type losses struct {
	mu     sync.Mutex
	missed []loss // by stream, the latest last
	lost   loss
}

// loss is how many messages were lost, with less than the time for which they are shown between two.
type loss struct {
	stream
	count uint64
	at    time.Time // of the last
}

const (
	lossShown   = 2 * time.Minute // for so long a loss is shown, or for as long as messages are kept, if that is longer
	missedShown = 16              // streams of which messages were missed; the one of the latest loss takes the place of another
)

// more adds to a loss that is not long over.
func (l *loss) more(count uint64, now time.Time, shown time.Duration) {
	if now.Sub(l.at) > shown {
		l.count = 0
	}
	l.count, l.at = l.count+count, now
}

// miss takes in messages of a stream that nobody has any more.
func (l *losses) miss(s stream, count uint64, now time.Time, shown time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	one := loss{stream: stream{topics.Name(strings.Clone(string(s.from))), strings.Clone(s.channel)}}
	if i := slices.IndexFunc(l.missed, func(x loss) bool { return x.stream == s }); i >= 0 {
		one = l.missed[i]
		l.missed = slices.Delete(l.missed, i, i+1)
	} else if len(l.missed) >= missedShown {
		l.missed = slices.Delete(l.missed, 0, 1)
	}
	one.more(count, now, shown)
	l.missed = append(l.missed, one)
}

// lose takes in messages that the application did not read in time.
func (l *losses) lose(count int, now time.Time, shown time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lost.more(uint64(count), now, shown)
}

// text says what was lost of late, for people: the latest first.
func (l *losses) text(now time.Time, shown time.Duration) (missed []string, lost string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, one := range slices.Backward(l.missed) {
		if now.Sub(one.at) <= shown {
			on := ""
			if one.channel != "" {
				on = " on channel " + one.channel
			}
			missed = append(missed, fmt.Sprintf("%s of %s%s missed, the last %v ago: nobody has them any more", one.messages(), one.from, on, one.ago(now)))
		}
	}
	if l.lost.count > 0 && now.Sub(l.lost.at) <= shown {
		lost = fmt.Sprintf("%s not delivered, the last %v ago: the application does not read in time", l.lost.messages(), l.lost.ago(now))
	}
	return missed, lost
}

func (l *loss) ago(now time.Time) time.Duration { return now.Sub(l.at).Round(time.Second) }

func (l *loss) messages() string {
	if l.count == 1 {
		return "1 message"
	}
	return fmt.Sprintf("%d messages", l.count)
}

// lossShown is for how long this node shows a loss.
func (n *Node) lossShown() time.Duration { return max(lossShown, n.cfg.RingTime) }

// lose counts messages that the application did not get, as it did not keep up.
func (n *Node) lose(count int) {
	n.counters.lost.Add(uint64(count))
	n.losses.lose(count, time.Now(), n.lossShown())
}

// lossText is what is to be shown now. An application that never asked for messages wants none.
func (n *Node) lossText() (missed []string, lost string) {
	missed, lost = n.losses.text(time.Now(), n.lossShown())
	if !n.inbox.isRead() {
		lost = ""
	}
	return missed, lost
}
