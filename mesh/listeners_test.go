package mesh

import (
	"testing"

	"hearsay/topics"
)

func TestListenersHave(t *testing.T) {
	t.Parallel()
	far := &link{peer: &peer{key: "n1"}, host: "10.0.0.1"} // what was found out before must not stand after a change
	for _, c := range []struct {
		name string
		do   func(ls *listeners)
		want bool
	}{
		{"nobody", func(*listeners) {}, false},
		{"its name", func(ls *listeners) { ls.up(1, "10.0.0.9", 5); ls.says(1, "n1") }, true},
		{"another name from its address", func(ls *listeners) { ls.up(1, "10.0.0.1", 5); ls.says(1, "n2") }, false},
		{"no name from its address", func(ls *listeners) { ls.up(1, "10.0.0.1", 5) }, true},
		{"another name, said later", func(ls *listeners) { ls.up(1, "10.0.0.1", 5); ls.has(far); ls.says(1, "n2") }, false},
		{"the same when its time is over", func(ls *listeners) { ls.up(1, "10.0.0.1", 5); ls.overdue(5) }, true},
		{"no name from elsewhere", func(ls *listeners) { ls.up(1, "10.0.0.2", 5) }, false},
		{"its name, and gone", func(ls *listeners) { ls.up(1, "10.0.0.9", 5); ls.says(1, "n1"); ls.has(far); ls.down(1) }, false},
		{"one of two gone", func(ls *listeners) {
			for id := range ListenerID(2) {
				ls.up(id, "10.0.0.9", 5)
				ls.says(id, "n1")
			}
			ls.has(far)
			ls.down(0)
		}, true},
	} {
		var ls listeners
		ls.init()
		far.ear = ear{}
		if ls.has(far) {
			t.Errorf("%s: before", c.name)
		}
		c.do(&ls)
		if got := ls.has(far); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestListenersSayOneName(t *testing.T) {
	t.Parallel()
	var ls listeners
	ls.init()
	if ls.up(1, "10.0.0.1", 5) == nil || ls.up(1, "10.0.0.1", 5) != nil {
		t.Error("known twice, or never")
	}
	for i, c := range []struct {
		id           ListenerID
		key          topics.Name
		takes, other bool
	}{
		{1, "n1", true, false},
		{1, "n1", false, false},
		{1, "n2", false, true},
		{2, "n1", false, false},
	} {
		if l, other := ls.says(c.id, c.key); (l != nil) != c.takes || other != c.other {
			t.Errorf("%d: %v, %v", i, l, other)
		}
	}
}

func TestListenersOverdue(t *testing.T) {
	t.Parallel()
	var ls listeners
	ls.init()
	for id := range ListenerID(3) {
		ls.up(id, "10.0.0.1", Time(5+id))
	}
	ls.says(0, "n0")
	if ls.due() != 6 || ls.overdue(5) != nil {
		t.Error("too early", ls.due())
	}
	if l := ls.overdue(6); l == nil || l.id != 1 || ls.naive != 1 || ls.due() != 7 {
		t.Errorf("%+v, %d naive, due %v", l, ls.naive, ls.due())
	}
	if ls.says(1, "n1"); ls.naive != 0 {
		t.Error("naive with a name")
	}
	if ls.down(2); ls.due() != never || ls.overdue(99) != nil {
		t.Error("gone, and awaited")
	}
}
