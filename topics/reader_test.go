package topics

import (
	"strings"
	"testing"
)

// What is read after another is what is read alone.
func checkReader(t *testing.T, texts ...string) {
	t.Helper()
	var r EnvelopeReader
	for i, text := range texts {
		want, wantErr := ParseEnvelope([]byte(text))
		got, err := r.Read(text)
		switch {
		case (err == nil) != (wantErr == nil):
			t.Errorf("%d. of %q: %v, want %v", i, texts, err, wantErr)
		case err == nil && *got != want:
			t.Errorf("%d. of %q: %+v, want %+v", i, texts, *got, want)
		}
	}
}

func TestEnvelopeReader(t *testing.T) {
	plain := `{"v":1,"from":"node_1","uid":"a-1","at":5}`
	numbered := `{"v":1,"from":"node_1","uid":"a-1","ttl":16,"at":5,"inc":7,"n":12,"type":"text/plain"}`
	for _, first := range []string{plain, numbered} {
		for old, new := range map[string]string{
			`a-1`:           `a-2`,
			`uid":"a-1`:     `uid":"`,
			`a-`:            strings.Repeat("a", MaxUID),
			`"a-1"`:         `"a"1"`,
			`"a-1`:          `"a\"1`,
			`a-1"`:          `a-1\u0041"`,
			`1","at":5`:     `1","at":6`,
			`"at":5}`:       `"at":5} `,
			`"at":5`:        `"at":5,"n":3`,
			`n":12`:         `n":13`,
			`n":1`:          `n":0`,
			`n":12` + `,`:   `n":9007199254740992,`,
			`n":12` + ",\"": `n":,"`,
			`12,"type"`:     `120000000000000000,"type"`,
			`plain"}`:       `plain"`,
			`node_1`:        `node_2`,
			`{"v":1`:        ` {"v":1`,
			`"uid"`:         `"x":{"uid":"y"},"uid"`,
			`"v":1,`:        `"v":1,"x":",\"uid\":\"",`,
			`"from"`:        `"uid":"b","from"`,
		} {
			second := strings.Replace(first, old, new, 1)
			checkReader(t, first, second, first, second)
			checkReader(t, second, first, second)
		}
	}
}

func FuzzEnvelopeReader(f *testing.F) {
	f.Add(`{"v":1,"from":"a","uid":"u","at":5}`, `{"v":1,"from":"a","uid":"v","at":5}`)
	f.Add(`{"v":1,"from":"a","uid":"u","at":5,"inc":1,"n":9}`, `{"v":1,"from":"a","uid":"v","at":5,"inc":1,"n":10}`)
	f.Fuzz(func(t *testing.T, a, b string) { checkReader(t, a, b, a) })
}

func TestEnvelopeReaderAllocatesNothing(t *testing.T) {
	texts := []string{`{"v":1,"from":"node_1","uid":"a-1","at":5,"inc":7,"n":12}`, `{"v":1,"from":"node_1","uid":"a-12","at":5,"inc":7,"n":13}`,
		`{"v":1,"from":"node_1","uid":"a-12","at":6,"inc":7,"n":13}`}
	if n := testing.AllocsPerRun(100, func() {
		var r EnvelopeReader
		for _, text := range texts {
			if _, err := r.Read(text); err != nil {
				t.Fatal(err)
			}
		}
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
