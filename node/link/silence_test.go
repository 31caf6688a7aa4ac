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

		"what was said is said again in vain":           {view{heard: lostAfter, held: 9, silent: true, tries: lostTries}, false, true},
		"it was said again too few times":               {view{heard: lostAfter, held: 9, silent: true, tries: lostTries - 1}, false, false},
		"something came meanwhile":                      {view{heard: lostAfter - 1, held: 9, silent: true, tries: lostTries}, false, false},
		"it was said again in vain, and has been taken": {view{heard: lostAfter, tries: lostTries}, false, false},
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

// Of the connections over which nothing came for a while the one with the longest silence is asked, where it answers and
// nothing waits for an answer yet.
func TestIdlest(t *testing.T) {
	a, b := &conn{}, &conn{}
	var i idlest
	for name, c := range map[string]struct {
		v       view
		answers bool
	}{
		"heard just now":           {view{heard: idleAfter - 1}, true},
		"cannot be asked":          {view{heard: 9 * idleAfter}, false},
		"something was said to it": {view{heard: 9 * idleAfter, held: 1}, true},
	} {
		if i.take(a, c.v, c.answers); i.conn != nil {
			t.Fatalf("%s: it is asked", name)
		}
	}
	i.take(a, view{heard: idleAfter}, true)
	i.take(b, view{heard: 3 * idleAfter}, true)
	i.take(a, view{heard: 2 * idleAfter}, true)
	if i.conn != b {
		t.Errorf("asked: %+v", i)
	}
}
