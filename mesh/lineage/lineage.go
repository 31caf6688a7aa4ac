// Package lineage knows the runs of the process behind one name: which incarnation counts, and whether a beat was made
// since others were heard, or is said again. It is pure, and knows nothing of states, links or lists.
//
// An incarnation is the time at which a process started. A newer one replaces the one before at once. An older one is a
// clock that was set back, or a second process of the same name; it is believed after three beats in a row.
package lineage

import (
	"time"

	"hearsay/topics"
)

const (
	OlderBeats   = 3           // beats with an older incarnation that convince: a clock was set back
	conflictHush = time.Minute // between two reports of one conflict
)

// Lineage is what is known of the runs of one name. The zero value knows none.
type Lineage struct {
	incarnation int64         // that counts; 0: none was heard
	former      int64         // the one before
	bornAt      time.Duration // when the one that counts was first heard
	older       int           // beats in a row with an older one
	newest      Count         // the newest beat of the one that counts
	newestOther Count         // and of another one

	Conflict Hush // of reports that two processes use the name
}

// Incarnation is the one that counts: Unix ms, 0 where none was heard.
func (l *Lineage) Incarnation() int64 { return l.incarnation }

// Verdict is what a beat says of the process that sent it.
type Verdict uint8

const (
	Current Verdict = iota // it is of the incarnation that counts
	Stale                  // it is of one that does not, or not yet
	Newer                  // a newer incarnation is to become the one that counts
	SetBack                // and an older one
)

// Judge compares the incarnation of a beat with the one that counts; h is nil from a naive node. After a goodbye an older
// one was believed already: see Returns.
func (l *Lineage) Judge(h *topics.Header, left bool, now time.Duration) Verdict {
	switch {
	case h == nil || h.Incarnation == l.incarnation:
		l.older = 0
		return Current
	case l.incarnation == 0:
		l.incarnation, l.bornAt = h.Incarnation, now
		return Current
	case h.Incarnation > l.incarnation:
		return Newer
	case left:
		return SetBack
	}
	if l.older++; l.older >= OlderBeats {
		return SetBack
	}
	return Stale
}

// IsFormer reports whether an incarnation is the one before the one that counts: two processes beat in turn.
func (l *Lineage) IsFormer(incarnation int64) bool { return incarnation == l.former }

// Age is for how long the incarnation that counts was heard.
func (l *Lineage) Age(now time.Duration) time.Duration { return now - l.bornAt }

// Replace makes another incarnation the one that counts.
func (l *Lineage) Replace(incarnation int64, now time.Duration) {
	l.former, l.bornAt, l.older = l.incarnation, now, 0
	l.become(incarnation)
}

// Leave notes a goodbye.
func (l *Lineage) Leave(incarnation int64) {
	if incarnation > l.incarnation {
		l.become(incarnation)
	}
}

// become swaps the counts: what was heard of an incarnation before is not made anew.
func (l *Lineage) become(incarnation int64) {
	if l.incarnation != 0 {
		l.newest, l.newestOther = l.newestOther, l.newest
	}
	l.incarnation = incarnation
}

// Returns reports whether a beat brings its process back from a goodbye: that of a newer incarnation does, that of an
// older one (the clock was set back) after three that were made since.
func (l *Lineage) Returns(h *topics.Header, isNew bool) bool {
	if h.Incarnation > l.incarnation {
		return true
	}
	if h.Incarnation == l.incarnation {
		return false
	}
	if isNew {
		l.older++
	}
	return l.older >= OlderBeats
}

// Hush lets a report through once a minute.
type Hush struct {
	told bool
	at   time.Duration
}

// Tell reports whether it is time for another report.
func (h *Hush) Tell(now time.Duration) bool {
	if h.told && now-h.at < conflictHush {
		return false
	}
	h.told, h.at = true, now
	return true
}

// Count is the number of the newest beat that was heard of one incarnation.
type Count struct {
	incarnation int64
	seq         uint64
}

// Of is that number for some incarnation: 0 where none was heard.
func (c Count) Of(incarnation int64) uint64 {
	if c.incarnation != incarnation {
		return 0
	}
	return c.seq
}

// Note takes a beat in.
func (c *Count) Note(h *topics.Header) {
	*c = Count{h.Incarnation, max(c.Of(h.Incarnation), h.Seq)}
}

// Made reports whether a beat was made since others were heard, and how many between were lost. Link counts the beats of
// the link that it came over; met says that the peer was heard before. An incarnation that does not count, or not yet,
// has a count of its own.
func (l *Lineage) Made(h *topics.Header, met bool, link *Count) (isNew bool, lost uint64) {
	if h == nil {
		return true, 0
	}
	n := &l.newest
	if l.incarnation != 0 && h.Incarnation != l.incarnation {
		n = &l.newestOther
	}
	newest := n.Of(h.Incarnation)
	isNew = made(h, met, newest, link.Of(h.Incarnation))
	n.Note(h)
	link.Note(h)
	if isNew && n == &l.newest && newest > 0 && h.Seq > newest {
		lost = h.Seq - newest - 1
	}
	return isNew, lost
}

// made reports whether a beat was made since others of its incarnation were heard: newest is the highest number heard
// over any link, before the highest over this one. What a publisher says again to whoever subscribes is no sign of
// life: the part of a program that answers connections may outlive the part that beats. What counts on over one link
// is, or a number once forged would silence its peer for ever. Nodes that say no number show it by saying what they
// repeat; a naive node repeats nothing.
func made(h *topics.Header, met bool, newest, before uint64) bool {
	switch {
	case h == nil:
		return true
	case h.Seq > 0:
		return h.Seq > newest || before > 0 && h.Seq > before
	}
	return !(h.Replay && met)
}
