package mesh

import (
	"fmt"
	"testing"
	"time"

	"hearsay/topics"
)

// The departed that are dialled at the moment count like others: the bound holds, and who was there for long does not go
// in their stead.
func TestGravesThatAreDialled(t *testing.T) {
	r := newRig(t, Config{})
	stays, old := r.puppet("stays"), r.puppet("old")
	r.hear(stays, old)
	r.pass(time.Hour)
	old.dies()
	r.pass(time.Minute)
	var pods []*puppet
	var names []topics.Name
	for i := range 2 * leastGraves {
		names = append(names, topics.Name(fmt.Sprintf("pod%d", i)))
		pods = append(pods, r.puppet(names[i]))
	}
	r.hear(pods...)
	stays.say(names...)
	r.pass(30 * time.Second)
	r.want("old", Quarantined)
	for _, p := range pods {
		p.dies()
		p.hang = true
	}
	stays.say()
	dialled, gone := 0, 0
	for r.m.count[Quarantined] <= leastGraves/2 && r.now < 2*time.Hour {
		r.pass(time.Second)
	}
	for _, p := range r.m.slots {
		if p != nil && p.state == Quarantined {
			gone++
			if p.reach.busy() {
				dialled++
			}
		}
	}
	if dialled == 0 {
		t.Fatal("nobody who is gone is dialled")
	}
	if r.want("old", Quarantined); gone > leastGraves {
		t.Errorf("%d of the dead are remembered, %d of them dialled", gone, dialled)
	}
}
