// Command talker is an application that says numbered messages and counts what it hears, for scripts/faults.sh.
//
//	talker ADDRESS RATE SIZE REPLAY SEED...
//
// It says RATE messages of SIZE bytes a second while it is told to, and asks for those of so long ago as REPLAY. It obeys
// lines of its standard input, and answers each with one line: "say", "hush", and "tell", which gives its report in JSON.
package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"log"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"hearsay/mesh"
	"hearsay/node"
	"hearsay/topics"
)

const (
	headSize = 16                    // of a body: its number, and when it was said, in Unix ns
	tick     = 20 * time.Millisecond // between two pieces of what is said
	places   = 1 << 18               // latencies that are kept until they are told
)

// heard is what came of one sender's messages, which count from 1.
type heard struct {
	First uint64 `json:"first"`
	Last  uint64 `json:"last"`
	Got   uint64 `json:"got"`
	Again uint64 `json:"again"`  // that came twice, or after a later one
	Told  uint64 `json:"told"`   // that never came, as Message.Missed said
	Gone  uint64 `json:"silent"` // that never came, and nothing said so
	Most  uint64 `json:"false"`  // that were said to be lost, and were not
}

type report struct {
	Said    uint64                 `json:"said"`
	Failed  uint64                 `json:"failed"` // calls of Publish that returned an error
	Heard   map[topics.Name]*heard `json:"heard"`
	Members int                    `json:"members"` // that are alive or far
	Flowing int                    `json:"flowing"`
	Latency []float64              `json:"latency"` // ms since the last report: p50, p99, most
	Stats   map[string]uint64      `json:"stats"`
}

type talker struct {
	n          *node.Node
	rate, size int
	saying     atomic.Bool
	said       atomic.Uint64
	failed     atomic.Uint64

	mu      sync.Mutex
	heard   map[topics.Name]*heard
	latency []time.Duration
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("talker: ")
	if len(os.Args) < 5 {
		log.Fatal("talker ADDRESS RATE SIZE REPLAY SEED...")
	}
	replay, err := time.ParseDuration(os.Args[4])
	if err != nil {
		log.Fatal(err)
	}
	t := &talker{rate: number(2), size: max(headSize, number(3)), heard: make(map[topics.Name]*heard)}
	t.n, err = node.Start(context.Background(), node.Config{
		Hostname: os.Args[1], Bind: os.Args[1], Seeds: os.Args[5:], ReplayTime: replay, Queue: 1 << 16,
		Keys: node.Keys{Mesh: os.Getenv("HEARSAY_MESH_KEY")}, Logger: slog.New(slog.NewJSONHandler(os.Stderr, nil)),
	})
	if err != nil {
		log.Fatal(err)
	}
	go t.say()
	go t.hear()
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		switch in.Text() {
		case "say", "hush":
			t.saying.Store(in.Text() == "say")
			fmt.Println("{}")
		default:
			if err := json.NewEncoder(os.Stdout).Encode(t.report()); err != nil {
				log.Fatal(err)
			}
		}
	}
	_ = t.n.Close()
}

func number(i int) int {
	n, err := strconv.Atoi(os.Args[i])
	if err != nil {
		log.Fatal(err)
	}
	return n
}

// say keeps to the rate: what a process that was stopped, or starved, did not say meanwhile, it does not say later.
func (t *talker) say() {
	body := make([]byte, t.size)
	due := 0.0
	last := time.Now()
	for range time.Tick(tick) {
		now := time.Now()
		due += min(now.Sub(last), 10*tick).Seconds() * float64(t.rate)
		last = now
		if !t.saying.Load() {
			due = 0
		}
		for ; due >= 1; due-- {
			binary.BigEndian.PutUint64(body, t.said.Load()+1)
			binary.BigEndian.PutUint64(body[8:], uint64(time.Now().UnixNano()))
			if t.n.Publish(body) == nil {
				t.said.Add(1)
			} else {
				t.failed.Add(1)
			}
		}
	}
}

func (t *talker) hear() {
	some := make([]node.Message, 1024)
	for {
		k, err := t.n.Receive(context.Background(), some)
		if err != nil {
			return
		}
		now := time.Now()
		t.mu.Lock()
		for _, m := range some[:k] {
			if len(m.Body) >= headSize && m.From != t.n.Name() {
				t.take(&m, now)
			}
		}
		t.mu.Unlock()
	}
}

// take counts one message.
func (t *talker) take(m *node.Message, now time.Time) {
	number := binary.BigEndian.Uint64(m.Body)
	h := t.heard[m.From]
	if h == nil {
		h = &heard{First: number, Last: number - 1}
		t.heard[m.From] = h
		m.Missed = 0 // before the first that this process was to hear
	}
	if number <= h.Last {
		h.Again++
		return
	}
	lacking := number - h.Last - 1
	h.Told += min(lacking, m.Missed)
	h.Gone += lacking - min(lacking, m.Missed)
	h.Most += m.Missed - min(lacking, m.Missed)
	h.Last = number
	h.Got++
	if len(t.latency) < places {
		t.latency = append(t.latency, now.Sub(time.Unix(0, int64(binary.BigEndian.Uint64(m.Body[8:])))))
	}
}

func (t *talker) report() report {
	members := t.n.Members()
	r := report{Said: t.said.Load(), Failed: t.failed.Load(), Stats: t.n.Stats()}
	for _, m := range members {
		if m.State == mesh.Alive || m.State == mesh.Far {
			r.Members++
		}
		if m.Flowing {
			r.Flowing++
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	r.Heard = make(map[topics.Name]*heard, len(t.heard))
	for name, h := range t.heard {
		one := *h
		r.Heard[name] = &one
	}
	slices.Sort(t.latency)
	for _, share := range []float64{0.5, 0.99, 1} {
		ms := 0.0
		if n := len(t.latency); n > 0 {
			ms = float64(t.latency[min(n-1, int(share*float64(n)))]) / float64(time.Millisecond)
		}
		r.Latency = append(r.Latency, ms)
	}
	t.latency = t.latency[:0]
	return r
}
