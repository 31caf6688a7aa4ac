package link

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"
)

const streamed = 100 // bytes of a body

// stream runs send b.N times, and reports how many messages a second arrive at receive, which is called until
// it has counted them all.
func stream(b *testing.B, send func(), receive func() (messages int)) {
	b.SetBytes(streamed)
	b.ResetTimer()
	go func() {
		for range b.N {
			send()
		}
	}()
	for n := 0; n < b.N; {
		n += receive()
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
}

// One stream of small messages over TCP, both ends in this process.
func BenchmarkStream(b *testing.B) {
	from := open(b, Config{OutboxBytes: 1 << 40}) // nothing is lost
	to := open(b, Config{Subscribe: []string{"1"}})
	hide(from)
	discard(from)
	dial(b, to, Message, from)
	settled(b, from, Message, 1, "1")
	topic, body := []byte("1"), make([]byte, streamed)
	var frames [][]byte
	stream(b, func() { _ = from.Publish(Message, topic, body) }, func() (n int) {
		e := <-to.Events()
		for frames = e.Run.Next(frames); frames != nil; frames = e.Run.Next(frames) {
			n++
		}
		return n
	})
}

func BenchmarkStreamBareZMQ4(b *testing.B) {
	pub := zmq4.NewPub(context.Background(), bareOptions()...)
	if err := pub.Listen("tcp://127.0.0.1:0"); err != nil {
		b.Fatal(err)
	}
	defer pub.Close()
	sub := bareSub(b, pub.Addr().String())
	defer sub.Close()
	eventually(b, "the subscription", func() bool { return len(pub.(zmq4.Topics).Topics()) == 1 })
	msg := zmq4.NewMsgFrom([]byte("1"), make([]byte, streamed))
	stream(b, func() { _ = pub.SendMulti(msg) }, func() int {
		if _, err := sub.Recv(); err != nil {
			b.Fatal(err)
		}
		return 1
	})
}

// One pulse to everybody in a mesh of 128, and all of them have it.
func benchmarkFanOut(b *testing.B, tcp bool) {
	const listeners = 127
	from := open(b, Config{})
	if tcp {
		hide(from)
	}
	discard(from)
	var got sync.WaitGroup
	for range listeners {
		to := open(b, Config{Subscribe: []string{"1"}})
		dial(b, to, Message, from)
		go func() {
			for e := range to.Events() {
				if e.Kind == Received {
					got.Add(-e.Run.Len())
				}
			}
		}()
	}
	settled(b, from, Message, listeners, "1")
	topic, body := []byte("1"), make([]byte, streamed)
	b.ReportAllocs()
	for b.Loop() {
		got.Add(listeners)
		_ = from.Publish(Message, topic, body)
		got.Wait()
	}
}

func BenchmarkFanOutMemory(b *testing.B) { benchmarkFanOut(b, false) }
func BenchmarkFanOutTCP(b *testing.B)    { benchmarkFanOut(b, true) }

// A connection from dial to the end: handshake, subscription, first beat, at both ends.
func benchmarkDial(b *testing.B, tcp bool) {
	from, to := open(b, Config{Hello: "a"}), open(b, Config{})
	if tcp {
		hide(to)
	}
	to.SetBeats([][]byte{[]byte("0"), []byte("b")}, nil)
	discard(to)
	b.ReportAllocs()
	for b.Loop() {
		dial(b, from, Discovery, to)
		from.HangUp(next(b, from, Received).ID)
		next(b, from, Down)
	}
}

func BenchmarkDialMemory(b *testing.B) { benchmarkDial(b, false) }
func BenchmarkDialTCP(b *testing.B)    { benchmarkDial(b, true) }

// Every node of one process connects with every other, on both ports. B/conn is what a connection takes of
// the heap and of stacks, both its ends together.
func BenchmarkMesh(b *testing.B) {
	const nodes = 128
	for b.Loop() {
		before := memory()
		start := time.Now()
		links := make([]*Link, nodes)
		for i := range links {
			links[i] = open(b, Config{Hello: "a", Subscribe: []string{"1"}})
			links[i].SetBeats([][]byte{[]byte("0"), []byte("b")}, nil)
		}
		discard(links...)
		var dials sync.WaitGroup
		for _, from := range links {
			dials.Go(func() {
				for _, to := range links {
					for _, p := range []Port{Discovery, Message} {
						if from != to {
							if err := from.Dial(context.Background(), p, to.Addr(p), ""); err != nil {
								b.Error(err)
							}
						}
					}
				}
			})
		}
		dials.Wait()
		b.ReportMetric(time.Since(start).Seconds(), "s/setup")
		b.ReportMetric(float64(memory()-before)/(nodes*(nodes-1)*2), "B/conn")
		for _, l := range links {
			l.Close(0)
		}
	}
}

// What a node pays for each of a thousand quiet connections over TCP, at both ends.
func BenchmarkIdleTCP(b *testing.B) {
	const conns = 1000
	for b.Loop() {
		before := memory()
		from, to := open(b, Config{Hello: "a"}), open(b, Config{})
		hide(to)
		discard(from, to)
		for range conns {
			dial(b, from, Discovery, to)
		}
		settled(b, to, Discovery, conns)
		b.ReportMetric(float64(memory()-before)/conns, "B/conn")
		from.Close(0)
		to.Close(0)
	}
}
