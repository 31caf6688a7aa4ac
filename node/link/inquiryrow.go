package link

import (
	"container/list"
	"maps"
	"time"
)

// inquiryRow is the questions of one connection that wait, in the order in which they came. The zero value is empty.
type inquiryRow struct {
	order list.List // of inquiry
	at    map[string]*list.Element
	most  int // that at has room for
	bytes int
}

// inquiry is a question that waits.
type inquiry struct {
	topic string
	at    time.Duration // by clock
}

// inquiryCost is what a question takes beside its own bytes: its places, half of which may be empty.
const inquiryCost = 192

func (r *inquiryRow) len() int              { return len(r.at) }
func (r *inquiryRow) has(topic string) bool { return r.at[topic] != nil }

// first is the one that waits longest. There is one.
func (r *inquiryRow) first() inquiry { return r.order.Front().Value.(inquiry) }

// add puts a question at the end, and returns the bytes that it takes. One that waits already keeps its place, and waits anew.
func (r *inquiryRow) add(topic string, now time.Duration) (bytes int) {
	if e := r.at[topic]; e != nil {
		e.Value = inquiry{topic, now}
		return 0
	}
	if r.at == nil {
		r.at = make(map[string]*list.Element)
	}
	r.at[topic] = r.order.PushBack(inquiry{topic, now})
	r.most = max(r.most, len(r.at))
	r.bytes += inquiryCost + len(topic)
	return inquiryCost + len(topic)
}

// remove takes a question out, and returns the bytes that it took.
func (r *inquiryRow) remove(topic string) (bytes int) {
	e := r.at[topic]
	if e == nil {
		return 0
	}
	r.order.Remove(e)
	delete(r.at, topic)
	r.bytes -= inquiryCost + len(topic)
	r.shrink()
	return inquiryCost + len(topic)
}

// shrink gives back what memory a burst has taken: a map keeps its room.
func (r *inquiryRow) shrink() {
	switch {
	case len(r.at) == 0:
		*r = inquiryRow{}
	case len(r.at) < r.most/2:
		at := make(map[string]*list.Element, len(r.at))
		maps.Copy(at, r.at)
		r.at, r.most = at, len(at)
	}
}
