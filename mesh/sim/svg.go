package sim

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"math"
	"time"

	"hearsay/mesh"
)

// svg writes a picture. Lengths are pixels.
type svg struct{ b bytes.Buffer }

// Colours. What is well is pale, so that trouble is what one sees.
const (
	ink      = "#2b2f36"
	faint    = "#7b828c"
	gridline = "#e4e7ea"
	paper    = "#ffffff"
	nothing  = "#f4f4f2"

	downInk    = "#3a3f47"
	stallInk   = "#4f7fc0"
	networkInk = "#a8703a"
)

// stateInk is the colour of each state; a name that was never heard has none.
var stateInk = [...]string{
	mesh.Unknown: nothing, mesh.Candidate: nothing, mesh.Probation: "#5db4c9", mesh.Alive: "#cbe7cd",
	mesh.Suspect: "#f0b429", mesh.Detached: "#8a63b8", mesh.Quarantined: "#cf4a3f", mesh.Left: "#a4a9b0",
	mesh.Far: "#dfe9b8", mesh.Alias: nothing,
}

// drawOrder is how states are stacked, from the bottom.
var drawOrder = []mesh.State{
	mesh.Alive, mesh.Far, mesh.Detached, mesh.Suspect, mesh.Probation, mesh.Quarantined, mesh.Left, mesh.Candidate, mesh.Unknown,
}

func newSVG(width, height float64) *svg {
	s := &svg{}
	fmt.Fprintf(&s.b, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" viewBox="0 0 %.0f %.0f" `,
		width, height, width, height)
	fmt.Fprintf(&s.b, `font-family="Helvetica,Arial,'Liberation Sans','DejaVu Sans',sans-serif" font-size="12" fill="%s">`+"\n", ink)
	s.rect(0, 0, width, height, paper)
	return s
}

func (s *svg) rect(x, y, w, h float64, fill string) {
	fmt.Fprintf(&s.b, `<rect x="%s" y="%s" width="%s" height="%s" fill="%s"/>`+"\n", px(x), px(y), px(w), px(h), fill)
}

func (s *svg) line(x1, y1, x2, y2 float64, stroke string, width float64, dash string) {
	fmt.Fprintf(&s.b, `<line x1="%s" y1="%s" x2="%s" y2="%s" stroke="%s" stroke-width="%s"`, px(x1), px(y1), px(x2), px(y2), stroke, px(width))
	if dash != "" {
		fmt.Fprintf(&s.b, ` stroke-dasharray="%s"`, dash)
	}
	s.b.WriteString("/>\n")
}

// text puts words at a point; anchor is start, middle or end.
func (s *svg) text(x, y float64, anchor, fill string, size float64, words string) {
	fmt.Fprintf(&s.b, `<text x="%s" y="%s" text-anchor="%s" fill="%s" font-size="%s">%s</text>`+"\n",
		px(x), px(y), anchor, fill, px(size), html.EscapeString(words))
}

func (s *svg) path(d []byte, fill, stroke string, width float64) {
	fmt.Fprintf(&s.b, `<path d="%s" fill="%s" stroke="%s" stroke-width="%s" stroke-linejoin="round"/>`+"\n", d, fill, stroke, px(width))
}

func (s *svg) circle(x, y, r float64, fill, stroke string) {
	fmt.Fprintf(&s.b, `<circle cx="%s" cy="%s" r="%s" fill="%s" stroke="%s"/>`+"\n", px(x), px(y), px(r), fill, stroke)
}

func (s *svg) writeTo(out io.Writer) error {
	s.b.WriteString("</svg>\n")
	_, err := out.Write(s.b.Bytes())
	return err
}

// px writes a length without needless digits.
func px(v float64) string {
	if v = math.Round(v*10) / 10; v == math.Trunc(v) {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.1f", v)
}

// timeSteps are the distances between ticks of a time axis that people like.
var timeSteps = []time.Duration{
	time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 20 * time.Second, 30 * time.Second, time.Minute,
	2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 20 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour,
	6 * time.Hour, 12 * time.Hour, 24 * time.Hour,
}

// ticks are the times to write under an axis: about a dozen.
func ticks(length time.Duration) (ts []time.Duration) {
	step := timeSteps[len(timeSteps)-1]
	for _, s := range timeSteps {
		if length/s <= 12 {
			step = s
			break
		}
	}
	for t := time.Duration(0); t <= length; t += step {
		ts = append(ts, t)
	}
	return ts
}

// short is a time as an axis has it: 40 s, 1:30 min, 2 min, 3 h.
func short(t time.Duration) string {
	switch {
	case t == 0:
		return "0"
	case t < time.Minute:
		return fmt.Sprintf("%.0f s", t.Seconds())
	case t < 3*time.Hour && t%time.Minute != 0:
		return fmt.Sprintf("%d:%02d min", t/time.Minute, t%time.Minute/time.Second)
	case t < 3*time.Hour:
		return fmt.Sprintf("%d min", t/time.Minute)
	}
	return fmt.Sprintf("%.3g h", t.Hours())
}
