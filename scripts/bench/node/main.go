// Command node is an application over hearsay for scripts/messages.sh: one process of a measurement.
//
//	node ROLE INDEX MEMBERS COUNT SIZE RATE [channel|lossy]...
//
// ROLE is pub, sub or both. Members have the addresses 127.0.0.1 and up. It prints "ready" when everybody whom it is to
// reach is reached, begins at the next line of its standard input, and prints what came of it as one line of JSON. With
// BENCH_MESH_KEY=FILE in the environment the mesh is locked with the key in it.
package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"os/signal"
	"runtime/pprof"
	"slices"
	"strconv"
	"sync"
	"time"

	"hearsay/node"
)

const silence = 3 * time.Second // without a message: the rest is lost

type options struct {
	role                 string
	index, members       int
	count, size, rate    int
	channel, lossy, echo bool
}

// result is what one process has seen. Times are Unix nanoseconds, latencies microseconds.
type result struct {
	Sent     int       `json:"sent"`
	Refused  int       `json:"refused"` // calls of Publish that returned an error
	Sending  float64   `json:"sending"` // seconds
	Expected int       `json:"expected"`
	Got      int       `json:"got"`
	Disorder int       `json:"disorder"` // messages after a later one of their sender
	First    int64     `json:"first"`
	Last     int64     `json:"last"`
	Latency  []float64 `json:"latency"` // p50, p99, p99.9, most
}

func main() {
	o := options{role: os.Args[1], index: number(2), members: number(3), count: number(4), size: number(5), rate: number(6)}
	for _, word := range os.Args[7:] {
		switch word {
		case "channel":
			o.channel = true
		case "lossy":
			o.lossy = true
		case "echo":
			o.echo = true
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o); err != nil {
		log.Fatal(err)
	}
}

func number(i int) int {
	n, err := strconv.Atoi(os.Args[i])
	if err != nil {
		log.Fatal(err)
	}
	return n
}

func address(i int) string { return fmt.Sprintf("127.0.0.%d", i+1) }

func run(ctx context.Context, o options) error {
	cfg := node.Config{Hostname: address(o.index), Bind: address(o.index), Queue: 1 << 20, Keys: node.Keys{Mesh: os.Getenv("BENCH_MESH_KEY")}}
	if o.index > 0 {
		cfg.Seeds = []string{address(0)}
	}
	n, err := node.Start(ctx, cfg)
	if err != nil {
		return err
	}
	defer n.Close()
	for flowing := 0; flowing < o.members-1; {
		time.Sleep(20 * time.Millisecond)
		flowing = 0
		for _, m := range n.Members() {
			if m.Flowing {
				flowing++
			}
		}
	}
	in := bufio.NewReader(os.Stdin)
	fmt.Println("ready")
	if _, err := in.ReadString('\n'); err != nil {
		return err
	}
	if name := os.Getenv("PROFILE"); name != "" {
		f, err := os.Create(name + "-" + o.role + ".pprof")
		if err != nil {
			return err
		}
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}

	var r result
	var work sync.WaitGroup
	if o.role != "pub" {
		r.Expected = o.count
		if o.role == "both" {
			r.Expected *= o.members - 1
		}
		work.Go(func() { subscribe(ctx, n, o, &r) })
	} else if o.echo {
		go discard(ctx, n)
	}
	if o.role != "sub" {
		work.Go(func() { publish(ctx, n, o, &r) })
	}
	work.Wait()
	pprof.StopCPUProfile()
	if err := json.NewEncoder(os.Stdout).Encode(r); err != nil {
		return err
	}
	_, _ = in.ReadString('\n')
	return nil
}

func discard(ctx context.Context, n *node.Node) {
	var batch [256]node.Message
	for {
		if _, err := n.Receive(ctx, batch[:]); err != nil {
			return
		}
	}
}

// publish sends at a rate, or as fast as it goes. A message carries the time at which it was due if the publisher was
// still busy then, and else the time at which the publisher woke: what a timer is late by is nobody's latency.
func publish(ctx context.Context, n *node.Node, o options, r *result) {
	body := make([]byte, o.size)
	binary.BigEndian.PutUint32(body[16:], uint32(o.index))
	begin := time.Now()
	for i := range o.count {
		at := time.Now()
		if o.rate > 0 {
			due := begin.Add(time.Duration(float64(i) / float64(o.rate) * 1e9))
			if wait := due.Sub(at); wait > 0 {
				sleep(wait)
				at = time.Now()
			} else {
				at = due
			}
		}
		binary.BigEndian.PutUint64(body, uint64(at.UnixNano()))
		binary.BigEndian.PutUint64(body[8:], uint64(i))
		if send(ctx, n, o, body) != nil {
			r.Refused++
		}
	}
	r.Sent, r.Sending = o.count, time.Since(begin).Seconds()
}

func send(ctx context.Context, n *node.Node, o options, body []byte) error {
	if o.lossy {
		return n.Publish(body)
	}
	return n.PublishWait(ctx, body)
}

// subscribe counts until everything has come, or nothing comes any more.
func subscribe(ctx context.Context, n *node.Node, o options, r *result) {
	latencies := make([]float64, 0, r.Expected)
	last := make(map[uint32]uint64)
	self := string(n.Name())
	take := func(m *node.Message, now int64) {
		if string(m.From) == self || len(m.Body) < 20 {
			return
		}
		if r.Got++; r.Got == 1 {
			r.First = now
		}
		r.Last = now
		from, seq := binary.BigEndian.Uint32(m.Body[16:]), binary.BigEndian.Uint64(m.Body[8:])
		if before, known := last[from]; known && seq <= before {
			r.Disorder++
		}
		last[from] = seq
		latencies = append(latencies, float64(now-int64(binary.BigEndian.Uint64(m.Body)))/1e3)
	}
	if o.channel {
		timer := time.NewTimer(time.Minute)
		defer timer.Stop()
		for messages := n.Messages(); r.Got < r.Expected; {
			timer.Reset(silence)
			select {
			case m := <-messages:
				take(&m, time.Now().UnixNano())
			case <-timer.C:
				if r.Got > 0 {
					goto end
				}
			}
		}
	} else {
		var batch [256]node.Message
		limited, cancel := context.WithCancel(ctx)
		defer cancel()
		quiet := time.AfterFunc(time.Minute, cancel)
		for r.Got < r.Expected {
			got, err := n.Receive(limited, batch[:])
			if err != nil {
				break
			}
			quiet.Reset(silence)
			now := time.Now().UnixNano()
			for i := range batch[:got] {
				take(&batch[i], now)
			}
		}
	}
end:
	r.Latency = percentiles(latencies)
}

func percentiles(v []float64) []float64 {
	if len(v) == 0 {
		return nil
	}
	slices.Sort(v)
	at := func(p float64) float64 { return v[min(len(v)-1, int(p*float64(len(v))))] }
	return []float64{at(0.5), at(0.99), at(0.999), v[len(v)-1]}
}
