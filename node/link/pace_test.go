package link

import (
	"context"
	"fmt"
	"hearsay/node/link/zmtp"
	"strings"
	"testing"
	"time"
)

func TestPace(t *testing.T) {
	t.Parallel()
	const s = time.Second
	for name, tc := range map[string]struct {
		spent []int           // weights, one after the other
		at    []time.Duration // when
		want  time.Duration   // to wait after the last
	}{
		"nothing":                     {},
		"a burst":                     {[]int{paceBurst}, []time.Duration{0}, 0},
		"a second too much":           {[]int{paceBurst + paceRate}, []time.Duration{0}, s},
		"a little too much":           {[]int{paceBurst + 1}, []time.Duration{0}, pauseLeast},
		"at the rate":                 {[]int{paceBurst, paceRate, paceRate}, []time.Duration{0, s, 2 * s}, 0},
		"at twice the rate":           {[]int{paceBurst, 2 * paceRate, 2 * paceRate}, []time.Duration{0, s, 2 * s}, 2 * s},
		"a long rest saves one burst": {[]int{1, paceBurst + paceRate}, []time.Duration{0, time.Hour}, s},
		"a clock that stands still":   {[]int{paceBurst, paceRate}, []time.Duration{s, s}, s},
	} {
		t.Run(name, func(t *testing.T) {
			var p pace
			var now time.Duration
			for i, weight := range tc.spent {
				now = tc.at[i]
				p.spend(weight, now)
			}
			if got := p.wait(now); got.Round(time.Millisecond) != tc.want.Round(time.Millisecond) {
				t.Errorf("waits %v, want %v", got, tc.want)
			}
		})
	}
}

// What an honest node may have to send at once: its lists of a thousand names, for as long as it takes a mesh of
// that size to find itself.
func TestPaceOfHonestNodes(t *testing.T) {
	t.Parallel()
	names := make([]string, 1000)
	for i := range names {
		names[i] = fmt.Sprintf("node-%d.example", i)
	}
	list := zmtp.AppendMessage(nil, []byte("0"), []byte(strings.Join(names, ",")), []byte(`{"v":1,"seq":1,"list":1}`))
	var p pace
	var now time.Duration
	for i := range 100 {
		p.spend(weigh(list, 1), now)
		if wait := p.wait(now); wait > 0 {
			t.Fatalf("list %d is read %v late", i, wait)
		}
		now += 100 * time.Millisecond
	}
}

// flood is a publisher that sends lists as fast as they are taken, until the connection ends.
func flood(t *testing.T, list []byte) (addr string) {
	run := list
	for len(run) < maxRun {
		run = append(run, list...)
	}
	return publishing(t, func(p *peer) {
		p.say(opening("PUB")...)
		for {
			if _, err := p.Write(run); err != nil {
				return
			}
		}
	})
}

// A publisher of lists that sends as fast as it can is read at a pace, whatever its lists are like.
func TestFloodOfLists(t *testing.T) {
	t.Parallel()
	short := make([]string, 1024)
	for i := range short {
		short[i] = fmt.Sprintf("%c%c", 'a'+i%26, 'a'+i/26%26)
	}
	for name, list := range map[string]string{
		"pulses": "a", "names": strings.Join(short, ","), "bytes": strings.Repeat("a.", 32_000), "commas": strings.Repeat(",", 65_000),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			message := zmtp.AppendMessage(nil, []byte("0"), []byte(list))
			l := open(t, Config{})
			begin := time.Now()
			if err := l.Dial(context.Background(), Discovery, netipAddr(flood(t, message)), "flood"); err != nil {
				t.Fatal(err)
			}
			up := next(t, l, Up)
			weight := 0
			for l.Stats()["list_pauses"] < 3 {
				run := next(t, l, Received).Run
				if weight += weigh(run, run.Len()); weight > 100*paceBurst {
					t.Fatalf("lists of the weight %d have been read after %v, and no pause was made", weight, time.Since(begin))
				}
			}
			// One run may be on its way beyond what was allowed, and those that the link holds ready are not counted.
			most := paceBurst + paceRate*time.Since(begin).Seconds() + float64(maxRun/len(message)+1)*float64(weigh(message, 1))
			if float64(weight) > most {
				t.Errorf("lists of the weight %d have been read after %v, want %.0f at most", weight, time.Since(begin), most)
			}
			l.HangUp(up.ID) // it ends a pause
			next(t, l, Down)
		})
	}
}

// Messages are not lists: they have no pace.
func TestMessagesHaveNoPace(t *testing.T) {
	t.Parallel()
	message := zmtp.AppendMessage(nil, []byte("1"), []byte(strings.Repeat(",", 1000)))
	l := open(t, Config{})
	if err := l.Dial(context.Background(), Message, netipAddr(flood(t, message)), "stream"); err != nil {
		t.Fatal(err)
	}
	for weight := 0; weight < 4*paceBurst; {
		run := next(t, l, Received).Run
		weight += weigh(run, run.Len())
	}
	if n := l.Stats()["list_pauses"]; n > 0 {
		t.Errorf("%d pauses", n)
	}
}
