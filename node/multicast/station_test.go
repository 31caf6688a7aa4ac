package multicast

import (
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"hearsay/node/nodetest"
	"hearsay/topics"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var lastGroup struct {
	sync.Mutex
	n byte
}

// group returns a group that no other test of this process has, on a port that nobody has.
func group(t *testing.T) netip.AddrPort {
	t.Helper()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	lastGroup.Lock()
	defer lastGroup.Unlock()
	lastGroup.n++
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{239, 77, 78, lastGroup.n}), uint16(c.LocalAddr().(*net.UDPAddr).Port))
}

// heard is what a station was told.
type heard struct {
	sync.Mutex
	hints []Hint
}

func (h *heard) add(x Hint) { h.Lock(); h.hints = append(h.hints, x); h.Unlock() }

func (h *heard) has(name topics.Name) (found []Hint) {
	h.Lock()
	defer h.Unlock()
	for _, x := range h.hints {
		if x.Name == name {
			found = append(found, x)
		}
	}
	return found
}

// station opens one on the loopback interface, unless the test has another wish.
func station(t *testing.T, name topics.Name, g netip.AddrPort, but ...func(*Config)) (*Station, *heard) {
	t.Helper()
	lo := loopback(t)
	h := &heard{}
	cfg := Config{
		Beacon: Beacon{Version: 1, Name: name, Incarnation: 7}, Groups: []netip.AddrPort{g}, Interfaces: []string{lo},
		Alone: func() bool { return true }, Heard: h.add, Log: slog.New(slog.DiscardHandler),
	}
	for _, f := range but {
		f(&cfg)
	}
	s, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s, h
}

// loopback is the name of that interface.
func loopback(t *testing.T) string {
	t.Helper()
	all, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range all {
		if i.Flags&net.FlagLoopback != 0 && i.Flags&net.FlagUp != 0 {
			return i.Name
		}
	}
	t.Skip("this machine has no loopback interface")
	return ""
}

// Several stations of one machine share a port, and each hears all the others, from the address that it is bound to.
func TestStationsHearEachOther(t *testing.T) {
	t.Parallel()
	g := group(t)
	addrs := nodetest.Addresses(t, 3)
	var all []*heard
	var stations []*Station
	for i, addr := range addrs {
		bind := netip.MustParseAddr(addr)
		s, h := station(t, topics.Name(fmt.Sprint("n", i)), g, func(c *Config) { c.Interfaces, c.Bind = nil, bind })
		all, stations = append(all, h), append(stations, s)
	}
	nodetest.Eventually(t, func() error {
		for i, h := range all {
			for j, addr := range addrs {
				found := h.has(topics.Name(fmt.Sprint("n", j)))
				if i != j && (len(found) == 0 || found[0].From.String() != addr) {
					return fmt.Errorf("n%d heard of n%d: %v", i, j, found)
				}
				if i == j && len(found) > 0 {
					return fmt.Errorf("n%d is told of itself", i)
				}
			}
		}
		return nil
	})
	s := stations[0].State()
	if s.Problem != "" || len(s.Interfaces) != 1 || len(s.Groups) != 1 {
		t.Errorf("%+v", s)
	}
	if stats := stations[0].Stats(); stats["sent"] == 0 || stats["heard"] < 2 || stats["failed"] > 0 {
		t.Errorf("%v", stats)
	}
}

// speaker is somebody who sends to a group what no station would.
func speaker(t *testing.T, g netip.AddrPort) func(packet []byte) {
	t.Helper()
	ifi, err := net.InterfaceByName(loopback(t))
	if err != nil {
		t.Fatal(err)
	}
	m, err := newMouth(mouthKey{group: g, from: netip.MustParseAddr("127.0.0.1")}, iface{Interface: *ifi})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.close)
	return func(packet []byte) {
		if err := m.say(packet); err != nil {
			t.Error(err)
		}
	}
}

// What is no beacon, too large, or to another group is dropped, and counted; a beacon after it is heard.
func TestGarbageIsCounted(t *testing.T) {
	t.Parallel()
	g := group(t)
	s, h := station(t, "a", g)
	elsewhere := netip.AddrPortFrom(netip.MustParseAddr("239.77.79.1"), g.Port())
	station(t, "other", elsewhere) // which joins it on the same interface
	say, sayElsewhere := speaker(t, g), speaker(t, elsewhere)
	say([]byte("1 a,b,c"))
	say(nil)
	say(make([]byte, MaxBeacon+1))
	say(make([]byte, 8000))
	sayElsewhere(Append(nil, Beacon{Version: 1, Name: "lost"}))
	say(Append(nil, Beacon{Version: 1, Name: "found"}))
	nodetest.Eventually(t, func() error {
		stats := s.Stats()
		if stats["malformed"] != 2 || stats["oversized"] != 2 || stats["elsewhere"] == 0 || len(h.has("found")) != 1 {
			return fmt.Errorf("%v, heard %v", stats, h.has("found"))
		}
		return nil
	})
	if len(h.has("lost"))+len(h.has("other")) > 0 {
		t.Error("it hears another group")
	}
}

// One address that floods is heard no more than it may be, and others are heard meanwhile.
func TestFlood(t *testing.T) {
	t.Parallel()
	g := group(t)
	s, h := station(t, "a", g)
	say := speaker(t, g)
	for i := range 1000 {
		say(Append(nil, Beacon{Version: 1, Name: topics.Name(fmt.Sprint("flood", i))}))
	}
	_, _ = station(t, "honest", g, func(c *Config) { c.Interfaces, c.Bind = nil, netip.MustParseAddr(nodetest.Address(t)) })
	nodetest.Eventually(t, func() error {
		if stats := s.Stats(); stats["flooded"] == 0 || len(h.has("honest")) == 0 {
			return fmt.Errorf("%v, %d", stats, len(h.has("honest")))
		}
		return nil
	})
}

// What may be said is a matter of rates, for each address and for all.
func TestFilter(t *testing.T) {
	t.Parallel()
	var f filter
	f.init()
	a, b := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2")
	taken := 0
	for range 1000 {
		if f.source(a, time.Second) {
			taken++
		}
	}
	if taken != eachBurst || !f.source(b, time.Second) {
		t.Errorf("%d of one address, and none of another", taken)
	}
	taken = 0
	for range 1000 {
		if f.source(a, 2*time.Second) {
			taken++
		}
	}
	if taken != eachSecond {
		t.Errorf("%d a second later", taken)
	}
	for i := range 5000 {
		f.source(netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)}), 3*time.Second)
	}
	if len(f.sources) > maxSources {
		t.Errorf("%d addresses are told apart", len(f.sources))
	}
	waits := 0
	for range allBurst + allSecond {
		if f.all(4*time.Second) > 0 {
			waits++
		}
	}
	if waits < allSecond/2 || waits > allSecond {
		t.Errorf("%d of %d have to wait", waits, allBurst+allSecond)
	}
}

// An interface that comes is used, and one that goes is not missed.
func TestInterfacesComeAndGo(t *testing.T) {
	t.Parallel()
	g := group(t)
	var mu sync.Mutex
	var there []iface
	set := func(now []iface) { mu.Lock(); there = now; mu.Unlock() }
	s, h := station(t, "a", g, func(c *Config) {
		c.list = func() []iface { mu.Lock(); defer mu.Unlock(); return there }
	})
	if st := s.State(); !strings.Contains(st.Problem, "this machine has no interface") || len(st.Interfaces) > 0 {
		t.Errorf("%+v", st)
	}
	station(t, "b", g)
	set(system())
	nodetest.Eventually(t, func() error {
		if st := s.State(); st.Problem != "" || len(st.Interfaces) != 1 || len(h.has("b")) == 0 {
			return fmt.Errorf("%+v, heard %v", st, h.has("b"))
		}
		return nil
	})
	set(nil)
	nodetest.Eventually(t, func() error {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.problem == "" || len(s.mouths) > 0 {
			return fmt.Errorf("%q, %d", s.problem, len(s.mouths))
		}
		return nil
	})
}

// Which interfaces are fit, and why none is.
func TestFit(t *testing.T) {
	t.Parallel()
	const up = net.FlagUp | net.FlagMulticast
	make := func(name string, flags net.Flags, addrs ...string) iface {
		i := iface{Interface: net.Interface{Name: name, Flags: flags}}
		for _, a := range addrs {
			i.addrs = append(i.addrs, netip.MustParsePrefix(a))
		}
		return i
	}
	all := []iface{
		make("lo", net.FlagUp|net.FlagLoopback, "127.0.0.1/8", "::1/128"),
		make("eth0", up, "10.0.0.1/24", "fe80::1/64", "2001:db8::1/64"),
		make("eth1", up, "192.168.0.1/24", "fe80::2/64"),
		make("down", net.FlagMulticast, "10.1.0.1/24"),
		make("tun", net.FlagUp, "10.2.0.1/24"),
		make("bare", up),
	}
	for _, c := range []struct {
		named string
		bind  string
		v4    bool
		want  string // interfaces with the address that is sent from
		why   string
	}{
		{v4: true, want: "eth0 10.0.0.1, eth1 192.168.0.1"},
		{want: "eth0 2001:db8::1, eth1 fe80::2"},
		{named: "lo", v4: true, want: "lo 127.0.0.1"},
		{named: "lo,eth1", v4: true, want: "lo 127.0.0.1, eth1 192.168.0.1"},
		{named: "eth9", v4: true, why: "this machine has no interface eth9"},
		{named: "down", v4: true, why: "down is down, carries no multicast, or has no address"},
		{named: "bare", v4: true, why: "bare is down, carries no multicast, or has no address"},
		{bind: "192.168.0.1", v4: true, want: "eth1 192.168.0.1"},
		{bind: "127.77.0.5", v4: true, want: "lo 127.77.0.5"},
		{bind: "2001:db8::1", want: "eth0 2001:db8::1"},
		{bind: "10.9.9.9", v4: true, why: "no interface with multicast has the address 10.9.9.9"},
		{bind: "10.2.0.1", v4: true, why: "no interface with multicast has the address 10.2.0.1"},
	} {
		cfg := Config{}
		if c.named != "" {
			cfg.Interfaces = strings.Split(c.named, ",")
		}
		if c.bind != "" {
			cfg.Bind = netip.MustParseAddr(c.bind)
		}
		fit, why := cfg.fit(all, c.v4)
		var got []string
		for _, i := range fit {
			got = append(got, i.Name+" "+i.from(c.v4, cfg.Bind).String())
		}
		if strings.Join(got, ", ") != c.want || why != c.why {
			t.Errorf("%+v: %v, %q", c, got, why)
		}
	}
	if fit, why := (&Config{}).fit(nil, true); len(fit) > 0 || !strings.Contains(why, "no interface is up") {
		t.Errorf("%v, %q", fit, why)
	}
	many := slices.Repeat(all[1:2], 100)
	if fit, _ := (&Config{}).fit(many, true); len(fit) != maxInterfaces {
		t.Errorf("%d are used", len(fit))
	}
}

// What is no group is refused.
func TestCheckGroup(t *testing.T) {
	t.Parallel()
	for text, good := range map[string]bool{
		"239.77.77.77:20000": true, "[ff02::7777]:20000": true, "224.0.0.1:1": true,
		"10.0.0.1:20000": false, "239.77.77.77:0": false, "[ff02::1%eth0]:5": false, "[::ffff:239.1.1.1]:5": false, "[fe80::1]:5": false,
	} {
		if err := CheckGroup(netip.MustParseAddrPort(text)); (err == nil) != good {
			t.Errorf("%s: %v", text, err)
		}
	}
}
