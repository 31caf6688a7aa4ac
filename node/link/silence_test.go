package link

import (
	"slices"
	"testing"
)

// A far end that does not read has closed its window, and is asked too rarely for its silence to say anything.
func TestMute(t *testing.T) {
	for name, c := range map[string]struct {
		v      view
		before bool
		want   bool
	}{
		"heard just now":                          {view{heard: silentAfter - 1}, false, false},
		"answers no probe":                        {view{heard: silentAfter}, false, true},
		"what was sent is sent again":             {view{heard: silentAfter, held: 9, silent: true}, false, true},
		"its window is closed":                    {view{heard: 5 * silentAfter, held: 9}, false, false},
		"it was mute, and something was sent now": {view{heard: 2 * silentAfter, held: 9}, true, true},
		"it was mute, and answers":                {view{heard: 0, held: 9}, true, false},
		"it was mute, and is only heard":          {view{heard: 0, held: 9, silent: true}, true, true},
		"it is heard, and a packet is lost":       {view{heard: 0, held: 9, silent: true}, false, false},
	} {
		if got := c.v.mute(c.before); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

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
