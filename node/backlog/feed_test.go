package backlog

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

func all(string) bool { return true }

func only(tags ...string) func(string) bool {
	return func(tag string) bool { return slices.Contains(tags, tag) }
}

// read reads the next piece whole. It returns "" when there is none.
func read(t *testing.T, r *Reader) (text string, lost uint64) {
	t.Helper()
	lost, ok := r.Next()
	if !ok {
		return "", lost
	}
	b, err := io.ReadAll(io.MultiReader(r)) // in small pieces
	if err != nil {
		t.Fatal(err)
	}
	return string(b), lost
}

// text is a piece of a size, Overhead included, that begins with a number.
func text(i, size int) []byte {
	b := fmt.Appendf(nil, "%d ", i)
	return slices.Clip(append(b, make([]byte, size-Overhead-len(b))...))
}

func number(text string) string { return strings.SplitN(text, " ", 2)[0] }

func TestPieceIsHeldOnceForAllReaders(t *testing.T) {
	f := NewFeed(1 << 20)
	f.Put("", text(0, 1000)) // nobody reads
	if f.Size() != 0 || f.Wanted("") {
		t.Errorf("without readers: %d bytes", f.Size())
	}
	var readers []*Reader
	for range 250 {
		readers = append(readers, f.Reader(all))
	}
	for i := range 10 {
		f.Put("", text(i, 1000))
	}
	if f.Size() != 10_000 {
		t.Errorf("%d bytes are held, want 10,000", f.Size())
	}
	for _, r := range readers {
		for i := range 10 {
			if got, lost := read(t, r); number(got) != fmt.Sprint(i) || len(got) != 1000-Overhead || lost != 0 {
				t.Fatalf("piece %d: %d bytes, %.10q, %d lost", i, len(got), got, lost)
			}
		}
	}
	if f.Size() != 0 || f.oldest != nil || f.newest != nil || f.Lost() != 0 {
		t.Errorf("when all have read: %d bytes, %d lost", f.Size(), f.Lost())
	}
}

func TestReadersGetWhatTheyWant(t *testing.T) {
	f := NewFeed(1 << 20)
	news, both := f.Reader(only("news")), f.Reader(only("news", ""))
	for i, tag := range []string{"", "other", "news", "", "news"} {
		if f.Wanted(tag) != (tag != "other") {
			t.Errorf("%q is wanted: %v", tag, f.Wanted(tag))
		}
		f.Put(tag, text(i, 1000))
	}
	late := f.Reader(all)
	for r, want := range map[*Reader][]string{news: {"2", "4"}, both: {"0", "2", "3", "4"}, late: nil} {
		var got []string
		for s, _ := read(t, r); s != ""; s, _ = read(t, r) {
			got = append(got, number(s))
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	}
	if f.Size() != 0 {
		t.Errorf("%d bytes are held", f.Size())
	}
}

// The reader that holds most loses first: here a reader of everything that has stopped, and not the one that wants
// little, nor the one that reads along.
func TestWhoHoldsMostLosesFirst(t *testing.T) {
	f := NewFeed(10_000)
	silent, modest, quick := f.Reader(all), f.Reader(only("rare")), f.Reader(all)
	f.Put("rare", text(0, 1000))
	for i := 1; i < 100; i++ {
		f.Put("", text(i, 1000))
		for s, lost := read(t, quick); s != ""; s, lost = read(t, quick) {
			if lost != 0 {
				t.Errorf("who reads along lost %d before %s", lost, number(s))
			}
		}
		if f.Size() > 10_000 {
			t.Fatalf("%d bytes are held", f.Size())
		}
	}
	if got, lost := read(t, modest); number(got) != "0" || lost != 0 {
		t.Errorf("who wants little: %.4q, %d lost", got, lost)
	}
	got, lost := read(t, silent)
	if lost < 90 || number(got) != fmt.Sprint(lost) || f.Lost() != lost {
		t.Errorf("who has stopped: %.4q after %d lost, of %d", got, lost, f.Lost())
	}
	if _, lost := read(t, silent); lost != 0 {
		t.Errorf("%d lost were told twice", lost)
	}
}

func TestEmptyFeedTakesAnyPiece(t *testing.T) {
	f := NewFeed(1000)
	r := f.Reader(all)
	f.Put("", text(0, 5000))
	f.Put("", text(1, 5000))
	if got, lost := read(t, r); number(got) != "1" || lost != 1 || f.Size() != 0 {
		t.Errorf("%.4q, %d lost, %d bytes held", got, lost, f.Size())
	}
}

func TestWhatIsBeingReadStaysUpToHalfOfTheBound(t *testing.T) {
	f := NewFeed(10_000)
	var readers []*Reader
	begin := func(i int) *Reader {
		r := f.Reader(only(fmt.Sprint(i)))
		f.Put(fmt.Sprint(i), text(i, 2000))
		if _, ok := r.Next(); !ok {
			t.Fatalf("reader %d was not given its piece", i)
		}
		readers = append(readers, r)
		return r
	}
	for i := range 4 {
		begin(i)
	}
	waiting := f.Reader(only("x"))
	f.Put("x", text(8, 4000)) // 8,000 are being read
	var b [10]byte
	for i, r := range readers {
		_, err := r.Read(b[:])
		if behind := i == 0; errors.Is(err, ErrBehind) != behind {
			t.Errorf("reader %d: %v", i, err)
		}
	}
	if _, ok := waiting.Next(); !ok || f.Size() != 10_000 {
		t.Errorf("the new piece has no room: %d bytes are held", f.Size())
	}
	readers[0].Close()
	f.Put("x", text(9, 20_000)) // larger than all
	if _, err := readers[1].Read(b[:]); !errors.Is(err, ErrBehind) {
		t.Errorf("reader 1: %v", err)
	}
	if n, err := waiting.Read(b[:]); n != len(b) || err != nil {
		t.Errorf("what the last to begin reads: %d, %v", n, err)
	}
	waiting.finish()
	if lost, ok := waiting.Next(); ok || f.Lost() != 1 {
		t.Errorf("what found no room was given, after %d lost, of %d", lost, f.Lost())
	}
}

// Whatever readers do, what is held is what they are still to read, and within the bound.
func TestFeedCounts(t *testing.T) {
	for seed := range uint64(50) {
		random := rand.New(rand.NewPCG(seed, 1))
		f := NewFeed(20_000)
		var readers []*Reader
		got := make(map[*Reader]uint64)
		put := make(map[*Reader]uint64)
		for i := range 2000 {
			switch random.IntN(10) {
			case 0:
				if len(readers) < 20 {
					readers = append(readers, f.Reader([]func(string) bool{all, only("a"), only("b")}[random.IntN(3)]))
				}
			case 1:
				if len(readers) > 15 {
					readers[0].Close()
					readers = readers[1:]
				}
			case 2, 3, 4:
				tag := []string{"a", "b"}[random.IntN(2)]
				f.Put(tag, text(i, Overhead+10+random.IntN(3000)))
				for _, r := range readers {
					if !r.gone && r.wants(tag) {
						put[r]++
					}
				}
			default:
				if len(readers) == 0 {
					continue
				}
				r := readers[random.IntN(len(readers))]
				if r.gone {
					continue
				}
				if r.at == nil {
					if lost, ok := r.Next(); ok {
						got[r] += lost + 1
					}
				}
				b := make([]byte, random.IntN(2000))
				_, _ = r.Read(b)
			}
			check(t, f, readers, got, put)
			if t.Failed() {
				t.Fatalf("seed %d, step %d", seed, i)
			}
		}
		for _, r := range readers {
			r.Close()
		}
		if f.Size() != 0 || f.oldest != nil || f.reading != 0 || f.Readers() != 0 {
			t.Fatalf("seed %d: %d bytes are held at the end", seed, f.Size())
		}
	}
}

func check(t *testing.T, f *Feed, readers []*Reader, got, put map[*Reader]uint64) {
	t.Helper()
	held := make(map[*piece]bool)
	for _, r := range readers {
		if r.gone {
			continue
		}
		waiting, bytes := uint64(0), 0
		for p := r.next; p != nil; p = p.newer {
			if r.wants(p.tag) {
				held[p] = true
				waiting++
				bytes += p.size
			}
		}
		if r.at != nil {
			held[r.at] = true
		}
		if bytes != r.held || got[r]+r.lost+waiting != put[r] {
			t.Errorf("%d bytes wait for a reader, %d are counted; got %d, lost %d, %d wait, of %d", bytes, r.held, got[r], r.lost, waiting, put[r])
		}
	}
	size := 0
	for p := range held {
		size += p.size
	}
	if size != f.size || size > f.limit {
		t.Errorf("%d bytes are held, %d are counted, at most %d", size, f.size, f.limit)
	}
}

func TestTagIsThatOfThePiece(t *testing.T) {
	f := NewFeed(1 << 20)
	r := f.Reader(all)
	for i, tag := range []string{"a", "b"} {
		f.Put(tag, text(i, 1000))
	}
	for _, tag := range []string{"a", "b"} {
		if _, ok := r.Next(); !ok || r.Tag() != tag {
			t.Errorf("%q, want %q", r.Tag(), tag)
		}
	}
}

// What has expired is begun by no reader, makes room, and is not what was lost.
func TestExpiredPieceIsGivenToNobody(t *testing.T) {
	f := NewFeed(1 << 20)
	a, b := f.Reader(all), f.Reader(only("later"))
	past, future := time.Now().Add(-time.Millisecond), time.Now().Add(time.Hour)
	f.PutUntil(past, "now", []byte("late"), 0)
	f.PutUntil(future, "later", []byte("in time"), 0)
	f.PutUntil(past, "later", []byte("late for both"), 0)
	f.Put("now", []byte("for ever"))
	for _, want := range []string{"in time", "for ever"} {
		if got, lost := read(t, a); got != want || lost != 0 {
			t.Errorf("read %q, %d lost; want %q", got, lost, want)
		}
	}
	if got, lost := read(t, b); got != "in time" || lost != 0 {
		t.Errorf("read %q, %d lost", got, lost)
	}
	for _, r := range []*Reader{a, b} {
		if _, ok := r.Next(); ok {
			t.Error("there is more")
		}
	}
	if f.Expired() != 3 || f.Lost() != 0 || f.Size() != 0 {
		t.Errorf("%d expired, %d lost, %d bytes are held; want 3, 0, 0", f.Expired(), f.Lost(), f.Size())
	}
}

// Who does not get a piece that tells of a gap is told of what is in the gap too, however it loses the piece.
func TestGapOfALostPieceIsTold(t *testing.T) {
	for _, c := range []struct {
		how  string
		lose func(f *Feed)
		want uint64
	}{
		{"it makes room", func(f *Feed) { f.PutUntil(time.Time{}, "", text(0, 2000), 5); f.Put("", text(1, 2000)) }, 6},
		{"it has expired", func(f *Feed) { f.PutUntil(time.Unix(1, 0), "", text(0, 500), 5); f.Put("", text(1, 500)) }, 5},
		{"it does not fit", func(f *Feed) {
			f.Put("", text(0, 2000))
			for r := range f.readers {
				r.Next() // and is in the middle of it
			}
			f.PutUntil(time.Time{}, "", text(0, 2000), 5)
			for r := range f.readers {
				_, _ = io.Copy(io.Discard, io.MultiReader(r))
			}
			f.Put("", text(1, 2000))
		}, 6},
		{"it is read", func(f *Feed) { f.PutUntil(time.Time{}, "", text(1, 500), 5) }, 0},
	} {
		f := NewFeed(3000)
		r := f.Reader(all)
		c.lose(f)
		if got, lost := read(t, r); number(got) != "1" || lost != c.want {
			t.Errorf("%s: %.5q after %d lost, want %d", c.how, got, lost, c.want)
		}
	}
}
