package sim

import (
	"fmt"
	"io"
	"math"
)

// WriteScale draws how a mesh's figures grow with its nodes: a panel for each, over the nodes on a logarithmic
// axis.
func WriteScale(out io.Writer, r *Report) error {
	rows := make([]Row, 0, len(r.Rows))
	for _, row := range r.Rows {
		if row.Scenario == "scale" {
			rows = append(rows, row)
		}
	}
	if len(rows) < 2 {
		return fmt.Errorf("plot of scale: %d sizes: want at least 2", len(rows))
	}
	s := newSVG(1200, 420)
	s.text(20, 30, "start", ink, 19, fmt.Sprintf("hearsay sim: from %d to %d nodes", rows[0].Nodes, rows[len(rows)-1].Nodes))
	s.text(20, 50, "start", faint, 12, "dots are medians over the seeds, bars reach to the worst")
	panels := []panel{
		{title: "All know all after the last start", unit: "s", figures: []string{"whole"}, words: []string{""}},
		{title: "One node goes", unit: "s", figures: []string{"crash off all lists", "power cut off all lists", "evicted everywhere"},
			words: []string{"killed: off all lists", "power cut: off all lists", "killed: evicted everywhere"}},
		{title: "Received by each node at rest", unit: "kB/s", figures: []string{"bytes"}, words: []string{""}, logarithmic: true,
			scaled: func(v float64, n int) float64 { return v * float64(n-1) / 1000 }},
	}
	for i, p := range panels {
		p.s, p.rows = s, rows
		p.x, p.y, p.w, p.h = 60+float64(i)*392, 96, 310, 256
		p.draw()
	}
	return s.writeTo(out)
}

// panel is one diagram.
type panel struct {
	s              *svg
	rows           []Row
	title, unit    string
	figures, words []string
	logarithmic    bool // in y too
	scaled         func(v float64, n int) float64
	x, y, w, h     float64
	low, high      float64
	parts          int // between lines of the grid
}

var lineInk = []string{"#2f7d4f", "#c98a0c", "#c2473d"}

func (p *panel) draw() {
	title := p.title + ", " + p.unit
	if p.logarithmic {
		title += ", logarithmic"
	}
	p.s.text(p.x, p.y-16, "start", ink, 13, title)
	p.bounds()
	p.grid()
	for i, f := range p.figures {
		p.line(f, p.words[i], lineInk[i%len(lineInk)])
	}
}

// each calls f with every point of a figure.
func (p *panel) each(figure string, f func(n int, g GoalResult)) {
	for _, row := range p.rows {
		for _, g := range row.Goals {
			if g.Figure == figure && !math.IsInf(float64(g.Worst), 0) {
				f(row.Nodes, g)
			}
		}
	}
}

func (p *panel) value(v Number, n int) float64 {
	if p.scaled == nil {
		return float64(v)
	}
	return p.scaled(float64(v), n)
}

func (p *panel) bounds() {
	p.low, p.high = math.Inf(1), 0
	for _, f := range p.figures {
		p.each(f, func(n int, g GoalResult) {
			p.high = max(p.high, p.value(g.Worst, n))
			p.low = min(p.low, p.value(g.Median, n))
		})
	}
	if p.logarithmic && p.high > 0 {
		p.low, p.high = math.Pow(10, math.Floor(math.Log10(p.low))), math.Pow(10, math.Ceil(math.Log10(p.high)))
		return
	}
	p.low = 0
	p.high, p.parts = niceAbove(max(p.high*1.12, 1e-3))
}

// niceAbove is a round number that is not below v, and in how many parts it is divided into round ones.
func niceAbove(v float64) (high float64, parts int) {
	unit := math.Pow(10, math.Floor(math.Log10(v)))
	for _, n := range []struct {
		high  float64
		parts int
	}{{1, 5}, {1.5, 3}, {2, 4}, {3, 3}, {4, 4}, {5, 5}, {6, 3}, {8, 4}} {
		if n.high*unit >= v {
			return n.high * unit, n.parts
		}
	}
	return 10 * unit, 5
}

func (p *panel) px(n int) float64 {
	first, last := p.rows[0].Nodes, p.rows[len(p.rows)-1].Nodes
	return p.x + p.w*math.Log(float64(n)/float64(first))/math.Log(float64(last)/float64(first))
}

func (p *panel) py(v float64) float64 {
	if p.logarithmic {
		return p.y + p.h*(1-math.Log(v/p.low)/math.Log(p.high/p.low))
	}
	return p.y + p.h*(1-v/p.high)
}

func (p *panel) grid() {
	for _, row := range p.rows {
		x := p.px(row.Nodes)
		p.s.line(x, p.y, x, p.y+p.h, gridline, 1, "")
		p.s.text(x, p.y+p.h+16, "middle", faint, 11, fmt.Sprint(row.Nodes))
	}
	p.s.text(p.x+p.w/2, p.y+p.h+34, "middle", faint, 11, "nodes, logarithmic")
	if p.logarithmic {
		for v := p.low; v <= p.high*1.01; v *= 10 {
			p.gridAt(v)
		}
		return
	}
	for i := range p.parts + 1 {
		p.gridAt(p.high * float64(i) / float64(p.parts))
	}
}

func (p *panel) gridAt(v float64) {
	y := p.py(v)
	p.s.line(p.x, y, p.x+p.w, y, gridline, 1, "")
	p.s.text(p.x-7, y+4, "end", faint, 11, fmt.Sprint(math.Round(v*10000)/10000))
}

func (p *panel) line(figure, words, ink string) {
	var d []byte
	var lastX, lastY float64
	p.each(figure, func(n int, g GoalResult) {
		x, y := p.px(n), p.py(p.value(g.Median, n))
		d = fmt.Appendf(d, "%c%s %s", "LM"[b2i(len(d) == 0)], px(x), px(y))
		lastX, lastY = x, y
	})
	p.s.path(d, "none", ink, 2)
	p.each(figure, func(n int, g GoalResult) {
		x, y := p.px(n), p.py(p.value(g.Median, n))
		p.s.line(x, y, x, p.py(p.value(g.Worst, n)), ink, 1.4, "")
		p.s.circle(x, y, 3.2, ink, paper)
	})
	if words != "" {
		p.s.text(lastX, lastY-9, "end", ink, 11, words)
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}
