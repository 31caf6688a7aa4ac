package mesh

import (
	"math"
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

func TestPenaltyDecays(t *testing.T) {
	const h = 10 * time.Minute
	for _, c := range []struct {
		p    float64
		dt   time.Duration
		want float64
	}{{0, h, 0}, {1, 0, 1}, {1, h, .5}, {6, 2 * h, 1.5}, {1, 24 * time.Hour, 0}} {
		if got := decay(c.p, c.dt, h); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

func TestProbationBeats(t *testing.T) {
	for _, c := range []struct {
		p    float64
		want int
	}{{0, 1}, {1, 1}, {1.25, 1}, {1.5, 2}, {2, 3}, {3, 12}, {4, 46}, {6, 48}} {
		if got := probationBeats(c.p); got != c.want {
			t.Errorf("P = %v: %d beats, want %d", c.p, got, c.want)
		}
	}
}

func TestHold(t *testing.T) {
	const s = time.Second
	for _, c := range []struct {
		p    float64
		want time.Duration
	}{{0, 0}, {1.25, 0}, {2, 10 * s}, {3, 20 * s}, {5, 60 * s}, {6, 60 * s}} {
		if got := hold(c.p, 10*s); got != c.want {
			t.Errorf("P = %v: %v, want %v", c.p, got, c.want)
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
		{"seed", func(n int) time.Duration { return seedWait(n, false, &c) }, 100 * ms, 400 * ms, 10 * time.Second},
		{"suspect", func(n int) time.Duration { return suspectWait(n, false, time.Second) }, 250 * ms, time.Second, 2 * time.Second},
		{"detached", func(n int) time.Duration { return suspectWait(n, true, time.Second) }, 250 * ms, time.Second, 10 * time.Second},
		{"message", func(n int) time.Duration { return messageWait(n, time.Second) }, 250 * ms, time.Second, 10 * time.Second},
		{"hello", func(n int) time.Duration { return helloWait(n, time.Second) }, 4 * time.Second, 16 * time.Second, 64 * time.Second},
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
		m.crowd, m.metAt = 50, c.met
		if got := m.messagesAfter(&peer{since: c.since}); got != c.want {
			t.Errorf("met %v, the last at %v: after %v, want %v", c.since, c.met, got, c.want)
		}
	}
}

// Who joins a mesh that is up is no crowd to its members, however many they are.
func TestCrowd(t *testing.T) {
	m := newRig(t, Config{}).m
	for i := range 50 {
		m.now += 10 * time.Millisecond
		m.gather()
		if m.crowd != i+1 || m.metAt != m.now {
			t.Fatalf("%d came, the last at %v: %d, at %v", i+1, m.now, m.crowd, m.metAt)
		}
	}
	m.now += listGap(50, 0, m.cfg.Debounce) + 1
	if m.gather(); m.crowd != 1 {
		t.Errorf("%d, long after the others", m.crowd)
	}
}

func TestBudget(t *testing.T) {
	for _, c := range []struct {
		n    int
		h    float64
		want float64
	}{{0, 1, 1}, {3, 1, 1}, {15, 1, 5}, {63, .5, 10.5}, {63, 0, 1}} {
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

func TestBucket(t *testing.T) {
	var b bucket
	for i := range 3 {
		if !b.take(0, 3, time.Second) {
			t.Fatal("no token", i)
		}
	}
	if b.take(999*time.Millisecond, 3, time.Second) || !b.take(time.Second, 3, time.Second) {
		t.Fatal("one token a second")
	}
	b.back()
	if b.empty(time.Second, 3, time.Second) || b.full(time.Second, time.Second) || !b.full(time.Hour, time.Second) {
		t.Fatal(b)
	}
}

func TestConfigValidate(t *testing.T) {
	good := func() Config { c := LAN(); c.Self, c.Incarnation = "a", 1; return c }
	for name, c := range map[string]Config{"LAN": LAN(), "WAN": WAN(), "Fast": Fast(), "empty": {}} {
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
