package link

import (
	"slices"
	"testing"
	"time"
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

		"what was said is said again in vain": {view{heard: lostAfter, held: 9, silent: true, tries: lostTries}, false, true},
		"it was said again too few times":     {view{heard: lostAfter, held: 9, silent: true, tries: lostTries - 1}, false, false},
		"something came meanwhile":            {view{heard: lostAfter - 1, held: 9, silent: true, tries: lostTries}, false, false},
		"it was asked in vain":                {view{heard: lostAfter, silent: true, probes: lostProbes}, false, true},
		"it was asked too few times":          {view{heard: lostAfter, silent: true, probes: lostProbes - 1}, false, false},
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
	const now = time.Minute
	a, b := &conn{watched: &watched{last: looked{at: now}}}, &conn{watched: &watched{last: looked{at: now}}}
	var i idlest
	for name, c := range map[string]struct {
		v       view
		answers bool
	}{
		"heard just now":           {view{heard: idleAfter - 1}, true},
		"cannot be asked":          {view{heard: 9 * idleAfter}, false},
		"something was said to it": {view{heard: 9 * idleAfter, held: 1}, true},
	} {
		if i.take(a, c.v, c.answers); i.next(now) != nil {
			t.Fatalf("%s: it is asked", name)
		}
	}
	i.take(a, view{heard: idleAfter}, true)
	i.take(b, view{heard: 3 * idleAfter}, true)
	i.take(a, view{heard: 2 * idleAfter}, true)
	if i.next(now) != b {
		t.Errorf("asked: %+v", i)
	}
	for range askedMost {
		i.take(a, view{}, true)
	}
	if i.next(now) != nil {
		t.Error("one of many is asked, which keep-alive does as soon")
	}
}

// Who seems to be idle as of a look that is old is looked at before it is asked.
func TestIdlestIsLookedAt(t *testing.T) {
	var i idlest
	i.take(&conn{watched: &watched{last: looked{at: 1}}, out: &outbox{}}, view{heard: 9 * idleAfter}, true) // its kernel has nothing to say
	b := &conn{watched: &watched{last: looked{at: time.Minute}}}
	i.take(b, view{heard: idleAfter}, true)
	if i.next(time.Minute) != b {
		t.Error("asked by what was known once")
	}
}

// A connection is looked at again when something was said over it, or when it may have been silent for long.
func TestConnectionsThatRest(t *testing.T) {
	now := time.Hour
	for name, c := range map[string]struct {
		change func(*conn)
		want   bool
	}{
		"nothing has changed":        {func(*conn) {}, true},
		"it was never looked at":     {func(c *conn) { c.last.at = 0 }, false},
		"something was said":         {func(c *conn) { c.out.moved.Store(7) }, false},
		"something waits":            {func(c *conn) { c.out.bytes = 1 }, false},
		"something was not taken":    {func(c *conn) { c.last.held = 1 }, false},
		"it probes often":            {func(c *conn) { c.hushed = true }, false},
		"it is mute":                 {func(c *conn) { c.mute = true }, false},
		"it was heard then":          {func(c *conn) { c.last.at, c.last.heard = now-hushAfter+1, 0 }, true},
		"that is long ago":           {func(c *conn) { c.last.at, c.last.heard = now-hushAfter, 0 }, false},
		"it was not heard even then": {func(c *conn) { c.last.heard = hushAfter - time.Second }, false},
	} {
		one := &conn{out: &outbox{}, watched: &watched{last: looked{view: view{heard: time.Second}, at: now - time.Second}}}
		c.change(one)
		v, rests := one.rests(now)
		if rests != c.want || rests && v.heard != one.last.heard+now-one.last.at {
			t.Errorf("%s: %v, %+v", name, rests, v)
		}
	}
}
