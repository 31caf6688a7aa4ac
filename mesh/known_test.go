package mesh

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"hearsay/topics"
)

// deadNames are names of an earlier life of which nobody is left.
func deadNames(n int) (names []topics.Name) {
	for i := range n {
		names = append(names, topics.Name(fmt.Sprintf("dead%d", i)))
	}
	return names
}

// However many names of an earlier life are dead, the living one behind them is found.
func TestRememberedNamesAreTriedInWaves(t *testing.T) {
	for _, dead := range []int{0, 1, 63, 64, 65, 500, 1023} {
		r := newRig(t, Config{})
		r.puppet("living")
		r.step(Known{append(deadNames(dead), "living")})
		for at := Time(0); r.state("living") != Alive; at += 100 * time.Millisecond {
			if at > time.Minute {
				t.Fatalf("behind %d dead names it is not found: it is %v; %+v", dead, r.state("living"), r.m.Stats())
			}
			if n := r.m.count[Candidate]; n > perSource {
				t.Fatalf("%d candidates", n)
			}
			r.pass(100 * time.Millisecond)
		}
	}
}

// The same where nothing answers at all: no dial fails before its time is over.
func TestRememberedNamesThatLeadNowhere(t *testing.T) {
	const patience = 3500 * time.Millisecond // of a dial, in package node
	for dead, within := range map[int]time.Duration{64: 30 * time.Second, 500: 3 * time.Minute} {
		r := newRig(t, Config{})
		r.sparse = 50
		r.puppet("living")
		names := deadNames(dead)
		for _, name := range names {
			r.puppet(name).hang = true
		}
		r.step(Known{append(names, "living")})
		began := map[DialID]Time{}
		for r.state("living") != Alive {
			if r.now > within {
				t.Fatalf("behind %d names it is not found in %v: %+v", dead, within, r.m.Stats())
			}
			for _, d := range slices.Clone(r.dials) {
				if at, ok := began[d.ID]; !ok {
					began[d.ID] = r.now
				} else if r.now >= at+patience {
					r.dials = slices.DeleteFunc(r.dials, func(o Dial) bool { return o.ID == d.ID })
					r.step(DialFailed{Dial: d, Reason: Unreachable})
				}
			}
			r.pass(100 * time.Millisecond)
		}
	}
}

// Once somebody is heard, names of an earlier life are dialled a few times more and then no more; until then, never
// more than two a second for long.
func TestRememberedNamesCostLittle(t *testing.T) {
	for _, dead := range []int{3, 64, 1000} {
		r := newRig(t, Config{})
		r.step(Known{append(deadNames(dead), "late")})
		r.pass(5 * time.Minute)
		before := r.m.Stats().Dials
		r.pass(time.Hour)
		if n := r.m.Stats().Dials - before; n > 2*3600+100 || n < 600 {
			t.Errorf("%d dead: %d dials in an hour alone", dead, n)
		}
		r.puppet("late")
		r.pass(10 * time.Minute)
		r.want("late", Alive)
		r.pass(time.Hour)
		before = r.m.Stats().Dials
		r.pass(time.Hour)
		if n := r.m.Stats().Dials - before; n > 10 {
			t.Errorf("%d dead: %d dials in an hour in a mesh", dead, n)
		}
	}
}

// What the disk remembers does not take the places of the names that a seed answers with.
func TestRememberedNamesLeaveRoomForSeeds(t *testing.T) {
	r := newRig(t, Config{Seeds: []topics.Name{"service"}})
	r.puppet("service").hang = true
	r.step(Known{deadNames(500)})
	pod := r.puppet("pod")
	r.step(Beat{r.up(r.underWay("service"), pod.addr), []topics.Name{"pod"}, pod.header, 0})
	r.pass(time.Second)
	r.want("pod", Alive)
}

func TestKnownWait(t *testing.T) {
	c := LAN()
	for _, v := range []struct {
		tries, names int
		want         time.Duration
	}{{1, 1, 500 * time.Millisecond}, {9, 1, 5 * time.Second}, {1, 3, 1500 * time.Millisecond}, {1, 64, 32 * time.Second}, {99, 1024, 32 * time.Second}} {
		if got := knownWait(v.tries, v.names, &c); got != v.want {
			t.Errorf("%+v: %v", v, got)
		}
	}
}
