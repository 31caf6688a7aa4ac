package link

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

// What comes over message connections is told in its order, beginning and end included, and is an event only where that is
// wanted: over the network and within the process alike.
func TestMessagesAreToldInPlaceOfEvents(t *testing.T) {
	t.Parallel()
	for _, overTCP := range []bool{true, false} {
		pub := open(t, Config{})
		discard(pub)
		var mu sync.Mutex
		told := "" // of kinds and bodies
		sub := open(t, Config{OverTCP: overTCP, Subscribe: []string{"1"}, Messages: func(e Event) bool {
			mu.Lock()
			defer mu.Unlock()
			told += fmt.Sprint(e.Kind, " ", e.Within && e.Kind == Received)
			for f := e.Run.Next(nil); f != nil; f = e.Run.Next(nil) {
				told += " " + string(f[1])
			}
			told += "; "
			return e.Kind != Received || strings.Contains(told, "last")
		}})
		dial(t, sub, Message, pub)
		up := next(t, sub, Up)
		settled(t, pub, Message, 1, "1")
		for i, body := range []string{"first", "last"} {
			if err := pub.Publish(Message, []byte("1"), []byte(body)); err != nil {
				t.Fatal(err)
			}
			counts(t, sub, "messages_in", uint64(i+1))
		}
		if e := next(t, sub, Received); e.ID != up.ID || e.Run != nil {
			t.Errorf("the event that was wanted: %+v", e)
		}
		sub.HangUp(up.ID)
		if e := next(t, sub, Down); e.ID != up.ID {
			t.Errorf("the end: %+v", e)
		}
		mu.Lock()
		want := fmt.Sprintf("1 false; 2 %[1]t first; 2 %[1]t last; 3 false; ", !overTCP)
		if told != want {
			t.Errorf("told %q, not %q", told, want)
		}
		mu.Unlock()
	}
}
