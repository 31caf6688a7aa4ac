package main

import (
	"bufio"
	"io"
	"log/slog"
	"sync"
	"time"
)

const (
	printerBytes = 8 << 20 // of messages that wait to be printed
	printerCost  = 64      // of them, what a message costs beside its body
	printerGrace = time.Second
	printerTells = time.Minute // between lines of the log about messages that were dropped
)

// printer writes messages as lines at the pace of their reader. Whoever puts them in is not held up when
// standard output is not read: what does not fit is dropped, and the log says how much.
type printer struct {
	w   io.Writer
	log *slog.Logger

	mu      sync.Mutex
	arrived chan struct{}
	waiting [][]byte
	size    int
	lost    int       // since the log was told
	told    time.Time // when that was

	ended chan struct{}
}

func newPrinter(w io.Writer, log *slog.Logger) *printer {
	p := &printer{w: w, log: log, arrived: make(chan struct{}, 1), ended: make(chan struct{})}
	go p.run()
	return p
}

// put never waits. An empty queue takes a message of any size.
func (p *printer) put(body []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if cost := len(body) + printerCost; p.size == 0 || p.size+cost <= printerBytes {
		p.waiting = append(p.waiting, body)
		p.size += cost
	} else {
		p.lost++
	}
	select {
	case p.arrived <- struct{}{}:
	default:
	}
}

// close returns when everything is printed, or nobody has read it for a second.
func (p *printer) close() {
	close(p.arrived)
	select {
	case <-p.ended:
	case <-time.After(printerGrace):
	}
}

func (p *printer) run() {
	defer close(p.ended)
	out := bufio.NewWriter(p.w)
	for range p.arrived {
		p.print(out)
	}
	p.print(out)
}

// print writes what waits. What arrives meanwhile finds an empty queue.
func (p *printer) print(out *bufio.Writer) {
	p.mu.Lock()
	waiting := p.waiting
	p.waiting, p.size = nil, 0
	p.mu.Unlock()
	for _, body := range waiting {
		_, _ = out.WriteString(oneLine(body) + "\n")
	}
	_ = out.Flush() // a closed standard output ends the program
	p.tell(time.Now())
}

// tell logs how many messages were dropped, now and then.
func (p *printer) tell(now time.Time) {
	p.mu.Lock()
	lost := p.lost
	due := lost > 0 && now.Sub(p.told) >= printerTells
	if due {
		p.lost, p.told = 0, now
	}
	p.mu.Unlock()
	if due {
		p.log.Warn("messages not printed", "count", lost, "why", "standard output was not read in time")
	}
}
