package link

import (
	"fmt"
	"sync"
	"testing"
)

func TestTexts(t *testing.T) {
	var r topicRun
	one, two, other := [][]byte{[]byte("0"), []byte("one")}, [][]byte{[]byte("0"), []byte("two")}, [][]byte{[]byte("0"), []byte("other")}
	r.add(one, nil)
	if string(r.text(true)) != string(r.run) || string(r.text(false)) != string(r.run) {
		t.Fatalf("%q", r.run)
	}
	r.add(two, other)
	r.add(one, nil)
	for named, want := range map[bool][]string{true: {"one", "two", "one"}, false: {"one", "other", "one"}} {
		var got []string
		run := Run(r.text(named))
		for f := run.Next(nil); f != nil; f = run.Next(nil) {
			got = append(got, string(f[1]))
		}
		if len(got) != 3 || got[0] != want[0] || got[1] != want[1] || got[2] != want[2] {
			t.Errorf("named %v: %v, want %v", named, got, want)
		}
	}
}

// Runs that wait take no more memory than their bytes, but the one that grows, and hold what was published.
func TestRunsThatWait(t *testing.T) {
	t.Parallel()
	p := &publisher{gate: open(t, Config{}).pubs[Message].gate}
	p.changed = sync.NewCond(&p.mu)
	p.handing = true // another one
	for i := range 100 {
		for _, topic := range []string{"2/a", "2/b"} {
			if err := p.publish([][]byte{[]byte(topic), fmt.Append(nil, i)}, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := p.publish([][]byte{[]byte("2/b"), make([]byte, maxRun)}, nil); err != nil { // larger than a room
		t.Fatal(err)
	}
	if p.pending.len() != 201 {
		t.Fatalf("%d runs", p.pending.len())
	}
	for i, r := range p.pending.all() {
		run := Run(r.run)
		frames := run.Next(nil)
		if i < 200 && (string(frames[0]) != r.topic || string(frames[1]) != fmt.Sprint(i/2)) {
			t.Errorf("run %d: %q", i, frames)
		}
		if cap(r.run) > 2*len(r.run)+64 {
			t.Errorf("run %d of %d bytes takes %d", i, len(r.run), cap(r.run))
		}
	}
}
