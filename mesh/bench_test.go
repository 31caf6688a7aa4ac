package mesh

import (
	"fmt"
	"testing"
	"time"

	"hearsay/topics"
)

// settled is how many seconds it has been at rest.
const settled = 10

// meshOf is a machine that hears n peers, each of which lists all others, at rest: all message links are up.
func meshOf(n int) (*Machine, []LinkID, []topics.Name, []topics.Header, Time) {
	m := New(Config{Self: "self", Incarnation: 1, Seed: 1})
	names := make([]topics.Name, n)
	for i := range names {
		names[i] = topics.Name(fmt.Sprintf("node-%d", i))
	}
	m.Step(0, Tick{})
	links := make([]LinkID, n)
	headers := make([]topics.Header, n)
	now := Time(0)
	id := LinkID(0)
	answer := func(effects []Effect) (next []Dial) {
		for _, e := range effects {
			if d, ok := e.(Dial); ok {
				next = append(next, d)
			}
		}
		return next
	}
	dials := answer(m.Step(now, Known{names[:1]}))
	for rest := 0; rest < settled*n; {
		for len(dials) > 0 {
			now += time.Millisecond
			d := dials[0]
			dials = dials[1:]
			id++
			var k int
			fmt.Sscanf(string(d.Target), "node-%d", &k)
			port := 20000
			if d.Port == MessagePort {
				port = 30000
			} else {
				links[k] = id
			}
			dials = append(dials, answer(m.Step(now, LinkUp{id, d, fmt.Sprintf("10.0.%d.%d:%d", k/250, k%250, port)}))...)
			if d.Port == DiscoveryPort {
				headers[k] = topics.Header{
					Version: 1, Incarnation: 1, Seq: 1, Beat: 1000, List: 1, Strict: true, Complete: true, Listeners: n,
				}
				list := append([]topics.Name{names[k], "self"}, names[:k]...)
				list = append(list, names[k+1:]...)
				dials = append(dials, answer(m.Step(now, Beat{id, list, &headers[k], 0}))...)
			}
		}
		now += time.Second / time.Duration(n)
		if k := rest % n; links[k] > 0 {
			headers[k].Seq++
			headers[k].Pulse = true
			dials = answer(m.Step(now, Beat{links[k], names[k : k+1 : k+1], &headers[k], 0}))
		}
		if now >= m.Deadline() {
			dials = append(dials, answer(m.Step(now, Tick{}))...)
		}
		rest++
	}
	return m, links, names, headers, now
}

func BenchmarkPulse(b *testing.B) {
	for _, n := range []int{32, 128} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			m, links, names, headers, now := meshOf(n)
			if m.count[Alive] != n {
				b.Fatal(m.count)
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				k := i % n
				now += time.Second / time.Duration(n)
				headers[k].Seq++
				headers[k].Pulse = true
				m.Step(now, Beat{links[k], names[k : k+1 : k+1], &headers[k], 0})
				if now >= m.Deadline() {
					m.Step(now, Tick{})
				}
			}
			if m.count[Alive] != n {
				b.Fatal(m.count)
			}
		})
	}
}

func BenchmarkList(b *testing.B) {
	const n = 128
	m, links, names, headers, now := meshOf(n)
	list := append([]topics.Name{names[5], "self"}, names[:5]...)
	list = append(list, names[6:]...)
	headers[5].Pulse = false
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		headers[5].List++
		m.Step(now, Beat{links[5], list[:n-i%2], &headers[5], 0})
	}
}
