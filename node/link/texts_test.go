package link

import (
	"testing"
)

func TestTexts(t *testing.T) {
	var r topicRun
	one, two, other := [][]byte{[]byte("0"), []byte("one")}, [][]byte{[]byte("0"), []byte("two")}, [][]byte{[]byte("0"), []byte("other")}
	r.add(0, one, nil)
	if p := r.piece(); string(textFor(p, true)) != string(p) || string(textFor(p, false)) != string(p) {
		t.Fatalf("%q", p)
	}
	r.add(0, two, other)
	r.add(0, one, nil)
	for named, want := range map[bool][]string{true: {"one", "two", "one"}, false: {"one", "other", "one"}} {
		var got []string
		run := Run(textFor(r.piece(), named))
		for f := run.Next(nil); f != nil; f = run.Next(nil) {
			got = append(got, string(f[1]))
		}
		if len(got) != 3 || got[0] != want[0] || got[1] != want[1] || got[2] != want[2] {
			t.Errorf("named %v: %v, want %v", named, got, want)
		}
	}
	if string(textFor(nil, true)) != "" {
		t.Error("out of nothing")
	}
}
