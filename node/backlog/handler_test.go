package backlog

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"
)

// gatedWriter stands still until it is opened, as a terminal does after Ctrl-S.
type gatedWriter struct {
	open    chan struct{}
	entered chan struct{}
	bytes.Buffer
}

func newGatedWriter() *gatedWriter {
	return &gatedWriter{open: make(chan struct{}), entered: make(chan struct{}, 1)}
}

func (w *gatedWriter) Write(p []byte) (int, error) {
	select {
	case w.entered <- struct{}{}:
	default:
	}
	<-w.open
	return w.Buffer.Write(p)
}

// A program is not held up by a log that nobody reads. What is lost is counted, and said once the log is read again.
func TestHandlerNeverWaits(t *testing.T) {
	const lines, limit = 10_000, 64 << 10
	w := newGatedWriter()
	h := NewHandler(slog.NewTextHandler(w, nil), limit)
	log := slog.New(h).With("node", "a")
	for i := range lines {
		log.Info("line", "number", i, "fill", strings.Repeat("x", 50))
	}
	<-w.entered
	if held := h.log.waiting.Size(); held > limit {
		t.Errorf("%d bytes wait, more than %d", held, limit)
	}
	lost := h.Lost()
	if lost == 0 || lost >= lines {
		t.Fatalf("%d of %d lines lost", lost, lines)
	}
	close(w.open)
	h.Close(time.Minute)
	out := w.String()
	if want := fmt.Sprintf(`msg="log lines lost" count=%d`, lost); !strings.Contains(out, want) {
		t.Errorf("%q is not in the log", want)
	}
	if n := strings.Count(out, "msg=line"); n != lines-int(lost) {
		t.Errorf("%d lines written and %d lost, of %d", n, lost, lines)
	}
	if !strings.Contains(out, "node=a number=0 ") {
		t.Error("a line lost what With had given it")
	}
}

// The end does not wait for a log that nobody reads either.
func TestHandlerCloseIsBounded(t *testing.T) {
	w := newGatedWriter()
	h := NewHandler(slog.NewTextHandler(w, nil), 1<<20)
	slog.New(h).Info("line")
	<-w.entered
	h.Close(time.Millisecond)
	close(w.open)
	h.Close(time.Minute) // or its goroutine would be left
}

// What a value stands for may change after it was logged.
func TestHandlerResolvesAtOnce(t *testing.T) {
	var out bytes.Buffer
	h := NewHandler(slog.NewTextHandler(&out, nil), 1<<20)
	v := &changing{"before"}
	slog.New(h).Info("line", "value", v)
	v.text = "after"
	h.Close(time.Minute)
	if !strings.Contains(out.String(), "value=before") {
		t.Error(out.String())
	}
}

type changing struct{ text string }

func (c *changing) LogValue() slog.Value { return slog.StringValue(c.text) }

func BenchmarkHandler(b *testing.B) {
	h := NewHandler(slog.NewTextHandler(io.Discard, nil), 1<<20)
	defer h.Close(time.Minute)
	log := slog.New(h)
	for b.Loop() {
		log.Info("peer joined", "peer", "node_1", "from", "candidate", "why", "heard")
	}
}

// Lines are in the order of their times, whoever came first with them.
func TestHandlerKeepsTheOrderOfTimes(t *testing.T) {
	var out bytes.Buffer
	h := NewHandler(slog.NewTextHandler(&out, nil), 1<<20)
	at := time.Now()
	for i, ago := range []time.Duration{0, -time.Second, time.Millisecond, time.Microsecond} {
		_ = h.Handle(t.Context(), slog.NewRecord(at.Add(ago), slog.LevelInfo, fmt.Sprint("line ", i), 0))
	}
	_ = h.Handle(t.Context(), slog.NewRecord(time.Time{}, slog.LevelInfo, "none", 0))
	h.Close(time.Minute)
	var times []string
	for line := range strings.Lines(out.String()) {
		if when, _, has := strings.Cut(line, " level"); has && strings.HasPrefix(when, "time=") {
			times = append(times, when)
		}
	}
	if len(times) != 4 || !slices.IsSorted(times) || !strings.Contains(out.String(), "\nlevel=INFO msg=none\n") {
		t.Errorf("%s", &out)
	}
}
