package backlog

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// Handler is a slog.Handler that never waits for the one behind it. A terminal that was stopped, a pipe that nobody
// reads and a full disk hold up a goroutine of the handler's own, and nobody who logs. Lines wait in a queue that is
// bounded in bytes. What does not fit is lost and counted, and the first line that gets through afterwards says how
// many were.
type Handler struct {
	next slog.Handler
	log  *logQueue
}

// logQueue is what all handlers share that were made from one by WithAttrs and WithGroup.
type logQueue struct {
	base    slog.Handler // as it was given to NewHandler: for lines of the queue's own
	waiting *Queue[logLine]
	lost    atomic.Uint64
	told    uint64    // of lost, what has been said
	last    time.Time // of the line that was written last
	closing chan struct{}
	once    sync.Once
	ended   chan struct{}
}

type logLine struct {
	to     slog.Handler
	record slog.Record
}

// NewHandler starts one, for which at most limit bytes wait. Close ends it.
func NewHandler(next slog.Handler, limit int) *Handler {
	q := &logQueue{
		base: next, waiting: NewQueue[logLine](limit),
		closing: make(chan struct{}), ended: make(chan struct{}),
	}
	go q.run()
	return &Handler{next, q}
}

// Enabled asks the handler behind, which must not wait to answer.
func (h *Handler) Enabled(ctx context.Context, l slog.Level) bool { return h.next.Enabled(ctx, l) }

// WithAttrs and WithGroup return handlers that share the queue.
func (h *Handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &Handler{h.next.WithAttrs(attrs), h.log}
}

func (h *Handler) WithGroup(name string) slog.Handler { return &Handler{h.next.WithGroup(name), h.log} }

// Handle queues a line. Values are resolved now, as what they stand for may change later.
func (h *Handler) Handle(_ context.Context, r slog.Record) error {
	record := slog.NewRecord(r.Time, r.Level, r.Message, r.PC)
	size := len(r.Message)
	r.Attrs(func(a slog.Attr) bool {
		a.Value = a.Value.Resolve()
		size += attrOverhead + len(a.Key) + len(a.Value.String())
		record.AddAttrs(a)
		return true
	})
	if !h.log.waiting.Put(logLine{h.next, record}, size) {
		h.log.lost.Add(1)
	}
	return nil
}

// attrOverhead is what an attribute takes beside its key and its value.
const attrOverhead = 64

// Lost returns how many lines were lost so far.
func (h *Handler) Lost() uint64 { return h.log.lost.Load() }

// Close returns when everything that was logged before has been written, or when that takes longer than grace. What is
// logged later is written if it comes before the end, and lost otherwise.
func (h *Handler) Close(grace time.Duration) {
	h.log.once.Do(func() { close(h.log.closing) })
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-h.log.ended:
	case <-timer.C:
	}
}

func (q *logQueue) run() {
	defer close(q.ended)
	for {
		select {
		case <-q.waiting.Arrived():
			q.write()
		case <-q.closing:
			q.write()
			return
		}
	}
}

// write hands on what waits. It says what was lost before the lines that came after the loss.
func (q *logQueue) write() {
	for line, ok := q.waiting.Take(); ok; line, ok = q.waiting.Take() {
		switch at := line.record.Time; {
		case at.IsZero(): // it has none
		case at.Before(q.last): // two goroutines logged at once, and the later one came first
			line.record.Time = q.last
		default:
			q.last = at
		}
		_ = line.to.Handle(context.Background(), line.record) // a log that cannot be written has nobody to be told
		if lost := q.lost.Load(); lost > q.told {
			r := slog.NewRecord(q.last, slog.LevelWarn, "log lines lost", 0)
			r.AddAttrs(slog.Uint64("count", lost-q.told), slog.String("why", "the log was not read in time"))
			q.told = lost
			_ = q.base.Handle(context.Background(), r)
		}
	}
}
