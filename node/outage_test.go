//go:build unix

package node

import (
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"testing"
	"time"

	"hearsay/mesh"
	"hearsay/node/nodetest"
	"hearsay/topics"
)

// path leads from an address to a node, and may stop carrying anything, as a network does: what is under way waits.
type path struct {
	mu      sync.Mutex
	changed *sync.Cond
	cut     map[string]bool // by port
	count   int             // of connections
	since   map[string]int  // by port: the first of them that is carried, as TCP may take as long again to resume others
	over    bool
	wg      sync.WaitGroup
	conns   []net.Conn
}

func newPath(t *testing.T, from, to string) *path {
	t.Helper()
	p := &path{cut: make(map[string]bool), since: make(map[string]int)}
	p.changed = sync.NewCond(&p.mu)
	var listeners []net.Listener
	for _, port := range []string{"20000", "30000"} {
		ln, err := net.Listen("tcp", net.JoinHostPort(from, port))
		if err != nil {
			t.Fatal(err)
		}
		listeners = append(listeners, ln)
		p.wg.Go(func() { p.serve(ln, to, port) })
	}
	t.Cleanup(func() {
		for _, ln := range listeners {
			ln.Close()
		}
		p.set(func() { p.over = true })
		p.mu.Lock()
		for _, c := range p.conns {
			c.Close()
		}
		p.mu.Unlock()
		p.wg.Wait()
	})
	return p
}

func (p *path) serve(ln net.Listener, to, port string) {
	for {
		here, err := ln.Accept()
		if err != nil {
			return
		}
		there, err := net.Dial("tcp", net.JoinHostPort(to, port))
		if err != nil {
			here.Close()
			continue
		}
		p.mu.Lock()
		p.conns = append(p.conns, here, there)
		number := p.count
		p.count++
		p.mu.Unlock()
		p.wg.Go(func() { p.carry(here, there, port, number) })
		p.wg.Go(func() { p.carry(there, here, port, number) })
	}
}

func (p *path) carry(dst, src net.Conn, port string, number int) {
	defer dst.Close()
	buf := make([]byte, 32<<10)
	for {
		n, err := src.Read(buf)
		p.mu.Lock()
		for (p.cut[port] || number < p.since[port]) && !p.over {
			p.changed.Wait()
		}
		p.mu.Unlock()
		if _, werr := dst.Write(buf[:n]); werr != nil || err == io.EOF {
			return
		}
		if err != nil {
			return
		}
	}
}

func (p *path) set(f func()) {
	p.mu.Lock()
	f()
	p.changed.Broadcast()
	p.mu.Unlock()
}

// What was published while a network carried nothing arrives when it does again, once and in order, as TCP has it;
// whether the node was suspected meanwhile, or evicted. Where TCP does not try again when the network carries, another
// connection is made, and what the old one has not brought is asked for.
func TestOutage(t *testing.T) {
	for _, c := range []struct {
		name  string
		state mesh.State // that the publisher is brought to
		stuck bool       // the old connection does not resume
	}{{"suspected", mesh.Suspect, false}, {"evicted", mesh.Quarantined, false}, {"suspected, and stuck", mesh.Suspect, true}} {
		t.Run(c.name, func(t *testing.T) {
			addrs := nodetest.Addresses(t, 4)
			listens, bound, called := addrs[0], addrs[1], addrs[2]
			way := newPath(t, called, bound)
			to := startAt(t, listens)
			startAt(t, addrs[3], listens) // who hears nobody evicts nobody
			from := start(t, Config{Hostname: called, Bind: bound, Seeds: []string{listens}})
			inState(t, topics.Name(called), mesh.Alive, []*Node{to})
			nodetest.Eventually(t, func() error {
				if err := from.Publish([]byte("warm")); err != nil {
					return err
				}
				select {
				case m := <-to.Messages():
					if string(m.Body) == "warm" {
						return nil
					}
				case <-time.After(10 * time.Millisecond):
				}
				return fmt.Errorf("nothing came")
			})

			way.set(func() { way.cut["20000"], way.cut["30000"] = true, true })
			const many = 500
			for i := range many {
				if err := from.Publish(strconv.AppendInt(nil, int64(i), 10)); err != nil {
					t.Fatal(err)
				}
			}
			inState(t, topics.Name(called), c.state, []*Node{to})
			way.set(func() { way.cut["20000"], way.since["20000"] = false, way.count })
			inState(t, topics.Name(called), mesh.Alive, []*Node{to})
			way.set(func() {
				if way.cut["30000"] = false; c.stuck {
					way.since["30000"] = way.count
				}
			})
			for i := 0; i < many; {
				select {
				case m := <-to.Messages():
					switch string(m.Body) {
					case "warm":
					case strconv.Itoa(i):
						i++
					default:
						t.Fatalf("message %q after %d", m.Body, i)
					}
				case <-time.After(nodetest.Patience):
					t.Fatalf("%d of %d messages; %+v", i, many, *to.judged.Load())
				}
			}
			stats := to.Stats()
			if n := stats["messages_repaired"] + stats["messages_relayed"]; (n > many/2) != c.stuck {
				t.Errorf("%d were asked for again, or of others", n)
			}
			if !c.stuck {
				return
			}
			messageLinks(t, to, topics.Name(called), 2)
			way.set(func() { way.since["30000"] = 0 })
			messageLinks(t, to, topics.Name(called), 1)
		})
	}
}

// messageLinks waits until a node has so many connections to a peer's messages.
func messageLinks(t *testing.T, n *Node, peer topics.Name, want int) {
	t.Helper()
	nodetest.Eventually(t, func() error {
		got := 0
		n.do(func() {
			for _, l := range n.links {
				if l.messages && l.target == peer {
					got++
				}
			}
		})
		if got != want {
			return fmt.Errorf("%d connections, not %d", got, want)
		}
		return nil
	})
}
