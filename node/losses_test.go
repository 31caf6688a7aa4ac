package node

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"hearsay/topics"
)

// What was lost of late is said with its sum, of whom and on which channel, the latest first, until it is long ago.
func TestLossesAreShownForAWhile(t *testing.T) {
	t.Parallel()
	const shown = 2 * time.Minute
	var l losses
	start := time.Now()
	at := func(d time.Duration) time.Time { return start.Add(d) }
	if missed, lost := l.text(at(0), shown); missed != nil || lost != "" {
		t.Errorf("nothing was lost: %q, %q", missed, lost)
	}
	l.miss(stream{"a", ""}, 1267, at(0), shown)
	l.miss(stream{"b", "news"}, 1, at(time.Second), shown)
	l.miss(stream{"a", ""}, 1130, at(2*time.Second), shown)
	l.lose(5, at(time.Minute), shown)
	l.lose(6, at(2*time.Minute), shown)
	const ofA = "2397 messages of a missed, the last %s ago: nobody has them any more"
	for _, c := range []struct {
		after  time.Duration
		missed []string
		lost   string
	}{
		{2 * time.Minute, []string{fmt.Sprintf(ofA, "1m58s"), "1 message of b on channel news missed, the last 1m59s ago: nobody has them any more"},
			"11 messages not delivered, the last 0s ago: the application does not read in time"},
		{2*time.Minute + 2*time.Second, []string{fmt.Sprintf(ofA, "2m0s")}, "11 messages not delivered, the last 2s ago: the application does not read in time"},
		{3 * time.Minute, nil, "11 messages not delivered, the last 1m0s ago: the application does not read in time"},
		{5 * time.Minute, nil, ""},
	} {
		if missed, lost := l.text(at(c.after), shown); !slices.Equal(missed, c.missed) || lost != c.lost {
			t.Errorf("after %v: %q, %q", c.after, missed, lost)
		}
	}
	l.lose(1, at(10*time.Minute), shown)
	l.miss(stream{"a", ""}, 2, at(10*time.Minute), shown)
	missed, lost := l.text(at(10*time.Minute), shown)
	if want := "1 message not delivered, the last 0s ago: the application does not read in time"; lost != want {
		t.Errorf("what is long over counts on: %q", lost)
	}
	if want := "2 messages of a missed, the last 0s ago: nobody has them any more"; !slices.Equal(missed, []string{want}) {
		t.Errorf("what is long over counts on: %q", missed)
	}
	for i := range 10 * missedShown {
		l.miss(stream{topics.Name(fmt.Sprint(i)), ""}, 1, at(10*time.Minute), shown)
	}
	if missed, _ := l.text(at(10*time.Minute), shown); len(missed) != missedShown {
		t.Errorf("%d streams are kept", len(missed))
	}
}

func statusOf(t *testing.T, n *Node) Status {
	t.Helper()
	s, err := n.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}
