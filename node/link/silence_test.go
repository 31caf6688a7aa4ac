package link

import (
	"slices"
	"testing"
)

func TestSilencesChange(t *testing.T) {
	s := make(silences)
	of := func(id ID, is bool) Silence { return Silence{id, true, is} }
	for i, c := range []struct {
		now  map[ID]bool
		want []Silence
	}{
		{map[ID]bool{1: false, 2: false}, nil},
		{map[ID]bool{1: true, 2: false}, []Silence{{1, true, true}}},
		{map[ID]bool{1: true, 2: false}, nil},
		{map[ID]bool{1: false, 2: true}, []Silence{{1, true, false}, {2, true, true}}},
		{map[ID]bool{1: false}, nil}, // 2 has ended, which is told otherwise
		{map[ID]bool{1: false, 2: false}, nil},
	} {
		got := s.change(of, c.now)
		slices.SortFunc(got, func(a, b Silence) int { return int(a.ID) - int(b.ID) })
		if !slices.Equal(got, c.want) {
			t.Errorf("%d: %+v, want %+v", i, got, c.want)
		}
	}
	if len(s) > 0 {
		t.Errorf("left: %v", s)
	}
}
