package relay

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"hearsay/topics"
)

// Stream names the messages that are counted together. Origin is the key of a name.
type Stream struct {
	Origin      topics.Name
	Incarnation int64
	Topic       string
}

// clone is a copy that holds nothing else of the text that it was read from.
func (m Stream) clone() Stream {
	return Stream{topics.Name(strings.Clone(string(m.Origin))), m.Incarnation, strings.Clone(m.Topic)}
}

// Kept is what a Ring keeps in one place: a run of messages of one stream, with the numbers from First to Last.
type Kept[T any] struct {
	First, Last uint64
	Run         T

	size int
	at   time.Duration
}

// keptCost is what a run costs beside its own size: its place, and its place in the order, with those that are empty. rowCost is
// what a row of runs costs beside them, and its names.
const (
	keptCost = 128
	rowCost  = 320
)

// Ring keeps messages for those that missed them: the newest ones, up to so many bytes, and for so long.
type Ring[T any] struct {
	most  int
	age   time.Duration
	bytes int
	gone  func(T)
	rows  map[line][]*row[T] // in the order of their incarnations
	last  *row[T]            // that was put into last
	order fifo[place]

	numbered []*row[T] // by their numbers
	unused   []uint32  // numbers
}

// place is where a run is. They stand in the order in which the runs came. The garbage collector has nothing to follow in them.
type place struct {
	first uint64 // its First
	row   uint32 // by number
}

// line is the streams of all incarnations.
type line struct {
	origin topics.Name
	topic  string
}

// row is what is kept of one stream: runs by number, none of which overlaps another.
type row[T any] struct {
	Stream
	kept   fifo[Kept[T]]
	number uint32
}

// NewRing makes a ring of at most so many bytes, for at most so long. It calls gone, unless that is nil, with each run that it
// keeps no more.
func NewRing[T any](bytes int, age time.Duration, gone func(T)) *Ring[T] {
	return &Ring[T]{most: bytes, age: age, gone: gone, rows: make(map[line][]*row[T])}
}

// KeepFor has the ring keep what it has for so long from now on.
func (r *Ring[T]) KeepFor(age time.Duration) { r.age = age }

// Bytes is what the ring keeps now, with the cost of its places.
func (r *Ring[T]) Bytes() int { return r.bytes }

// Len is how many runs it keeps.
func (r *Ring[T]) Len() int { return r.order.len() }

// Put keeps a run of so many bytes, with the numbers from first to last, which must not change any more. The oldest runs
// make room. One of which some is kept already is not kept: of runs that come again in other pieces, the first stay. It
// reports whether the run is kept.
func (r *Ring[T]) Put(now time.Duration, s Stream, first, last uint64, run T, size int) bool {
	k := Kept[T]{First: first, Last: last, Run: run, size: size + keptCost, at: now}
	r.expire(now)
	most := r.most - s.cost()
	if first == 0 || last < first || k.size > most {
		return false
	}
	for r.bytes+k.size > most {
		r.drop()
	}
	w := r.row(s)
	if !w.insert(k) {
		return false
	}
	if w.kept.len() == 1 {
		r.bytes += s.cost()
	}
	r.order.push(place{first, w.number})
	r.bytes += k.size
	return true
}

func (s Stream) cost() int { return rowCost + len(s.Origin) + len(s.Topic) }

func (r *Ring[T]) row(s Stream) *row[T] {
	if r.last != nil && r.last.Stream == s {
		return r.last
	}
	lives := r.rows[s.line()]
	i, found := slices.BinarySearchFunc(lives, s.Incarnation, (*row[T]).compare)
	if !found {
		w := &row[T]{Stream: s, number: r.number()}
		r.numbered[w.number] = w
		lives = slices.Insert(lives, i, w)
		r.rows[s.line()] = lives
	}
	r.last = lives[i]
	return r.last
}

func (s Stream) line() line { return line{s.Origin, s.Topic} }

func (w *row[T]) compare(incarnation int64) int { return cmp.Compare(w.Incarnation, incarnation) }

// number is one for a new row.
func (r *Ring[T]) number() (n uint32) {
	if last := len(r.unused) - 1; last >= 0 {
		n, r.unused = r.unused[last], r.unused[:last]
		return n
	}
	r.numbered = append(r.numbered, nil)
	return uint32(len(r.numbered) - 1)
}

// insert reports whether the numbers were new.
func (w *row[T]) insert(k Kept[T]) bool {
	n := w.kept.len()
	if n == 0 || w.kept.at(n-1).Last < k.First {
		w.kept.push(k)
		return true
	}
	i := w.find(k.First)
	if w.kept.at(i).First <= k.Last {
		return false
	}
	w.kept.push(k) // it came late: those after it move up
	for j := n; j > i; j-- {
		*w.kept.at(j) = *w.kept.at(j - 1)
	}
	*w.kept.at(i) = k
	return true
}

// find is the place of the first run that does not end below a number.
func (w *row[T]) find(number uint64) int {
	low, high := 0, w.kept.len()
	if high > 0 && w.kept.at(0).Last >= number {
		return 0
	}
	for low < high {
		if mid := (low + high) / 2; w.kept.at(mid).Last < number {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low
}

func (r *Ring[T]) expire(now time.Duration) {
	for r.order.len() > 0 {
		p := r.order.at(0)
		w := r.numbered[p.row]
		if now-w.kept.at(w.find(p.first)).at <= r.age {
			return
		}
		r.drop()
	}
}

// drop forgets the run that came first, which is the first of its row unless others came late.
func (r *Ring[T]) drop() {
	p := r.order.pop()
	w := r.numbered[p.row]
	i := w.find(p.first)
	k := *w.kept.at(i)
	for ; i > 0; i-- {
		*w.kept.at(i) = *w.kept.at(i - 1)
	}
	w.kept.pop()
	r.bytes -= k.size
	if w.kept.len() == 0 {
		r.forget(w)
		r.numbered[p.row] = nil
		r.unused = append(r.unused, p.row)
		r.bytes -= w.cost()
		if r.last == w {
			r.last = nil
		}
	}
	if r.gone != nil {
		r.gone(k.Run)
	}
}

// forget takes a row out that has nothing.
func (r *Ring[T]) forget(w *row[T]) {
	lives := r.rows[w.line()]
	if len(lives) == 1 {
		delete(r.rows, w.line())
		return
	}
	i, _ := slices.BinarySearchFunc(lives, w.Incarnation, (*row[T]).compare)
	if lives = slices.Delete(lives, i, i+1); len(lives) < cap(lives)/4 {
		lives = slices.Clone(lives)
	}
	r.rows[w.line()] = lives
}

// Answer calls give with the runs that have what a question asks for, in order, and with the numbers that are asked
// for, which may be some of a run alone. It ends after about so many bytes. The question's origin is a key.
func (r *Ring[T]) Answer(now time.Duration, q topics.Question, bytes int, give func(run *Kept[T], from, to uint64)) {
	r.expire(now)
	w := r.asked(q)
	if w == nil || w.kept.len() == 0 {
		return
	}
	n := w.kept.len()
	i, from, to := 0, q.From, q.To
	switch {
	case q.Count > 0:
		if last := w.kept.at(n - 1).Last; last > q.Count {
			from = last - q.Count + 1
		}
		i = w.find(from)
	case q.Within > 0:
		since := now - time.Duration(q.Within)*time.Millisecond
		for i < n && w.kept.at(i).at < since {
			i++
		}
	default:
		i = w.find(from)
	}
	if to == 0 {
		to = topics.MaxInt
	}
	for ; i < n && bytes > 0; i++ {
		k := w.kept.at(i)
		if k.First > to {
			return
		}
		bytes -= k.size
		give(k, max(from, k.First), min(to, k.Last))
	}
}

// Each calls f with all runs that are kept, those of one stream in order, and with when each was put in.
func (r *Ring[T]) Each(now time.Duration, f func(s Stream, k *Kept[T], at time.Duration)) {
	r.expire(now)
	for _, lives := range r.rows {
		for _, w := range lives {
			for i := range w.kept.len() {
				k := w.kept.at(i)
				f(w.Stream, k, k.at)
			}
		}
	}
}

// asked is the row that a question is about: of several incarnations, where it does not say which, the last.
func (r *Ring[T]) asked(q topics.Question) (w *row[T]) {
	lives := r.rows[line{q.Origin, q.Topic}]
	i := len(lives) - 1
	if q.Incarnation != 0 {
		var found bool
		if i, found = slices.BinarySearchFunc(lives, q.Incarnation, (*row[T]).compare); !found {
			return nil
		}
	}
	if i < 0 {
		return nil
	}
	return lives[i]
}
