package topics

import (
	"encoding/json"
	"testing"
)

// A relay changes ttl alone, whatever else an envelope has.
func TestForward(t *testing.T) {
	for in, want := range map[string]string{
		`{"v":1,"from":"a","uid":"u","ttl":16,"at":5,"inc":7,"n":3}`:      `{"v":1,"from":"a","uid":"u","ttl":15,"at":5,"inc":7,"n":3}`,
		`{"v":1,"from":"a","uid":"u","ttl":1,"at":5}`:                     `{"v":1,"from":"a","uid":"u","ttl":0,"at":5}`,
		`{"v":1,"from":"a","uid":"u","at":5}`:                             "",
		`{"v":1,"from":"a","uid":"u","ttl":0,"at":5}`:                     "",
		`{"v":1,"from":"a","uid":"u","ttl" : 3,"new":{"ttl":9},"at":5}`:   `{"at":5,"from":"a","new":{"ttl":9},"ttl":2,"uid":"u","v":1}`,
		`{"v":1,"from":"a","new":{"x":1,"ttl":9},"uid":"u","ttl":3}`:      `{"from":"a","new":{"x":1,"ttl":9},"ttl":2,"uid":"u","v":1}`,
		`{"v":1,"from":"a","new":{"x":1,"ttl":9},"uid":"u"}`:              "",
		`{"v":1,"from":"a","uid":"u","type":"a/b;\",\"ttl\":7","ttl":3}`:  `{"from":"a","ttl":2,"type":"a/b;\",\"ttl\":7","uid":"u","v":1}`,
		`{"v":1,"from":"a","uid":"u","ttl":3,"ttl":4}`:                    `{"from":"a","ttl":3,"uid":"u","v":1}`,
		`{"v":1,"from":"a","uid":"u","ttl":3,"TTL":5,"x":{"at":[1,"y"]}}`: `{"from":"a","ttl":4,"uid":"u","v":1,"x":{"at":[1,"y"]}}`,
		`{"v":1,"from":"a","uid":"u","ttl":1e1}`:                          "",
		`{"v":1`:                                                          "",
	} {
		got, ok := Forward([]byte(in))
		if ok != (want != "") || string(got) != want && !sameJSON(got, want) {
			t.Errorf("%s becomes %s, %v; want %s", in, got, ok, want)
		}
	}
}

func sameJSON(a []byte, b string) bool {
	var x, y any
	if json.Unmarshal(a, &x) != nil || json.Unmarshal([]byte(b), &y) != nil {
		return false
	}
	p, _ := json.Marshal(x)
	q, _ := json.Marshal(y)
	return string(p) == string(q)
}

func FuzzForward(f *testing.F) {
	f.Add(`{"v":1,"from":"a","uid":"u","ttl":16,"at":5,"inc":7,"n":3}`)
	f.Add(`{"v":1,"from":"a","new":{"x":1,"ttl":9},"uid":"u","ttl":3}`)
	f.Fuzz(func(t *testing.T, text string) {
		before, err := ParseEnvelope([]byte(text))
		if err != nil {
			return
		}
		out, ok := Forward([]byte(text))
		if !ok {
			return
		}
		after, err := ParseEnvelope(out)
		before.TTL--
		if err != nil || after != before {
			t.Errorf("%q becomes %q: %+v, want %+v: %v", text, out, after, before, err)
		}
	})
}
