package link

import "testing"

// A dial within the process that could wait for somebody, or fail, is not made at once: Dial makes it, and says why.
func TestJoinWaitsForNothing(t *testing.T) {
	t.Parallel()
	from, to := open(t, Config{Subscribe: []string{"1"}}), open(t, Config{EventBuffer: 1})
	if !from.Join(Message, to.Addr(Message), "b", "target", false) {
		t.Fatal("not joined")
	}
	if e := next(t, from, Up); e.Target != "target" {
		t.Errorf("%+v", e)
	}
	if from.Join(Discovery, to.Addr(Message), "b", "", false) {
		t.Error("joined at another port")
	}
	full := open(t, Config{MaxSubscribers: 1})
	discard(full)
	if !from.Join(Message, full.Addr(Message), "c", "", false) || from.Join(Message, full.Addr(Message), "c", "", false) {
		t.Error("somebody gave way")
	}
	if n := full.Stats()["accepted"]; n != 1 {
		t.Errorf("%d tried", n)
	}
	with := open(t, Config{Keys: locked})
	if from.Join(Message, with.Addr(Message), "d", "", false) {
		t.Error("a lock is not asked")
	}
	for counter, n := range with.Stats() { // or its refusal would be told twice, and wait for who reads that
		if n > 0 {
			t.Errorf("%s: %d", counter, n)
		}
	}
	if over := open(t, Config{OverTCP: true}); over.Join(Message, to.Addr(Message), "b", "", false) {
		t.Error("joined though it is to meet others over TCP")
	}
	closing := open(t, Config{})
	closes(t, closing, 0)
	if closing.Join(Message, to.Addr(Message), "b", "", false) {
		t.Error("joined by a link that is closed")
	}
}
