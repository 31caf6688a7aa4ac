package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hearsay/mesh"
	"hearsay/node/keys"
	"hearsay/node/nodetest"
)

// generate makes keys in a new directory.
func generate(t *testing.T, names ...string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for _, name := range names {
		if _, err := keys.Generate(dir, name); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// put replaces a file by the contents of others, at once, as whoever changes keys should.
func put(t *testing.T, path string, from ...string) {
	t.Helper()
	var all []byte
	for _, f := range from {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, text...)
	}
	if err := errors.Join(os.WriteFile(path+".new", all, 0o600), os.Rename(path+".new", path)); err != nil {
		t.Fatal(err)
	}
}

// failureOf is why a node's last dial of a peer led nowhere.
func failureOf(n *Node, name string) string {
	for _, m := range n.Members() {
		if string(m.Name) == name {
			return m.Failure
		}
	}
	return ""
}

// A locked mesh finds itself and talks. An open node, and one with another key, are outside, and are told why.
func TestLockedMesh(t *testing.T) {
	t.Parallel()
	dir := generate(t, "mesh", "other")
	secret := filepath.Join(dir, "mesh.key_secret")
	for _, overTCP := range []bool{true, false} {
		t.Run(fmt.Sprintf("tcp=%t", overTCP), func(t *testing.T) {
			t.Parallel()
			addrs := nodetest.Addresses(t, 6)
			var nodes []*Node
			for i := range 4 {
				nodes = append(nodes, start(t, Config{
					Hostname: addrs[i], Bind: addrs[i], Seeds: []string{addrs[(i+1)%4]}, OverTCP: overTCP, Keys: keys.Config{Mesh: secret},
				}))
			}
			open := start(t, Config{Hostname: addrs[4], Bind: addrs[4], Seeds: addrs[:1], OverTCP: overTCP})
			wrong := start(t, Config{
				Hostname: addrs[5], Bind: addrs[5], Seeds: addrs[:1], OverTCP: overTCP,
				Keys: keys.Config{Mesh: filepath.Join(dir, "other.key_secret")},
			})
			whole(t, nodes...)
			refusal := "wrong key: " // memory knows; of a network only that somebody hung up is known
			if overTCP {
				refusal = "wrong key, most likely: "
			}
			nodetest.Eventually(t, func() error {
				if got := failureOf(open, addrs[0]); !strings.HasPrefix(got, "no key: ") {
					return fmt.Errorf("the open node says %q", got)
				}
				if got := failureOf(wrong, addrs[0]); !strings.HasPrefix(got, refusal) {
					return fmt.Errorf("the other one says %q", got)
				}
				if s := nodes[0].Stats(); s["link_refused_no_key"] == 0 || s["link_refused_wrong_key"] == 0 {
					return fmt.Errorf("counted %v", s)
				}
				return nil
			})
			stop := make(chan struct{})
			publishUntil(t, stop, func() error { return nodes[1].Publish([]byte("to members")) })
			receive(t, nodes[0], "to members")
			close(stop)
			for _, n := range []*Node{open, wrong} {
				if got := n.Alive(); len(got) > 0 {
					t.Errorf("%s hears %v", n.Name(), got)
				}
			}
			whole(t, nodes...)
		})
	}
}

// A node that was given the key of another says so, when it becomes so: the others let it in by that name alone.
func TestKeyOfAnother(t *testing.T) {
	t.Parallel()
	addr := nodetest.Address(t)
	dir, from := t.TempDir(), generate(t, "s2", "s3", "new")
	for _, name := range []string{"s2", "s3"} {
		put(t, filepath.Join(dir, name+".key"), filepath.Join(from, name+".key"))
	}
	own := filepath.Join(dir, "own")
	log := &counted{lines: map[string]int{}, Handler: slog.NewTextHandler(nil, nil)}
	var n *Node
	for i, c := range []struct {
		key  string // that it has
		want int    // lines so far
	}{{"s2", 1}, {"new", 1}, {"s3", 2}, {"s3", 2}, {"s2", 3}} {
		put(t, own, filepath.Join(from, c.key+".key_secret"))
		if n == nil {
			n = start(t, Config{Hostname: addr, Bind: addr, Logger: slog.New(log), Keys: keys.Config{Own: own, Authorized: dir}})
		} else {
			n.ReloadKeys()
		}
		nodetest.Eventually(t, func() error {
			log.mu.Lock()
			defer log.mu.Unlock()
			if got := log.lines["key is that of another node"]; got != c.want {
				return fmt.Errorf("%d, with the key of %s: %d lines, not %d", i, c.key, got, c.want)
			}
			return nil
		})
	}
}

func TestLockedConfig(t *testing.T) {
	dir := generate(t, "a")
	for want, c := range map[string]keys.Config{
		"exclude each other":      {Mesh: "x", Own: "y", Authorized: "z"},
		"no such file":            {Mesh: filepath.Join(dir, "nothing")},
		"has no secret-key":       {Mesh: filepath.Join(dir, "a.key")},
		"no such file or":         {Own: filepath.Join(dir, "a.key_secret"), Authorized: filepath.Join(dir, "nothing")},
		"needs a directory of au": {Own: filepath.Join(dir, "a.key_secret")},
	} {
		n, err := Start(context.Background(), Config{Hostname: "127.0.0.1", Bind: "127.0.0.1", Keys: c})
		if err == nil {
			n.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%+v: %v; want %q", c, err, want)
		}
	}
}

// town is a mesh with own keys: a directory with the public keys of these nodes.
func town(t *testing.T, addrs ...string) (dir string, config func(addr string) Config) {
	dir = generate(t, addrs...)
	return dir, func(addr string) Config {
		return Config{
			Hostname: addr, Bind: addr, Seeds: addrs, OverTCP: true,
			Keys: keys.Config{Own: filepath.Join(dir, addr+keys.SecretExt), Authorized: dir},
		}
	}
}

// With own keys, nobody is under a name whose key he does not hold: neither who is dialled nor who says hello.
func TestOwnKeysBindNames(t *testing.T) {
	t.Parallel()
	addrs := nodetest.Addresses(t, 4)
	_, config := town(t, addrs...)
	nodes := []*Node{start(t, config(addrs[0])), start(t, config(addrs[1]))}
	whole(t, nodes...)

	// One that holds a key of the mesh sits at the place of another, and says that it is that one.
	liar := config(addrs[2])
	liar.Hostname, liar.Bind = addrs[3], addrs[3]
	imposter := start(t, liar)
	nodetest.Eventually(t, func() error {
		s := nodes[0].Stats()
		got := failureOf(nodes[0], addrs[3])
		if s["link_refused_unauthorized"]+s["link_refused_wrong_key"] == 0 || !strings.HasPrefix(got, "wrong key, most likely: ") {
			return fmt.Errorf("refused %v; %q", s["link_refused_unauthorized"], got)
		}
		return nil
	})
	if slices.Contains(nodes[0].Alive(), imposter.Name()) {
		t.Error("he is a member")
	}
	// The same one, at his own place and under another's name in his lists.
	imposter.Close()
	liar.Hostname, liar.Bind = addrs[3], addrs[2]
	start(t, liar)
	nodetest.Eventually(t, func() error {
		if n := nodes[0].Stats()["lists_unauthorized"]; n == 0 {
			return errors.New("his lists are not refused")
		}
		return nil
	})
	for _, name := range nodes[0].Alive() {
		if name != nodes[1].Name() {
			t.Errorf("%s is a member", name)
		}
	}
	whole(t, nodes...)
}

// asking notes what is looked up.
type asking struct {
	book
	mu    sync.Mutex
	asked map[string]int
}

func (a *asking) LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error) {
	a.mu.Lock()
	if a.asked == nil {
		a.asked = make(map[string]int)
	}
	a.asked[host]++
	a.mu.Unlock()
	return a.book.LookupNetIP(ctx, network, host)
}

// A name that others list, and of which no key is known here, is neither dialled nor looked up. It was looked up for as
// long as it was listed.
func TestNamesWithoutAKeyAreNotLookedUp(t *testing.T) {
	t.Parallel()
	names, addrs := []string{"knows_all", "knows_two", "unknown"}, nodetest.Addresses(t, 3)
	dir := generate(t, names...)
	var nodes []*Node
	var last *asking
	for i, name := range names {
		last = new(asking)
		known := dir
		if i == 1 {
			known = t.TempDir()
			for _, of := range names[:2] {
				put(t, filepath.Join(known, of+".key"), filepath.Join(dir, of+".key"))
			}
		}
		for j, of := range names {
			last.set(of, addrs[j])
		}
		cfg := Config{
			Hostname: name, Bind: addrs[i], Seeds: names[:1], OverTCP: true, Resolver: last,
			Keys: keys.Config{Own: filepath.Join(dir, name+keys.SecretExt), Authorized: known},
		}
		if i == 1 {
			defer func(a *asking) {
				a.mu.Lock()
				defer a.mu.Unlock()
				if a.asked["unknown"] > 0 || a.asked["knows_all"] == 0 {
					t.Errorf("looked up: %v", a.asked)
				}
			}(last)
		}
		nodes = append(nodes, start(t, cfg))
	}
	nodetest.Eventually(t, func() error {
		if got := failureOf(nodes[1], "unknown"); !strings.HasPrefix(got, "unauthorized") {
			return fmt.Errorf("%q", got)
		}
		return nil
	})
}

// A file that is not what it should be changes nothing, and is told of.
func TestBadKeysChangeNothing(t *testing.T) {
	t.Parallel()
	addrs := nodetest.Addresses(t, 2)
	dir := generate(t, "mesh")
	secret := filepath.Join(dir, "mesh.key_secret")
	log := &counted{lines: map[string]int{}, Handler: slog.NewTextHandler(nil, nil)}
	nodes := []*Node{}
	for _, addr := range addrs {
		nodes = append(nodes, start(t, Config{
			Hostname: addr, Bind: addr, Seeds: addrs, OverTCP: true, Logger: slog.New(log), Keys: keys.Config{Mesh: secret},
		}))
	}
	whole(t, nodes...)
	put(t, secret)
	for _, n := range nodes {
		n.ReloadKeys()
	}
	nodetest.Eventually(t, func() error {
		log.mu.Lock()
		n := log.lines["keys not changed"]
		log.mu.Unlock()
		if n < 2 {
			return fmt.Errorf("%d lines", n)
		}
		return nil
	})
	for _, n := range nodes {
		if s := n.Stats(); s["link_withdrawn"] > 0 {
			t.Errorf("%s hung somebody up", n.Name())
		}
	}
	whole(t, nodes...)
}

// The key of a mesh is changed under 1,000 messages a second: appended, put first, and the old one removed. No member
// is suspected, and no message is lost, doubled or out of order.
func TestKeyRotation(t *testing.T) {
	t.Parallel()
	const rate = 1000
	addrs := nodetest.Addresses(t, 4)
	dir := generate(t, "old", "new")
	old, new := filepath.Join(dir, "old.key_secret"), filepath.Join(dir, "new.key_secret")
	files := make([]string, len(addrs))
	var nodes []*Node
	for i, addr := range addrs {
		files[i] = filepath.Join(dir, fmt.Sprint("mesh", i))
		put(t, files[i], old)
		nodes = append(nodes, start(t, Config{
			Hostname: addr, Bind: addr, Seeds: addrs, OverTCP: true, Keys: keys.Config{Mesh: files[i]}, Beat: time.Second,
		}))
	}
	whole(t, nodes...)
	allFlow(t, nodes...)
	events := nodes[0].LastEvent()

	stop := make(chan struct{})
	var publishing sync.WaitGroup
	sent := 0
	publishing.Add(1)
	go func() {
		defer publishing.Done()
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				for range rate / 100 {
					sent++
					if err := nodes[0].Publish(fmt.Append(nil, sent)); err != nil {
						t.Error(err)
						return
					}
				}
			}
		}
	}()
	results := make(chan error, len(nodes))
	ended := make(chan struct{})
	for _, n := range nodes[1:] {
		go func() {
			for next := 1; ; next++ {
				var m Message
				select {
				case m = <-n.Messages():
				case <-time.After(nodetest.Patience):
					results <- fmt.Errorf("%s: nothing after %d", n.Name(), next-1)
					return
				}
				if got := string(m.Body); got != fmt.Sprint(next) {
					results <- fmt.Errorf("%s: %s came after %d", n.Name(), got, next-1)
					return
				}
				select {
				case <-ended:
					if next == sent {
						results <- nil
						return
					}
				default:
				}
			}
		}()
	}

	for _, step := range [][]string{{old, new}, {new, old}, {new}} {
		for i, n := range nodes { // one node after the other, as an operator does
			put(t, files[i], step...)
			n.ReloadKeys()
		}
		if slices.Equal(step, []string{new, old}) {
			nodetest.Eventually(t, func() error { // before the old key is removed, nothing may speak with it
				for _, n := range nodes {
					if renewed := n.Stats()["link_renewed"]; renewed < uint64(2*(len(nodes)-1)) {
						return fmt.Errorf("%s has renewed %d connections", n.Name(), renewed)
					}
				}
				return nil
			})
		}
	}
	close(stop)
	publishing.Wait()
	sent++
	close(ended)
	if err := nodes[0].Publish(fmt.Append(nil, sent)); err != nil {
		t.Fatal(err)
	}
	for range nodes[1:] {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
	for _, n := range nodes {
		if s := n.Stats(); s["link_withdrawn"] > 0 || s["link_refused_wrong_key"] > 0 {
			t.Errorf("%s: %d withdrawn, %d refused", n.Name(), s["link_withdrawn"], s["link_refused_wrong_key"])
		}
	}
	w := nodes[0].Watch(events)
	defer w.Close()
	for len(w.C) > 0 {
		if e := <-w.C; e.Kind == mesh.Suspected || e.Kind == mesh.Evicted {
			t.Errorf("%s is %v: %s", e.Peer, e.Kind, e.Why)
		}
	}
	whole(t, nodes...)
}

// allFlow waits until messages flow between all.
func allFlow(t *testing.T, nodes ...*Node) {
	t.Helper()
	nodetest.Eventually(t, func() error {
		for _, n := range nodes {
			count := 0
			for _, m := range n.Members() {
				if m.Flowing && m.Messages {
					count++
				}
			}
			if count != len(nodes)-1 {
				return fmt.Errorf("%s has %d of %d", n.Name(), count, len(nodes)-1)
			}
		}
		return nil
	})
}
