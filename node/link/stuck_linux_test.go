package link

import (
	"slices"
	"testing"
	"time"
)

// A connection over which nothing comes is told, once, and that it flows again; one whose publisher answers, or has answered
// here and is not read, is not. Nothing of it is hung up.
func TestStuck(t *testing.T) {
	t.Parallel()
	pub := open(t, Config{})
	hide(pub)
	discard(pub)
	stuck, well := open(t, Config{Subscribe: []string{"1"}}), open(t, Config{Subscribe: []string{"1"}})
	ids := make(map[*Link]ID)
	for _, l := range []*Link{stuck, well} {
		dial(t, l, Message, pub)
		ids[l] = next(t, l, Up).ID
	}
	settled(t, pub, Message, 2, "1")
	unblock := block(t, stuck.dialledBy(ids[stuck]).kernel)
	if err := pub.Publish(Message, []byte("1"), []byte("late")); err != nil {
		t.Fatal(err)
	}
	next(t, well, Received)
	well.Ask(ids[well])
	stuck.Ask(ids[stuck])
	stuck.Ask(ids[stuck])
	if e := next(t, stuck, Stuck); e.ID != ids[stuck] || e.Port != Message {
		t.Fatalf("%+v", e)
	}
	time.AfterFunc(2*askTime, unblock)
	for seen := []Kind(nil); ; {
		e := <-stuck.Events()
		if seen = append(seen, e.Kind); e.Kind == Flows {
			if slices.Contains(seen, Stuck) {
				t.Errorf("told again: %v", seen)
			}
			break
		}
	}
	select {
	case e := <-well.Events():
		t.Errorf("of the one that answers: %+v", e)
	default:
	}
	eventually(t, "it may be asked again", func() bool { return !stuck.dialledBy(ids[stuck]).asking.Load() })
}

// What a publisher has said over a retired connection is received, however long it takes, and then it is ended: from there on
// nothing is said over it.
func TestRetire(t *testing.T) {
	t.Parallel()
	pub, sub := open(t, Config{}), open(t, Config{Subscribe: []string{"1"}})
	hide(pub)
	discard(pub)
	dial(t, sub, Message, pub)
	old := next(t, sub, Up).ID
	settled(t, pub, Message, 1, "1")
	unblock := block(t, sub.dialledBy(old).kernel)
	if err := pub.Publish(Message, []byte("1"), []byte("late")); err != nil {
		t.Fatal(err)
	}
	dial(t, sub, Message, pub)
	renewed := next(t, sub, Up).ID
	settled(t, pub, Message, 2, "1")
	sub.Retire(old)
	if err := pub.Publish(Message, []byte("1"), []byte("new")); err != nil {
		t.Fatal(err)
	}
	if e := next(t, sub, Received); e.ID != renewed {
		t.Fatalf("%+v", e)
	}
	unblock()
	got := map[ID]string{}
	for {
		e := <-sub.Events()
		if e.Kind == Received {
			for f := e.Run.Next(nil); f != nil; f = e.Run.Next(nil) {
				got[e.ID] += string(f[1]) + " "
			}
		}
		if e.Kind == Down {
			if e.ID != old || e.Err == nil || e.Err.Error() != errReplaced.Error() {
				t.Fatalf("%+v", e)
			}
			break
		}
	}
	if got[old] != "late " && got[old] != "late new " {
		t.Fatalf("over the old one came %q", got[old])
	}
	settled(t, pub, Message, 1, "1")
	if err := pub.Publish(Message, []byte("1"), []byte("last")); err != nil {
		t.Fatal(err)
	}
	if e := next(t, sub, Received); e.ID != renewed {
		t.Fatalf("%+v", e)
	}
}
