package node

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hearsay/mesh"
	"hearsay/topics"
)

// logged is a node that has a log and no network, for tests of the log alone.
func logged(log *bytes.Buffer) *Node {
	n := &Node{
		log: slog.New(newQuiet(slog.NewTextHandler(log, nil))).With("node", "self"),
		ctx: context.Background(),
	}
	n.hub = newHub(&n.counters.eventsLost)
	return n
}

// lines counts the lines of a log, and the bytes of its longest.
func lines(log *bytes.Buffer) (count, longest int) {
	for line := range strings.Lines(log.String()) {
		count++
		longest = max(longest, len(line))
	}
	return count, longest
}

// live plays a machine's life until a virtual moment. What answers a dial is said by dialled.
func live(n *Node, m *mesh.Machine, begin time.Time, until time.Duration, dialled func(mesh.Dial) []mesh.Input, events ...mesh.Input) {
	for {
		now := time.Since(begin)
		for ; len(events) > 0; events = events[1:] {
			for _, effect := range m.Step(now, events[0]) {
				switch f := effect.(type) {
				case mesh.Dial:
					events = append(events, dialled(f)...)
				case mesh.HangUp:
					events = append(events, mesh.LinkDown{Link: f.Link, Why: "hung up"})
				case mesh.Emit:
					n.tell(f.Change)
				}
			}
		}
		select {
		case <-n.crowd.due():
			n.tellCrowd()
		default:
		}
		if now >= until {
			return
		}
		<-time.After(max(0, min(m.Deadline(), until)-now))
		events = append(events, mesh.Tick{})
	}
}

func TestLogOfTenMinutesWithADeadPeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		n := logged(&log)
		begin, dials := time.Now(), 0
		m := mesh.New(mesh.Config{Self: "self", Incarnation: 1, Seeds: []topics.Name{"peer"}, Seed: 1})
		beat := mesh.Beat{Link: 1, Names: []topics.Name{"peer", "self"}, Header: &topics.Header{
			Version: 1, Incarnation: 2, Seq: 1, List: 1, Strict: true, Complete: true, Beat: 1000,
		}}
		live(n, m, begin, time.Second, func(d mesh.Dial) []mesh.Input {
			id := mesh.LinkID(1 + d.Port)
			return []mesh.Input{mesh.LinkUp{Link: id, Dial: d, Addr: fmt.Sprintf("127.0.0.1:%d", 20000+10000*int(d.Port))}, beat}
		})
		live(n, m, begin, 10*time.Minute, func(d mesh.Dial) []mesh.Input {
			dials++
			return []mesh.Input{mesh.DialFailed{Dial: d, Reason: mesh.Refused}}
		}, mesh.LinkDown{Link: 1, Why: "reset"}, mesh.LinkDown{Link: 2, Why: "reset"})
		count, _ := lines(&log)
		t.Logf("%d dials, %d lines:\n%s", dials, count, log.String())
		for _, want := range []string{`"peer joined"`, `"peer suspect"`} { // it was the only one: it is not evicted
			if strings.Count(log.String(), want) != 1 {
				t.Errorf("%s is not there once", want)
			}
		}
		if count > 10 || dials < 10 {
			t.Errorf("%d lines about %d dials of one dead peer, want at most 10", count, dials)
		}
	})
}

func TestLogOfTenMinutesWithAHostilePeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		n := logged(&log)
		seen := make(map[topics.Name]*tally)
		sent := 0
		for i := range 60_000 { // every 10 ms: a message, another incarnation, another process
			n.logMessages(seen, "hostile", 1)
			for _, kind := range []mesh.Kind{mesh.Restarted, mesh.Conflict, mesh.Suspected, mesh.Recovered} {
				n.tell(mesh.Change{Kind: kind, Peer: "hostile", From: mesh.Alive, To: mesh.Alive, Why: fmt.Sprint("number ", i)})
			}
			sent += 5
			<-time.After(10 * time.Millisecond)
		}
		count, longest := lines(&log)
		t.Logf("%d lines, %d bytes, of %d", count, log.Len(), sent)
		if count > 200 || log.Len() > 100<<10 {
			t.Errorf("%d lines, %d bytes", count, log.Len())
		}
		if longest > 2000 {
			t.Errorf("a line of %d bytes", longest)
		}
		for _, want := range []string{"repeated=", "message received", `"peer conflict"`} {
			if !strings.Contains(log.String(), want) {
				t.Errorf("nothing of %q", want)
			}
		}
	})
}

func TestLogOfManyPeersIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		n := logged(&log)
		for i := range 30_000 { // 50 new peers a second, for ten minutes
			n.tell(mesh.Change{Kind: mesh.Suspected, Peer: topics.Name(fmt.Sprint("n", i)), From: mesh.Alive, To: mesh.Suspect})
			<-time.After(20 * time.Millisecond)
		}
		if count, _ := lines(&log); count > totalBurst+600+1 || count < totalBurst {
			t.Errorf("%d lines, want the burst and one a second", count)
		}
		if kinds := len(n.log.Handler().(*quiet).sums.kinds); kinds > lineKinds+1 {
			t.Errorf("%d kinds are remembered", kinds)
		}
	})
}

func TestQuietSaysHowManyLinesItLeftOut(t *testing.T) {
	var log bytes.Buffer
	at := time.Unix(1e9, 0)
	h := newQuiet(slog.NewTextHandler(&log, nil)).WithAttrs([]slog.Attr{slog.String("node", "n")}).WithGroup("g")
	write := func(level slog.Level, message, peer string) {
		r := slog.NewRecord(at, level, message, 0)
		r.AddAttrs(slog.String("from", "alive"), slog.String("peer", peer))
		if err := h.Handle(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	for range lineBurst + 5 {
		write(slog.LevelWarn, "same", "a")
	}
	write(slog.LevelWarn, "same", "b")
	write(slog.LevelWarn, "other", "a")
	for range lineBurst + 5 {
		write(slog.LevelDebug, "same", "a")
	}
	if count, _ := lines(&log); count != lineBurst+2+lineBurst+5 {
		t.Errorf("%d lines:\n%s", count, log.String())
	}
	if strings.Contains(log.String(), "repeated") {
		t.Error("nothing was left out yet before a line that was written")
	}
	at = at.Add(lineEvery)
	write(slog.LevelWarn, "same", "a")
	if !strings.HasSuffix(log.String(), "repeated=5\n") {
		t.Errorf("the last line does not say that 5 were left out:\n%s", log.String())
	}
}

func TestTallyIsRareWhileMessagesKeepComing(t *testing.T) {
	at, said := time.Unix(1e9, 0), 0
	var y tally
	for range 6000 { // ten a second, for ten minutes
		if y.add(at, 1) {
			said++
		}
		at = at.Add(100 * time.Millisecond)
	}
	if said < 10 || said > 20 {
		t.Errorf("%d lines in ten minutes", said)
	}
	at = at.Add(10 * time.Minute)
	if !y.add(at, 1) {
		t.Error("nothing after a long silence")
	}
	if !y.add(at.Add(2*tallyLeast), 1) {
		t.Error("the gap is long from the start")
	}
}

func TestLongListsAreCutInTheLog(t *testing.T) {
	short := nameList{"a", "b"}
	if got := fmt.Sprint(short.LogValue()); got != "[a b]" {
		t.Errorf("a short list: %s", got)
	}
	for _, l := range []nameList{make(nameList, namesShown+1), {topics.Name(strings.Repeat("x", bytesShown)), "b"}} {
		if got := fmt.Sprint(l.LogValue()); !strings.Contains(got, fmt.Sprintf("count=%d", len(l))) {
			t.Errorf("a long list: %.100s", got)
		}
	}
}
