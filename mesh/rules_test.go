package mesh

import (
	"strings"
	"testing"
	"time"
)

func TestEvictLimit(t *testing.T) {
	for _, c := range []struct{ c, k, want int }{
		{0, 0, 18}, {0, 3, 18}, {1, 3, 12}, {2, 3, 9}, {3, 3, 6}, {7, 3, 6}, {3, 100, 6}, // Lifeguard: 18, 12, 8.5, 6
		{1, 1, 6}, {1, 2, 11}, {2, 2, 6}, {1, 0, 18},
	} {
		if got := evictLimit(c.c, c.k); got != c.want {
			t.Errorf("M(%d of %d) = %d, want %d", c.c, c.k, got, c.want)
		}
	}
}

func TestNeed(t *testing.T) {
	for voters, want := range map[int]int{0: 1, 1: 1, 2: 2, 3: 2, 6: 2, 7: 3, 9: 3, 10: 4, 31: 11} {
		if got := need(voters); got != want {
			t.Errorf("need(%d) = %d, want %d", voters, got, want)
		}
	}
}

func TestMissed(t *testing.T) {
	const s = time.Second
	for _, c := range []struct {
		quiet        int
		mine, theirs time.Duration
		want         int
	}{{0, s, s, 0}, {3, s, s, 3}, {3, s, s / 10, 3}, {7, s, 5 * s / 2, 2}, {8, s, 5 * s / 2, 3}, {3, 5 * s, s, 3}} {
		if got := missed(c.quiet, c.mine, c.theirs); got != c.want {
			t.Errorf("%+v: %d", c, got)
		}
	}
}

func TestProbeWait(t *testing.T) {
	c := LAN()
	const s = time.Second
	for _, v := range []struct {
		n    int
		age  time.Duration
		p    float64
		want time.Duration
	}{
		{1, 0, 0, 2 * s}, {16, 0, 1, 16 * s}, {16, 10 * time.Minute, 1, 50 * s}, {16, 2 * time.Hour, 1, 300 * s},
		{16, 0, 3, 40 * s}, {16, 0, 6, 300 * s}, {1000, 0, 0, 300 * s},
	} {
		if got := probeWait(v.n, v.age, v.p, &c); got != v.want {
			t.Errorf("%+v: %v", v, got)
		}
	}
}

func TestWaitsGrowToTheirCaps(t *testing.T) {
	c := LAN()
	const ms = time.Millisecond
	for _, v := range []struct {
		name      string
		wait      func(tries int) time.Duration
		first, at time.Duration
		last      time.Duration
	}{
		{"candidate", func(n int) time.Duration { return candidateWait(n, &c) }, 10 * time.Second, 40 * time.Second, 300 * time.Second},
		{"seed alone", func(n int) time.Duration { return seedWait(n, true, &c) }, 100 * ms, 400 * ms, 5 * time.Second},
		{"seed", func(n int) time.Duration { return seedWait(n, false, &c) }, 100 * ms, 400 * ms, 15 * time.Minute},
		{"suspect", func(n int) time.Duration { return suspectWait(n, false, false, 0, &c) }, 250 * ms, time.Second, 2 * time.Second},
		{"detached", func(n int) time.Duration { return suspectWait(n, true, false, 0, &c) }, 250 * ms, time.Second, 10 * time.Second},
		{"message", func(n int) time.Duration { return messageWait(n, time.Second) }, 250 * ms, time.Second, 5 * time.Second},
		{"hello", func(n int) time.Duration { return helloWait(n, false, 9, &c) }, 4 * time.Second, 16 * time.Second, 300 * time.Second},
		{"hello of a mute node", func(n int) time.Duration { return helloWait(n, true, 9, &c) }, 45 * time.Minute, 45 * time.Minute, 45 * time.Minute},
	} {
		if a, b, z := v.wait(1), v.wait(3), v.wait(1000); a != v.first || b != v.at || z != v.last {
			t.Errorf("%s: %v, %v, %v", v.name, a, b, z)
		}
		for n := range 100 {
			if v.wait(n) > v.wait(n+1) || v.wait(n) <= 0 {
				t.Errorf("%s: %v after %d, %v after %d", v.name, v.wait(n), n, v.wait(n+1), n+1)
			}
		}
	}
}

func TestHanging(t *testing.T) {
	for usual, want := range map[Time]time.Duration{0: 250 * time.Millisecond, 50 * time.Millisecond: 250 * time.Millisecond, time.Second: 4 * time.Second} {
		if got := hanging(usual, time.Second); got != want {
			t.Errorf("usually %v: %v, want %v", usual, got, want)
		}
	}
}

func TestListGap(t *testing.T) {
	for _, c := range []struct {
		peers     int
		lag, want time.Duration
	}{
		{0, 0, 25 * time.Millisecond},
		{6, time.Millisecond, 25 * time.Millisecond},
		{50, 0, 400 * time.Millisecond},
		{1000, 0, 1500 * time.Millisecond},
		{1, 500 * time.Millisecond, 2 * time.Second},
	} {
		if got := listGap(c.peers, c.lag, 20*time.Millisecond); got != c.want {
			t.Errorf("%d peers, %v late: %v, want %v", c.peers, c.lag, got, c.want)
		}
	}
}

// A machine whose Ticks come late all the time knows it, one that paused once, for however long, is as before.
func TestLag(t *testing.T) {
	late := func(d Time, times int) Time {
		m := newRig(t, Config{}).m
		for range times {
			m.Step(m.Deadline()+d, Tick{})
		}
		return m.lag
	}
	if lag := late(0, 100); lag != 0 {
		t.Errorf("never late: %v", lag)
	}
	if lag := late(300*time.Millisecond, 100); lag < 250*time.Millisecond || lag > 300*time.Millisecond {
		t.Errorf("300 ms late all the time: %v", lag)
	}
	if lag := late(time.Hour, 1); lag > 100*time.Millisecond {
		t.Errorf("an hour late once: %v", lag)
	}
}

func TestMessagesAfter(t *testing.T) {
	const gap = 400 * time.Millisecond // of 50 peers
	for _, c := range []struct{ met, since, want Time }{
		{met: time.Second, since: time.Second, want: time.Second + gap/2},
		{met: 1500 * time.Millisecond, since: time.Second, want: 1500*time.Millisecond + gap/2},
		{met: 3 * time.Second, since: time.Second, want: time.Second + 2*gap}, // others still come
	} {
		m := newRig(t, Config{}).m
		m.arrivals, m.metAt = 50, c.met
		if got := m.messagesAfter(&peer{since: c.since}); got != c.want {
			t.Errorf("met %v, the last at %v: after %v, want %v", c.since, c.met, got, c.want)
		}
	}
}

// Nodes that join a mesh which is up are no crowd to its members, however many they are.
func TestCrowd(t *testing.T) {
	m := newRig(t, Config{}).m
	for i := range 50 {
		m.now += 10 * time.Millisecond
		m.gather()
		if m.arrivals != i+1 || m.metAt != m.now {
			t.Fatalf("%d came, the last at %v: %d, at %v", i+1, m.now, m.arrivals, m.metAt)
		}
	}
	m.now += listGap(50, 0, m.cfg.Debounce) + 1
	if m.gather(); m.arrivals != 1 {
		t.Errorf("%d, long after the others", m.arrivals)
	}
}

func TestBudget(t *testing.T) {
	for _, c := range []struct {
		n    int
		h    float64
		want float64
	}{{0, 1, 1}, {3, 1, 1}, {15, 1, 5}, {63, .5, 10.5}, {63, 0, 0}} {
		if got := budgetCeiling(c.n, c.h); got != c.want {
			t.Errorf("ceiling(%d, %v) = %v", c.n, c.h, got)
		}
	}
	if got := budgetRefill(60, .5, time.Minute); got != 3 { // a tenth of the 30 that are heard
		t.Error(got)
	}
	if got := budgetRefill(60, 0, 5*time.Minute); got != 1 {
		t.Error(got)
	}
}

func TestMassEventAndDegraded(t *testing.T) {
	for _, c := range []struct {
		suspects, members int
		want              bool
	}{{1, 1, false}, {1, 2, false}, {2, 6, false}, {2, 5, true}, {21, 63, false}, {22, 63, true}} {
		if massEvent(c.suspects, c.members) != c.want {
			t.Errorf("mass event: %+v", c)
		}
	}
	for _, c := range []struct {
		heard, members int
		late, want     bool
	}{{0, 0, false, false}, {1, 2, false, false}, {1, 3, false, true}, {3, 3, true, true}, {0, 1, false, true}} {
		if degraded(c.heard, c.members, c.late) != c.want {
			t.Errorf("degraded: %+v", c)
		}
	}
}

func TestConfigValidate(t *testing.T) {
	good := func() Config { c := LAN(); c.Self, c.Incarnation = "a", 1; return c }
	for name, c := range map[string]Config{"LAN": LAN(), "empty": {}} {
		c.Self, c.Incarnation = "a", 1
		if err := c.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for want, change := range map[string]func(c *Config){
		"Config.Self":            func(c *Config) { c.Self = "a b" },
		"Config.Seeds":           func(c *Config) { c.Seeds = append(c.Seeds, "b", "") },
		"Config.Incarnation 0":   func(c *Config) { c.Incarnation = 0 },
		"Config.MaxPeers -1":     func(c *Config) { c.MaxPeers = -1 },
		"Config.Beat 1ms":        func(c *Config) { c.Beat = time.Millisecond },
		"Config.Interval -1s":    func(c *Config) { c.Interval = -time.Second },
		"Config.Beat 5s":         func(c *Config) { c.Beat = 5 * time.Second },
		"want at most Config":    func(c *Config) { c.BackOff = time.Hour },
		"Config.Forget 1s: want": func(c *Config) { c.Forget = time.Second },
	} {
		c := good()
		change(&c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

func TestBitset(t *testing.T) {
	var a, b bitset
	for _, i := range []int{0, 63, 64, 200} {
		a.set(i)
	}
	for _, i := range []int{63, 65} {
		b.set(i)
	}
	if !a.has(200) || a.has(201) || b.has(1000) {
		t.Fatal(a, b)
	}
	var lost, gained []int
	b.diff(a, func(i int) { lost = append(lost, i) }, func(i int) { gained = append(gained, i) })
	if len(lost) != 3 || lost[2] != 200 || len(gained) != 1 || gained[0] != 65 {
		t.Fatal(lost, gained)
	}
	a.clear(64)
	a.clear(5000)
	n := 0
	a.each(func(i int) { n++ })
	if n != 3 {
		t.Fatal(n)
	}
}

func TestFirstProbe(t *testing.T) {
	const s = time.Second
	for name, c := range map[string]struct {
		wait, held time.Duration
		share      float64
		want       time.Duration
	}{
		"a steady peer, at once":     {5 * s, 0, 0, 0},
		"a steady peer, at the most": {5 * s, 0, 1, 5 * s},
		"half of the way":            {20 * s, 10 * s, 0.5, 15 * s},
		"not while it is held":       {20 * s, 10 * s, 0, 10 * s},
		"held longer than the wait":  {5 * s, 10 * s, 0.5, 10 * s},
	} {
		if got := firstProbe(c.wait, c.held, c.share); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
