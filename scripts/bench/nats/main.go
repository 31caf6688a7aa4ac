// Command nats is an application over NATS core for scripts/messages.sh, or its server.
//
//	nats server ADDR                              until its standard input ends
//	nats ROLE INDEX MEMBERS COUNT SIZE RATE ADDR  as scripts/bench/node
package main

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

const (
	silence = 3 * time.Second
	subject = "1"
)

type result struct {
	Sent     int       `json:"sent"`
	Refused  int       `json:"refused"`
	Sending  float64   `json:"sending"`
	Expected int       `json:"expected"`
	Got      int       `json:"got"`
	Disorder int       `json:"disorder"`
	First    int64     `json:"first"`
	Last     int64     `json:"last"`
	Latency  []float64 `json:"latency"`
}

func main() {
	if err := run(os.Args[1]); err != nil {
		log.Fatal(err)
	}
}

func run(role string) error {
	in := bufio.NewReader(os.Stdin)
	if role == "server" {
		return serve(os.Args[2], in)
	}
	index, members, count, size, rate := number(2), number(3), number(4), number(5), number(6)
	nc, err := nats.Connect("nats://"+os.Args[7], nats.NoEcho())
	if err != nil {
		return err
	}
	defer nc.Close()
	var r result
	var work sync.WaitGroup
	received := make(chan struct{})
	if role != "pub" {
		r.Expected = count
		if role == "both" {
			r.Expected *= members - 1
		}
		s, err := nc.Subscribe(subject, receiver(&r, received))
		if err != nil {
			return err
		}
		if err := s.SetPendingLimits(-1, -1); err != nil { // nothing is lost here
			return err
		}
		if err := nc.Flush(); err != nil {
			return err
		}
		work.Go(func() { await(&r, received) })
	}
	fmt.Println("ready")
	if _, err := in.ReadString('\n'); err != nil {
		return err
	}
	if role != "sub" {
		work.Go(func() { publish(nc, index, count, size, rate, &r) })
	}
	work.Wait()
	if err := json.NewEncoder(os.Stdout).Encode(&r); err != nil {
		return err
	}
	_, _ = in.ReadString('\n')
	return nil
}

func number(i int) int {
	n, err := strconv.Atoi(os.Args[i])
	if err != nil {
		log.Fatal(err)
	}
	return n
}

func serve(addr string, in *bufio.Reader) error {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return err
	}
	p, err := strconv.Atoi(port)
	if err != nil {
		return err
	}
	s, err := server.NewServer(&server.Options{Host: host, Port: p, NoSigs: true, NoLog: true})
	if err != nil {
		return err
	}
	s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		return fmt.Errorf("no server at %s", addr)
	}
	fmt.Println("ready")
	_, _ = in.ReadString('\n')
	s.Shutdown()
	return nil
}

// publish stamps messages as scripts/bench/node does.
func publish(nc *nats.Conn, index, count, size, rate int, r *result) {
	body := make([]byte, size)
	binary.BigEndian.PutUint32(body[16:], uint32(index))
	begin := time.Now()
	for i := range count {
		at := time.Now()
		if rate > 0 {
			due := begin.Add(time.Duration(float64(i) / float64(rate) * 1e9))
			if wait := due.Sub(at); wait > 0 {
				sleep(wait)
				at = time.Now()
			} else {
				at = due
			}
		}
		binary.BigEndian.PutUint64(body, uint64(at.UnixNano()))
		binary.BigEndian.PutUint64(body[8:], uint64(i))
		if nc.Publish(subject, body) != nil {
			r.Refused++
		}
	}
	if nc.Flush() != nil {
		r.Refused++
	}
	r.Sent, r.Sending = count, time.Since(begin).Seconds()
}

var latencies []float64

// receiver counts in the goroutine of the subscription.
func receiver(r *result, received chan<- struct{}) nats.MsgHandler {
	last := make(map[uint32]uint64)
	return func(m *nats.Msg) {
		now := time.Now().UnixNano()
		if r.Got++; r.Got == 1 {
			r.First = now
		}
		r.Last = now
		from, seq := binary.BigEndian.Uint32(m.Data[16:]), binary.BigEndian.Uint64(m.Data[8:])
		if before, known := last[from]; known && seq <= before {
			r.Disorder++
		}
		last[from] = seq
		latencies = append(latencies, float64(now-int64(binary.BigEndian.Uint64(m.Data)))/1e3)
		if progress.Add(1); r.Got == r.Expected {
			close(received)
		}
	}
}

var progress atomic.Int64 // messages received, for who waits

// await returns when everything has come, or nothing comes any more.
func await(r *result, received <-chan struct{}) {
	for before := int64(0); ; {
		select {
		case <-received:
			r.Latency = percentiles(latencies)
			return
		case <-time.After(silence):
			if now := progress.Load(); now > 0 && now == before {
				r.Latency = percentiles(latencies)
				return
			} else {
				before = now
			}
		}
	}
}

func percentiles(v []float64) []float64 {
	if len(v) == 0 {
		return nil
	}
	slices.Sort(v)
	at := func(p float64) float64 { return v[min(len(v)-1, int(p*float64(len(v))))] }
	return []float64{at(0.5), at(0.99), at(0.999), v[len(v)-1]}
}
