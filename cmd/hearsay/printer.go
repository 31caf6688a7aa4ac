package main

import (
	"bufio"
	"errors"
	"io"
	"log/slog"
	"sync"
	"syscall"
	"time"

	"hearsay/node"
	"hearsay/node/backlog"
	"hearsay/node/plain"
)

const (
	printerGrace = time.Second
	printerTells = time.Minute // between lines of the log about messages that were dropped
)

// printer writes messages as lines at the pace of their reader. The goroutine that puts them in is not held up when
// standard output is not read: what does not fit is dropped, and the log says how much.
type printer struct {
	w       io.Writer
	log     *slog.Logger
	waiting *backlog.Queue[lineOf]
	failed  bool // the last write: told once, until one works again
	closing chan struct{}
	ended   chan struct{}
	shut    chan struct{} // closed when nobody can read any more

	mu      sync.Mutex
	lost    int         // since the log was told
	telling *time.Timer // until it is; nil: there is nothing to tell
	told    time.Time   // when it was
}

// lineOf is a message that is to be printed before its end.
type lineOf struct {
	body []byte
	end  time.Time // zero: it has none
}

// newPrinter returns a printer for which at most limit bytes wait.
func newPrinter(w io.Writer, limit int, log *slog.Logger) *printer {
	p := &printer{
		w: w, log: log, waiting: backlog.NewQueue[lineOf](limit),
		closing: make(chan struct{}), ended: make(chan struct{}), shut: make(chan struct{}),
	}
	go p.run()
	return p
}

// put never waits. It is for one goroutine, as close is.
func (p *printer) put(body []byte) { p.putUntil(body, time.Time{}) }

// putUntil is put for what is not to be printed from its end on.
func (p *printer) putUntil(body []byte, end time.Time) {
	if !p.waiting.Put(lineOf{body, end}, cap(body)) {
		p.lose()
	}
}

// lose counts a message that is dropped. The log is told whether or not another one comes.
func (p *printer) lose() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lost++
	if p.telling == nil {
		p.telling = time.AfterFunc(max(printerGrace, time.Until(p.told.Add(printerTells))), p.tell)
	}
}

// close returns when everything is printed, or nobody has read it for a second.
func (p *printer) close() {
	close(p.closing)
	select {
	case <-p.ended:
	case <-time.After(printerGrace):
	}
	p.tell()
}

func (p *printer) run() {
	defer close(p.ended)
	out := bufio.NewWriter(p.w)
	for {
		select {
		case <-p.waiting.Arrived():
			p.print(out)
		case <-p.closing:
			p.print(out)
			return
		}
	}
}

// print writes what waits. What a full disk refuses is gone, and the next lines are tried anew.
func (p *printer) print(out *bufio.Writer) {
	for m, ok := p.waiting.Take(); ok; m, ok = p.waiting.Take() {
		if !m.end.IsZero() {
			_ = out.Flush() // what is before it may take long
			if node.Expired(m.end) {
				continue
			}
		}
		_, _ = out.WriteString(plain.Line(m.body))
		_ = out.WriteByte('\n')
		if !m.end.IsZero() {
			_ = out.Flush()
		}
	}
	err := out.Flush()
	if err != nil {
		out.Reset(p.w) // it keeps an error for ever
	}
	switch {
	case errors.Is(err, syscall.EPIPE):
		p.gone()
	case err != nil && !p.failed:
		p.log.Warn("messages not printed", "why", err)
	}
	p.failed = err != nil
}

// gone notes that the reader of standard output has ended.
func (p *printer) gone() {
	select {
	case <-p.shut:
	default:
		close(p.shut)
	}
}

// tell logs how many messages were dropped.
func (p *printer) tell() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.telling == nil {
		return
	}
	p.telling.Stop()
	p.log.Warn("messages not printed", "count", p.lost, "why", "standard output was not read in time")
	p.lost, p.telling, p.told = 0, nil, time.Now()
}
