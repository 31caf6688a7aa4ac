package node

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"hearsay/mesh/rate"
	"hearsay/topics"
)

// What a log may grow by, whatever peers and clients do: 86,400 lines a day at the very worst, 2,880 of each kind
// for one peer that does its worst alone.
const (
	lineBurst = 10               // lines of one kind about one peer at once,
	lineEvery = 30 * time.Second // and then one in this time

	totalBurst = 2000        // lines of all kinds about everybody at once: a mesh of 1,024 that finds itself
	totalEvery = time.Second // and then one in this time

	lineKinds = 8192 // kinds and peers that are told apart

	logBytes = 1 << 20 // of lines that wait for the application's handler: some 4,000

	namesShown = 32   // names of a list in one line,
	bytesShown = 1000 // and bytes of them
)

// quiet is a slog.Handler that sums lines which repeat: those of one message about one peer. A line that
// follows some that were left out says how many in "repeated". Lines below info pass, as somebody asked for them.
type quiet struct {
	next slog.Handler
	sums *sums
}

func newQuiet(next slog.Handler) *quiet {
	return &quiet{next, &sums{kinds: make(map[lineKind]*allowance), since: time.Now(), swept: -lineEvery}}
}

func (q *quiet) Enabled(ctx context.Context, l slog.Level) bool { return q.next.Enabled(ctx, l) }

func (q *quiet) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &quiet{q.next.WithAttrs(attrs), q.sums}
}

func (q *quiet) WithGroup(name string) slog.Handler { return &quiet{q.next.WithGroup(name), q.sums} }

func (q *quiet) Handle(ctx context.Context, r slog.Record) error {
	if r.Level < slog.LevelInfo {
		return q.next.Handle(ctx, r)
	}
	at := r.Time
	if at.IsZero() {
		at = time.Now()
	}
	ok, repeated := q.sums.take(lineKind{r.Message, about(r)}, at)
	if !ok {
		return nil
	}
	if repeated > 0 {
		r = r.Clone()
		r.AddAttrs(slog.Int("repeated", repeated))
	}
	return q.next.Handle(ctx, r)
}

// about is the peer that a line is about, "" if there is none.
func about(r slog.Record) (peer string) {
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "peer" || a.Key == "from" && peer == "" {
			peer = a.Value.String()
		}
		return a.Key != "peer"
	})
	return peer
}

// lineKind is what lines have in common that repeat each other.
type lineKind struct{ message, peer string }

// allowance is how many lines may be written.
type allowance struct {
	bucket  rate.Bucket
	skipped int
}

var (
	lineLimit  = rate.Every(lineEvery, lineBurst)
	totalLimit = rate.Every(totalEvery, totalBurst)
)

// sums counts lines by kind.
type sums struct {
	mu    sync.Mutex
	kinds map[lineKind]*allowance
	total rate.Bucket
	since time.Time     // where the buckets' time begins
	swept time.Duration // when full ones were dropped
}

// take reports whether a line may be written now, and how many of its kind were not since the last that was.
func (s *sums) take(k lineKind, at time.Time) (ok bool, repeated int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := at.Sub(s.since)
	a := s.kind(k, now)
	if a.bucket.Empty(now, lineLimit) || s.total.Empty(now, totalLimit) {
		a.skipped++
		return false, 0
	}
	a.bucket.Spend(now, 1, lineLimit)
	s.total.Spend(now, 1, totalLimit)
	repeated, a.skipped = a.skipped, 0
	return true, repeated
}

// kind finds the allowance of a kind. When there are too many, those are dropped that are as good as new; when
// there still are, one is shared by all peers.
func (s *sums) kind(k lineKind, now time.Duration) *allowance {
	if a := s.kinds[k]; a != nil {
		return a
	}
	if len(s.kinds) >= lineKinds && now-s.swept >= lineEvery {
		s.sweep(now)
	}
	if len(s.kinds) >= lineKinds {
		k.peer = ""
		if a := s.kinds[k]; a != nil {
			return a
		}
	}
	a := &allowance{}
	s.kinds[k] = a
	return a
}

// sweep drops the allowances that are as good as new.
func (s *sums) sweep(now time.Duration) {
	s.swept = now
	for k, a := range s.kinds {
		if a.skipped == 0 && a.bucket.Full(now, lineLimit) {
			delete(s.kinds, k)
		}
	}
}

// nameList is a list of names in a log, cut where it is long.
type nameList []topics.Name

// LogValue is for slog.
func (l nameList) LogValue() slog.Value {
	shown, bytes := 0, 0
	for shown < min(len(l), namesShown) && bytes+len(l[shown]) <= bytesShown {
		bytes += len(l[shown])
		shown++
	}
	if shown == len(l) {
		return slog.AnyValue(slices.Clone([]topics.Name(l))) // the loop uses its memory again
	}
	return slog.GroupValue(slog.Any("first", slices.Clone([]topics.Name(l[:shown]))), slog.Int("count", len(l)))
}
