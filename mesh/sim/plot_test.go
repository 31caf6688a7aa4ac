package sim

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// drawn is a picture of eight hosts and the faults given, all at once.
func drawn(t *testing.T, faults ...marked) string {
	t.Helper()
	r := Result{Known: 8, Until: 100 * time.Second}
	for i := range r.Known {
		r.Names = append(r.Names, string(HostName(i)))
	}
	for _, f := range faults {
		m := f.mark()
		m.At, m.Until, m.Text = 10*time.Second, 10*time.Second+m.Until, f.(fmt.Stringer).String()
		r.Marks = append(r.Marks, m)
	}
	var out bytes.Buffer
	if err := WriteTimeline(&out, Scenario{Name: "x", Title: "x"}, r); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// Whoever a fault of the network touches has a bar under its band.
func TestPlotShowsAllThatAFaultTouches(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		fault marked
		bars  int
	}{
		{Partition{[][]int{{0, 1, 6, 7}, {2, 3, 4, 5}}, time.Minute}, 8},
		{Cut{From: []int{0}, To: []int{1, 2}, For: time.Minute}, 3},
		{Cut{From: []int{0, 1}, To: []int{1, 2, 3}, OneWay: true, For: time.Minute}, 4},
		{Firewall{From: []int{0}, To: []int{1, 2}, For: time.Minute}, 3},
		{NoMessages{From: []int{0}, To: []int{4}, For: time.Minute}, 2},
		{Loss{Rate: 0.3, For: time.Minute}, 8},
		{BeatLoss{Rate: 0.3, For: time.Minute}, 8},
		{PostLoss{Rate: 0.3, For: time.Minute}, 8},
		{NoDNS{For: time.Minute}, 8},
		{Withdraw{Host: 0, By: 3, For: time.Minute}, 2},
		{Deaf{2, time.Minute}, 1},
		{DNS{}, 0},
	} {
		picture := drawn(t, c.fault)
		if got := strings.Count(picture, networkInk) - 1; got != c.bars { // one is in the legend
			t.Errorf("%v: %d bars, want %d", c.fault, got, c.bars)
		}
	}
}

// Faults of one moment have a number each, and none is drawn over another or over the edge.
func TestPlotNumbersAllFaults(t *testing.T) {
	t.Parallel()
	var faults []marked
	for i := range 8 {
		faults = append(faults, Crash{i})
	}
	if got := strings.Count(drawn(t, faults...), "<circle"); got != len(faults) {
		t.Errorf("%d numbers for %d faults", got, len(faults))
	}
	for _, at := range [][]float64{{}, {5}, {20, 20, 20}, {20, 21, 50, 95, 99, 100}, {100, 100, 100}} {
		got := sideBySide(at, 10, 0, 100)
		if len(got) != len(at) || !slices.IsSorted(got) {
			t.Errorf("%v: %v", at, got)
		}
		for i, x := range got {
			if x < 0 || x > 100 || i > 0 && x-got[i-1] < 10 {
				t.Errorf("%v: %v", at, got)
			}
		}
	}
}

// What is written at an axis is short: two digits.
func TestPlotTicksAreReadable(t *testing.T) {
	t.Parallel()
	for _, most := range []float64{0.0011, 0.9, 1.2, 1.9, 2.2, 3.7, 4.4, 5.5, 7, 9.1, 14, 700} {
		high, parts := niceAbove(most)
		if high < most || parts < 2 || parts > 6 {
			t.Errorf("%v: %v in %d", most, high, parts)
		}
		for i := range parts + 1 {
			if v := fmt.Sprintf("%.6g", high*float64(i)/float64(parts)); len(strings.Trim(strings.Replace(v, ".", "", 1), "0")) > 2 {
				t.Errorf("%v: tick %s", most, v)
			}
		}
	}
}
