package link

import "testing"

// Subscribers that have stopped share what there is, the first of them no more than half of it, and what is left is
// enough for one that keeps up.
func TestBudgetIsShared(t *testing.T) {
	const limit, size = 1 << 20, 1000
	b := &budget{limit: limit}
	fill := func() int {
		o := &outbox{budget: b, writing: true} // nobody takes anything of it
		for o.put(make([]byte, size)) {
		}
		return o.bytes
	}
	for stopped := 1; stopped <= 20; stopped++ {
		got := fill()
		if least, most := limit>>(stopped)-2*(size+outboxOverhead), limit>>stopped; got < size || got < least || got > most+2*(size+outboxOverhead) {
			t.Errorf("number %d holds %d, want %d to %d", stopped, got, least, most)
		}
	}
	if held := b.held.Load(); held > limit+20*(size+outboxOverhead) {
		t.Errorf("%d bytes are held, of %d", held, limit)
	}
}

// What several wait for is held once, and so it is counted, until the last has it.
func TestBudgetCountsWhatIsSharedOnce(t *testing.T) {
	b := &budget{limit: 1 << 20}
	boxes := make([]*outbox, 10)
	for i := range boxes {
		boxes[i] = &outbox{budget: b, writing: true}
	}
	run := make([]byte, 10_000)
	sh := &shared{size: len(run)}
	for _, o := range boxes {
		if !o.putShared(run, sh, false) || !o.put([]byte{0, 1, 'x'}) {
			t.Fatal("no room")
		}
	}
	if held, want := b.held.Load(), int64(len(run)+20*outboxOverhead+10*3); held != want {
		t.Errorf("%d bytes are held, want %d", held, want)
	}
	more := b.more()
	for i, o := range boxes {
		o.close()
		select {
		case <-more:
		default:
			t.Fatal("nobody was told that there is more room")
		}
		more = b.more()
		if held := b.held.Load(); held < int64(len(run)) != (i == len(boxes)-1) || o.bytes != 0 {
			t.Errorf("%d bytes are held after %d have gone", held, i+1)
		}
	}
	if held := b.held.Load(); held != 0 {
		t.Errorf("%d bytes are held at the end", held)
	}
}
