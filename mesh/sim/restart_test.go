package sim

import (
	"testing"
	"time"

	"hearsay/topics"
)

// A hub that was given nobody comes back by itself: those that it knew look for it, all together about once a beat.
func TestHubWithoutSeedsComesBack(t *testing.T) {
	t.Parallel()
	for down, within := range map[time.Duration]time.Duration{
		300 * time.Millisecond: time.Second, 3 * time.Second: 2 * time.Second, 20 * time.Second: 4 * time.Second,
	} {
		for seed := range uint64(2) {
			s := newStage(t, 16, seed, "", func(p *Plan) { p.topology(1) })
			s.whole(time.Second)
			s.pass(2 * time.Minute)
			s.do(Crash{0})
			s.pass(down)
			s.do(Start{0})
			s.within(within, "back", Whole())
		}
	}
}

func TestPowerCutAndBack(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2) {
		for _, off := range []time.Duration{500 * time.Millisecond, 2 * time.Second, 20 * time.Second} {
			s := newStage(t, 8, seed, "", func(*Plan) {})
			s.pass(warm)
			s.do(PowerCut{3})
			s.pass(off)
			s.do(PowerOn{3})
			s.within(3*time.Second, "back", Whole())
		}
	}
}

// A node that comes back elsewhere is back within a round trip or two, though the dials that its end caused may hang at
// the address that it had.
func TestRestartElsewhere(t *testing.T) {
	t.Parallel()
	for seed := range uint64(30) {
		s := newStage(t, 8, 1000+seed, "", func(*Plan) {})
		s.pass(20 * time.Second)
		s.do(Crash{3})
		s.pass(300 * time.Millisecond)
		s.do(Readdress{3, []string{"10.7.7.7"}}, Start{3})
		s.within(time.Second, "back", Whole())
	}
}

// The same where DNS knows no name: its hello is what shows where it is, and the address that it had may hang.
func TestRestartElsewhereWithoutNames(t *testing.T) {
	t.Parallel()
	for seed := range uint64(30) {
		s := newStage(t, 6, 2000+seed, "", func(p *Plan) { p.addresses() })
		s.whole(2 * time.Second)
		s.pass(20*time.Second + s.between(0, time.Second))
		s.do(Crash{3})
		s.pass(s.between(0, 4*time.Second))
		s.do(Readdress{3, []string{"10.7.7.7"}}, Start{3})
		s.within(2*time.Second, "back", Whole())
	}
}

// addresses gives all the addresses of all, and no name an answer.
func (p *Plan) addresses() {
	var seeds []topics.Name
	for _, h := range p.Hosts {
		seeds = append(seeds, topics.Name(h.Addrs[0]))
	}
	for i := range p.Hosts {
		p.Hosts[i].NoName, p.Hosts[i].Seeds = true, seeds
	}
}

func (s *stage) between(min, max time.Duration) time.Duration { return Span{min, max}.pick(s.net.rng) }

// BenchmarkJoin is 128 machines finding each other in one process.
func BenchmarkJoin(b *testing.B) {
	for range b.N {
		s := newStage(b, 128, 1, "", func(*Plan) {})
		s.whole(3 * time.Second)
	}
}
