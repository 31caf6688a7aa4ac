package sim

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"time"

	"hearsay/mesh"
)

// WriteTimeline draws a run that was recorded: for each node a band that shows what the others make of it, over
// time, and under it a thin lane with what was really done to it. In a small mesh each observer has a line of its
// own in the band; in a large one the band shows shares.
func WriteTimeline(out io.Writer, s Scenario, r Result) error {
	c := newChart(r)
	c.s = newSVG(c.width, c.height)
	c.heading(s)
	c.summary()
	for i, b := range c.bands {
		c.band(b, c.top+float64(i)*c.pitch)
	}
	c.axis()
	c.marks()
	return c.s.writeTo(out)
}

// chart is the layout of a timeline.
type chart struct {
	s    *svg
	r    Result
	rows [][]span // [observer*hosts+subject]: what one made of the other

	width, height     float64
	left, right       float64 // of the time axis
	top, pitch, thick float64 // of the bands
	sumTop, sumThick  float64
	lines             bool // one for each observer
	bands             []band
	noted             []note // what has a number and a line in the list below
	unnoted           int    // further ones
}

// span is how long a state lasted.
type span struct {
	from, to time.Duration
	state    mesh.State
}

// band is one node, or several that are drawn as one.
type band struct {
	label    string
	subjects []int
}

const (
	bandsMost = 64 // in a larger mesh, only nodes that had trouble get a band
	notedMost = 40
	lane      = 3.0
	columns   = 960

	numberWide = 17.0 // of the number of a fault: notedMost of them are not as wide as the picture
)

func newChart(r Result) *chart {
	c := &chart{r: r, width: 1200, left: 110, right: 1180, sumTop: 92, sumThick: 56}
	c.spans()
	c.chooseBands()
	c.lines = r.Known <= 16
	c.thick = max(9, min(30, 620/float64(len(c.bands))-lane-3))
	c.pitch = c.thick + lane + 3
	c.top = c.sumTop + c.sumThick + 34
	c.note()
	c.height = c.top + c.pitch*float64(len(c.bands)) + 46 + 16*float64((len(c.noted)+1)/2) + 30
	return c
}

// note is a fault that has a number in the picture. The same one again and again has one line.
type note struct {
	Mark
	times int
}

func (c *chart) note() {
	for _, m := range c.r.Marks {
		if i := slices.IndexFunc(c.noted, func(n note) bool { return n.Text == m.Text }); i >= 0 {
			c.noted[i].times++
			continue
		}
		c.noted = append(c.noted, note{m, 1})
	}
	c.unnoted = max(0, len(c.noted)-notedMost)
	c.noted = c.noted[:len(c.noted)-c.unnoted]
}

// spans turns the steps of a run into spans for each pair.
func (c *chart) spans() {
	n := c.r.Known
	c.rows = make([][]span, n*n)
	open := make([]span, n*n)
	for _, st := range c.r.Steps {
		if int(st.Subject) >= n {
			continue
		}
		i := int(st.Observer)*n + int(st.Subject)
		if o := open[i]; o.state != mesh.Unknown && st.At > o.from {
			c.rows[i] = append(c.rows[i], span{o.from, st.At, o.state})
		}
		open[i] = span{from: st.At, state: st.State}
	}
	for i, o := range open {
		if o.state != mesh.Unknown {
			c.rows[i] = append(c.rows[i], span{o.from, c.r.Until, o.state})
		}
	}
}

// chooseBands gives each node a band, or in a large mesh those that had the most trouble.
func (c *chart) chooseBands() {
	n := c.r.Known
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	if n > bandsMost {
		trouble := make([]time.Duration, n)
		for i, row := range c.rows {
			for _, sp := range row {
				if sp.state != mesh.Alive {
					trouble[i%n] += sp.to - sp.from
				}
			}
		}
		slices.SortStableFunc(all, func(a, b int) int { return cmp.Compare(trouble[b], trouble[a]) })
	}
	shown := slices.Sorted(slices.Values(all[:min(n, bandsMost*3/4)]))
	if n <= bandsMost {
		shown = all
	}
	for _, i := range shown {
		c.bands = append(c.bands, band{c.r.Names[i], []int{i}})
	}
	if len(shown) < n {
		rest := all[len(shown):]
		c.bands = append(c.bands, band{fmt.Sprintf("%d others", len(rest)), rest})
	}
}

func (c *chart) x(t time.Duration) float64 {
	return c.left + (c.right-c.left)*float64(t)/float64(c.r.Until)
}

func (c *chart) heading(s Scenario) {
	c.s.text(20, 30, "start", ink, 19, "hearsay sim: "+s.Title)
	how := "each band is a node, and what share of the others sees it in which state"
	if c.lines {
		how = "each band is a node, each line in it one observer, from the first at the top to the last"
	}
	c.s.text(20, 50, "start", faint, 12, fmt.Sprintf("scenario %s, %d nodes, seed %d; %s", s.Name, c.r.Known, c.r.Seed, how))
	x := 20.0
	for _, k := range []struct{ ink, word string }{
		{stateInk[mesh.Alive], "alive"}, {stateInk[mesh.Far], "far"}, {stateInk[mesh.Suspect], "suspect"}, {stateInk[mesh.Detached], "detached"},
		{stateInk[mesh.Quarantined], "quarantined"}, {stateInk[mesh.Probation], "probation"}, {stateInk[mesh.Left], "left"},
		{stateInk[mesh.Unknown], "not known, or no observer"},
	} {
		c.s.rect(x, 62, 12, 12, k.ink)
		c.s.text(x+17, 72, "start", ink, 12, k.word)
		x += 33 + 6.6*float64(len(k.word))
	}
	c.s.text(x, 72, "start", faint, 12, "under a band:")
	x += 94
	for _, k := range []struct{ ink, word string }{{downInk, "down"}, {stallInk, "stalled"}, {networkInk, "network fault"}} {
		c.s.rect(x, 66, 16, lane+1, k.ink)
		c.s.text(x+21, 72, "start", ink, 12, k.word)
		x += 34 + 6.6*float64(len(k.word))
	}
}

// summary is one band for all pairs together.
func (c *chart) summary() {
	all := make([]int, c.r.Known)
	for i := range all {
		all[i] = i
	}
	c.s.text(c.left-10, c.sumTop+c.sumThick/2+1, "end", ink, 12, "all pairs")
	c.shares(all, c.sumTop, c.sumThick)
	c.s.line(c.left, c.sumTop+c.sumThick, c.right, c.sumTop+c.sumThick, faint, 0.6, "")
}

func (c *chart) band(b band, y float64) {
	c.s.text(c.left-10, y+c.thick/2+4, "end", ink, min(12, max(8, c.thick+2)), b.label)
	if c.lines && len(b.subjects) == 1 {
		c.observers(b.subjects[0], y, c.thick)
	} else {
		c.shares(b.subjects, y, c.thick)
	}
	c.lane(b.subjects, y+c.thick+0.5)
}

// observers draws one line for each observer.
func (c *chart) observers(subject int, y, thick float64) {
	n := c.r.Known
	c.s.rect(c.left, y, c.right-c.left, thick, nothing)
	row := thick / float64(n-1)
	at := y
	for i := range n {
		if i == subject {
			continue
		}
		for _, sp := range c.rows[i*n+subject] {
			x := c.x(sp.from)
			c.s.rect(x, at, max(0.7, c.x(sp.to)-x), row+0.15, stateInk[sp.state])
		}
		at += row
	}
}

// shares draws how many pairs are in which state, column by column.
func (c *chart) shares(subjects []int, y, thick float64) {
	n := c.r.Known
	var counts [columns][mesh.Alias + 1]int
	column := func(t time.Duration) int { return min(columns-1, int(int64(t)*columns/int64(c.r.Until))) }
	pairs := len(subjects) * (n - 1)
	for _, j := range subjects {
		for i := range n {
			for _, sp := range c.rows[i*n+j] {
				for k := column(sp.from); k <= column(sp.to-1); k++ {
					counts[k][sp.state]++
				}
			}
		}
	}
	c.s.rect(c.left, y, c.right-c.left, thick, nothing)
	base := make([]float64, columns)
	for _, st := range drawOrder[:len(drawOrder)-1] {
		c.area(&counts, base, st, float64(pairs), y, thick)
	}
}

// area adds one state to a stack: base is how high that is in each column.
func (c *chart) area(counts *[columns][mesh.Alias + 1]int, base []float64, st mesh.State, pairs, y, thick float64) {
	wide := (c.right - c.left) / columns
	for k := 0; k < columns; {
		share := min(1-base[k], float64(counts[k][st])/pairs)
		from, low := k, base[k]
		for k < columns && base[k] == low && min(1-base[k], float64(counts[k][st])/pairs) == share {
			k++
		}
		if share <= 0 {
			continue
		}
		for i := from; i < k; i++ {
			base[i] += share
		}
		c.s.rect(c.left+float64(from)*wide, y+thick*(1-low-share), float64(k-from)*wide+0.3, thick*share, stateInk[st])
	}
}

// lane draws what was really done to a node.
func (c *chart) lane(subjects []int, y float64) {
	if len(subjects) > 1 {
		return
	}
	down := time.Duration(-1)
	for _, m := range c.r.Marks {
		everybody := m.Hosts == nil && m.glyph == glyphNetwork
		if !everybody && !slices.Contains(m.Hosts, subjects[0]) {
			continue
		}
		switch m.glyph {
		case glyphDeath:
			if down < 0 {
				down = m.At
			}
		case glyphStart:
			if down >= 0 {
				c.bar(down, m.At, y, downInk)
				down = -1
			}
		case glyphStall:
			c.bar(m.At, m.ends(c.r.Until), y, stallInk)
		case glyphNetwork:
			c.bar(m.At, m.ends(c.r.Until), y, networkInk)
		}
	}
	if down >= 0 {
		c.bar(down, c.r.Until, y, downInk)
	}
}

// ends is when a fault is over.
func (m Mark) ends(end time.Duration) time.Duration {
	if m.Until == m.At {
		return end
	}
	return min(end, m.Until)
}

func (c *chart) bar(from, to time.Duration, y float64, ink string) {
	x := c.x(from)
	c.s.rect(x, y, max(1.2, c.x(to)-x), lane, ink)
}

func (c *chart) bottom() float64 { return c.top + c.pitch*float64(len(c.bands)) }

func (c *chart) axis() {
	y := c.bottom()
	c.s.line(c.left, y, c.right, y, faint, 0.8, "")
	for _, t := range ticks(c.r.Until) {
		x := c.x(t)
		c.s.line(x, c.sumTop, x, y, "#00000014", 1, "")
		c.s.line(x, y, x, y+4, faint, 0.8, "")
		anchor := "middle"
		if x > c.right-16 {
			x, anchor = c.right, "end"
		}
		c.s.text(x, y+17, anchor, faint, 11, short(t))
	}
}

// marks numbers the faults above the bands, and says below what each number is.
func (c *chart) marks() {
	foot := c.sumTop + c.sumThick
	at := make([]float64, len(c.noted))
	for i, m := range c.noted {
		at[i] = c.x(m.At)
		c.s.line(at[i], c.sumTop, at[i], c.bottom(), "#2b2f3688", 0.8, "3,3")
	}
	for i, x := range sideBySide(at, numberWide, c.left, c.right) {
		c.s.line(at[i], foot, x, foot+16, ink, 0.8, "")
		c.s.circle(x, foot+18, 7.5, paper, ink)
		c.s.text(x, foot+21.5, "middle", ink, 9.5, fmt.Sprint(i+1))
	}
	y := c.bottom() + 46
	half, room := (len(c.noted)+1)/2, 74
	if len(c.noted) < 4 {
		half, room = len(c.noted), 170
	}
	for i, m := range c.noted {
		x, line := c.left, y+16*float64(i)
		if i >= half {
			x, line = c.left+(c.right-c.left)/2, y+16*float64(i-half)
		}
		c.s.text(x, line, "end", faint, 11, fmt.Sprintf("%d", i+1))
		c.s.text(x+8, line, "start", ink, 11, fmt.Sprintf("%s  %s", exact(m.At), m.words(room)))
	}
	if c.unnoted > 0 {
		c.s.text(c.left+8, y+16*float64(half), "start", faint, 11, fmt.Sprintf("and %d more", c.unnoted))
	}
}

// sideBySide moves places, which are in order, as little as may be, so that each is as far from the next as is wide:
// those that crowd stand around their middle. None is beyond the ends.
func sideBySide(at []float64, wide, from, to float64) []float64 {
	type crowd struct{ sum, n float64 } // of where its first would stand, by each of them
	var crowds []crowd
	middle := func(c crowd) float64 { return c.sum / c.n }
	for i, x := range at {
		c := crowd{x - wide*float64(i), 1}
		for len(crowds) > 0 && middle(crowds[len(crowds)-1]) > middle(c) {
			last := crowds[len(crowds)-1]
			c, crowds = crowd{last.sum + c.sum, last.n + c.n}, crowds[:len(crowds)-1]
		}
		crowds = append(crowds, c)
	}
	var out []float64
	for _, c := range crowds {
		for range int(c.n) {
			first := max(from, min(middle(c), to-wide*float64(len(at)-1)))
			out = append(out, first+wide*float64(len(out)))
		}
	}
	return out
}

// exact is a time as a list has it.
func exact(t time.Duration) string {
	if t < 10*time.Minute {
		return fmt.Sprintf("%.1f s", t.Seconds())
	}
	return t.Round(time.Second).String()
}

// words are what a note says, cut to the room that there is.
func (n note) words(most int) string {
	text, times := n.Text, ""
	switch {
	case n.times == 2:
		times = ", and once more"
	case n.times > 2:
		times = fmt.Sprintf(", and %d times more", n.times-1)
	}
	if len(text)+len(times) > most {
		text = text[:most-3-len(times)] + "..."
	}
	return text + times
}
