package backlog

import (
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// ErrBehind is what a reader is told that was in the middle of something when the room was needed: it kept the same
// piece for longer than all others, and its place is gone.
var ErrBehind = errors.New("too slow: what was being read had to make room")

// Feed gives the same pieces of text to many readers. Each is held once, however many are to read it, until the last
// has. The bound counts all that is held for all readers together.
//
// When it is full, room is made by those who hold most: their oldest pieces are dropped, and counted for them. A piece
// that somebody is in the middle of stays, as half of it may be sent already; but where such pieces take more than half
// of the bound, the reader that has been at one for the longest time loses it, and its place.
type Feed struct {
	limit int
	count atomic.Int32 // of readers, so that none cost nothing
	lost  atomic.Uint64
	late  atomic.Uint64

	mu             sync.Mutex
	oldest, newest *piece // those that somebody is still to begin
	readers        map[*Reader]struct{}
	size           int // bytes of all pieces that somebody is to read, or reads
	reading        int // bytes of those that somebody reads
	begun          uint64
}

// piece is in the feed's list while somebody is still to begin it.
type piece struct {
	older, newer *piece
	tag          string
	text         []byte
	size         int
	gap          uint64    // how many are lost that it tells of: who does not get it is to be told of these too
	until        time.Time // it is given to nobody from then on; zero: it is for ever
	waiting      int       // readers that are still to begin it
	reading      int       // and those that have begun, and not ended
}

// Reader is one reader of a feed. Next, Tag, Read and Close are for one goroutine.
type Reader struct {
	feed    *Feed
	wants   func(tag string) bool
	arrived chan struct{}

	// Under feed.mu.
	next  *piece // the oldest that it wants and has not begun
	held  int    // bytes of all that it wants and has not begun
	lost  uint64 // since the last piece that it began
	at    *piece // what it reads
	rest  []byte // of that
	tag   string // of that
	begun uint64 // when it began, in the order of all beginnings
	gone  bool   // it has no place any more
}

// NewFeed returns a feed without readers that holds at most limit bytes, Overhead for each piece included.
func NewFeed(limit int) *Feed {
	return &Feed{limit: limit, readers: make(map[*Reader]struct{})}
}

// Reader returns a reader of what is put from now on under a tag that it wants. wants must always say the same.
func (f *Feed) Reader(wants func(tag string) bool) *Reader {
	r := &Reader{feed: f, wants: wants, arrived: make(chan struct{}, 1)}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.readers[r] = struct{}{}
	f.count.Store(int32(len(f.readers)))
	return r
}

// Readers returns how many readers there are.
func (f *Feed) Readers() int { return int(f.count.Load()) }

// Lost returns how many pieces were dropped, once for each reader that wanted them.
func (f *Feed) Lost() uint64 { return f.lost.Load() }

// Expired returns how many pieces were given to nobody as it was too late, once for each reader that wanted them.
func (f *Feed) Expired() uint64 { return f.late.Load() }

// Size returns how many bytes are held.
func (f *Feed) Size() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.size
}

// Wanted reports whether there is a reader for a tag: a text that nobody wants need not be made.
func (f *Feed) Wanted(tag string) bool {
	if f.count.Load() == 0 {
		return false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for r := range f.readers {
		if r.wants(tag) {
			return true
		}
	}
	return false
}

// Put gives a text to every reader that wants its tag. It never waits. The feed keeps the text, which nobody may
// change.
func (f *Feed) Put(tag string, text []byte) { f.PutUntil(time.Time{}, tag, text, 0) }

// PutUntil is Put for a text that no reader begins at that time or later, unless it is zero. That a reader does not get it
// is counted apart from what is lost. The text may tell of a gap before it: who does not get it is told of so many more lost.
func (f *Feed) PutUntil(end time.Time, tag string, text []byte, gap uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p := &piece{tag: tag, text: text, size: cap(text) + Overhead, until: end, gap: gap}
	fits := f.makeRoom(p.size)
	for r := range f.readers {
		switch {
		case !r.wants(tag):
		case !fits:
			r.lose(p)
		default:
			r.add(p)
		}
	}
	if p.waiting > 0 {
		f.size += p.size
		f.push(p)
	}
}

// makeRoom drops what those hold who hold most, and reports whether there is room then. What is being read stays. A
// feed that holds nothing takes a piece of any size.
func (f *Feed) makeRoom(size int) bool {
	f.hurry(size)
	if f.reading > 0 && f.reading+size > f.limit {
		return false // however much is dropped
	}
	for f.size > 0 && f.size+size > f.limit {
		most := 0
		for r := range f.readers {
			most = max(most, r.held)
		}
		for r := range f.readers {
			for r.held > most-most/8 { // an eighth at once, as each look at all readers takes its time
				r.lose(r.next)
				r.pass()
			}
		}
	}
	return true
}

func (f *Feed) push(p *piece) {
	p.older = f.newest
	if f.newest != nil {
		f.newest.newer = p
	} else {
		f.oldest = p
	}
	f.newest = p
}

// settle frees what nobody waits for, or reads, any more.
func (f *Feed) settle(p *piece) {
	if p.waiting == 0 && (p.older != nil || p.newer != nil || f.oldest == p) {
		if p.older != nil {
			p.older.newer = p.newer
		} else {
			f.oldest = p.newer
		}
		if p.newer != nil {
			p.newer.older = p.older
		} else {
			f.newest = p.older
		}
		p.older, p.newer = nil, nil
	}
	if p.waiting == 0 && p.reading == 0 {
		f.size -= p.size
	}
}

func (r *Reader) add(p *piece) {
	p.waiting++
	r.held += p.size
	if r.next == nil {
		r.next = p
	}
	r.Wake()
}

// Wake makes the reader look, as a Put does.
func (r *Reader) Wake() {
	select {
	case r.arrived <- struct{}{}:
	default:
	}
}

func (r *Reader) lose(p *piece) {
	r.lost += 1 + p.gap
	r.feed.lost.Add(1)
}

// pass goes on to the next piece that the reader wants.
func (r *Reader) pass() {
	p := r.next
	for r.next = p.newer; r.next != nil && !r.wants(r.next.tag); {
		r.next = r.next.newer
	}
	r.held -= p.size
	p.waiting--
	r.feed.settle(p)
}

// over reports whether it is too late for a piece.
func (p *piece) over() bool { return !p.until.IsZero() && !time.Now().Before(p.until) }

// Tag is that of the piece that Next began last.
func (r *Reader) Tag() string { return r.tag }

// Arrived has something after a Put. The reader then goes on until Next has nothing.
func (r *Reader) Arrived() <-chan struct{} { return r.arrived }

// Next begins the next piece, and reports whether there is one, and how many were dropped before it, with those in the gaps
// that these told of.
func (r *Reader) Next() (lost uint64, ok bool) {
	f := r.feed
	f.mu.Lock()
	defer f.mu.Unlock()
	r.finish()
	for r.next != nil && r.next.over() {
		r.lost += r.next.gap
		r.pass()
		f.late.Add(1)
	}
	if r.next == nil {
		return 0, false
	}
	p := r.next
	p.reading++ // before it is passed, lest it be freed
	if p.reading == 1 {
		f.reading += p.size
	}
	r.pass()
	f.begun++
	r.at, r.rest, r.tag, r.begun = p, p.text, p.tag, f.begun
	lost, r.lost = r.lost, 0
	return lost, true
}

// hurry takes what is being read from those who have been at it for longest, as far as that is more than half of the
// bound and stands in the way of a piece of this size. What the last to begin reads stays, for all who read it.
func (f *Feed) hurry(size int) {
	for f.reading > f.limit/2 && f.reading+size > f.limit {
		var first, last *Reader
		for r := range f.readers {
			if r.at != nil && (last == nil || r.begun > last.begun) {
				last = r
			}
		}
		for r := range f.readers {
			if r.at != nil && r.at != last.at && (first == nil || r.begun < first.begun) {
				first = r
			}
		}
		if first == nil {
			return
		}
		first.leave()
	}
}

// Read copies the rest of the piece that was begun, as far as it fits. At its end it returns io.EOF.
func (r *Reader) Read(b []byte) (int, error) {
	r.feed.mu.Lock()
	defer r.feed.mu.Unlock()
	switch {
	case r.gone:
		return 0, ErrBehind
	case r.at == nil:
		return 0, io.EOF
	}
	n := copy(b, r.rest)
	r.rest = r.rest[n:]
	if len(r.rest) == 0 {
		r.finish()
	}
	return n, nil
}

// finish lets go of what is being read.
func (r *Reader) finish() {
	p := r.at
	if p == nil {
		return
	}
	r.at, r.rest = nil, nil
	p.reading--
	if p.reading == 0 {
		r.feed.reading -= p.size
		r.feed.settle(p)
	}
}

// Close ends the reader.
func (r *Reader) Close() {
	r.feed.mu.Lock()
	defer r.feed.mu.Unlock()
	r.leave()
}

func (r *Reader) leave() {
	if r.gone {
		return
	}
	r.gone = true
	r.finish()
	for r.next != nil {
		r.pass()
	}
	delete(r.feed.readers, r)
	r.feed.count.Store(int32(len(r.feed.readers)))
}
