package link

import (
	"context"
	"sync"
	"testing"
	"time"
)

// benchmarkDial reports the cost of a connection: dial, handshake, subscription, first beat, at both ends.
func benchmarkDial(b *testing.B, tcp bool) {
	from, to := open(b, Config{Hello: "a"}), open(b, Config{})
	if tcp {
		hide(to)
	}
	to.SetBeat([]byte("0"), []byte("b"))
	discard(to)
	defer to.Close(0)
	defer from.Close(0)
	b.ReportAllocs()
	for b.Loop() {
		if err := from.Dial(context.Background(), Discovery, to.Addr(Discovery), "b"); err != nil {
			b.Fatal(err)
		}
		for e := range from.Events() {
			if e.Kind == Received {
				from.HangUp(e.ID)
			}
			if e.Kind == Down {
				break
			}
		}
	}
}

func BenchmarkDialMemory(b *testing.B) { benchmarkDial(b, false) }
func BenchmarkDialTCP(b *testing.B)    { benchmarkDial(b, true) }

// BenchmarkMesh connects every node of one process with every other, on both ports.
func BenchmarkMesh(b *testing.B) {
	const nodes = 128
	for b.Loop() {
		before := memory()
		start := time.Now()
		links := make([]*Link, nodes)
		for i := range links {
			links[i] = open(b, Config{Hello: "a", Subscribe: []string{"1"}})
			links[i].SetBeat([]byte("0"), []byte("b"))
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
		conns := float64(nodes * (nodes - 1) * 2)
		b.ReportMetric(float64(memory()-before)/conns, "B/conn")
		for _, l := range links {
			l.Close(0)
		}
	}
}
