package mesh

import (
	"fmt"
	"testing"
)

func TestVoterOf(t *testing.T) {
	for a, want := range map[string]string{"10.0.0.1": "10.0.0.1", "10.0.0.2": "10.0.0.2", "fd00::1": "fd00:0:0:0::", "fd00::2:1": "fd00:0:0:0::"} {
		if got := voterOf(a); got != want {
			t.Errorf("%s votes as %s, want %s", a, got, want)
		}
	}
}

func TestBallot(t *testing.T) {
	type host struct{ voters, vouches, confirms int }
	for name, c := range map[string]struct {
		hosts                     []host
		voters, vouches, confirms int
	}{
		"nobody":                             {},
		"one process a host":                 {[]host{{1, 1, 0}, {1, 0, 1}, {1, 0, 0}}, 3, 1, 1},
		"one host":                           {[]host{{5, 2, 3}}, 5, 2, 3},
		"a host with ports against three":    {[]host{{4000, 4000, 0}, {1, 0, 1}, {1, 0, 1}, {1, 0, 1}}, 4, 1, 3},
		"a host with ports confirms":         {[]host{{4000, 0, 4000}, {1, 1, 0}, {1, 1, 0}}, 3, 2, 1},
		"a host that is of two minds spares": {[]host{{2, 1, 1}, {1, 0, 1}}, 2, 1, 1},
	} {
		var b ballot
		b.begin()
		for i, h := range c.hosts {
			for j := range h.voters {
				b.voter(fmt.Sprint(i), j < h.vouches)
			}
			for range h.confirms {
				b.confirm(fmt.Sprint(i))
			}
		}
		if voters, vouches, confirms := b.count(); voters != c.voters || vouches != c.vouches || confirms != c.confirms {
			t.Errorf("%s: %d voters, %d vouch, %d confirm; want %d, %d, %d", name, voters, vouches, confirms, c.voters, c.vouches, c.confirms)
		}
	}
}
