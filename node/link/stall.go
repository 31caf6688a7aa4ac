package link

import "time"

// stall tells who takes nothing from who takes little. A write of much may last for as long as the kernel finds no
// room worth waking for, so it is the bytes that the far end's kernel has taken that count. While the far end does
// not answer at all it is for TCP to judge: the network is at fault then, or a machine that may come back.
type stall struct {
	limit time.Duration
	since time.Time // of the last progress
	acked uint64
	asked bool // the kernel was, so acked is what it said
}

// progress notes that something was taken.
func (s *stall) progress(now time.Time) { s.since = now }

// stalled judges a write that got nowhere. v is what the kernel says, where it says anything. Nearly all writes end at
// once, so it is not asked before one begins: what it says first is where the write began, and may be an eighth late.
func (s *stall) stalled(now time.Time, v view, known bool) bool {
	if known && (!s.asked || v.silent || v.acked != s.acked) {
		s.acked, s.asked = v.acked, true
		s.progress(now)
	}
	return now.Sub(s.since) >= s.limit
}

// look is when to judge next: often enough that a judgement is not late by more than an eighth.
func (s *stall) look(now time.Time) time.Time { return now.Add(s.limit / 8) }
