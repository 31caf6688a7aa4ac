package main

import (
	"bytes"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"hearsay/node/web"
)

// topView is what top shows, as text.
type topView struct {
	colours bool
	status  web.Status
	members web.Members
	at      time.Time // when these were asked for
	rates   string
	events  []web.Event // the newest, oldest first
	trouble string      // why they could not be asked for again
}

// rated are the counters that are shown as rates.
var rated = []struct{ counter, word string }{
	{"mesh_beats", "beats"}, {"messages_delivered", "messages"}, {"link_bytes_in", "bytes in"}, {"link_bytes_out", "bytes out"}, {"mesh_dials", "dials"},
}

// update takes what was asked for.
func (v *topView) update(status web.Status, members web.Members, now time.Time) {
	v.trouble = ""
	if seconds := now.Sub(v.at).Seconds(); !v.at.IsZero() && seconds > 0 && status.Incarnation == v.status.Incarnation {
		var words []string
		for _, r := range rated {
			grown := float64(status.Counters[r.counter] - v.status.Counters[r.counter])
			words = append(words, fmt.Sprintf("%s %s/s", r.word, amount(grown/seconds)))
		}
		v.rates = strings.Join(words, "  ")
	}
	v.status, v.members, v.at = status, members, now
}

func (v *topView) add(e web.Event) {
	v.events = append(v.events, e)
	if len(v.events) > topEvents {
		v.events = append(v.events[:0], v.events[1:]...)
	}
}

// amount writes a number in three figures or so.
func amount(x float64) string {
	switch {
	case x < 10:
		return fmt.Sprintf("%.1f", x)
	case x < 10_000:
		return fmt.Sprintf("%.0f", x)
	case x < 10_000_000:
		return fmt.Sprintf("%.0fk", x/1000)
	}
	return fmt.Sprintf("%.0fM", x/1_000_000)
}

// draw returns at most height lines of at most width columns, each ended so that nothing older shows behind it.
func (v *topView) draw(width, height int, now time.Time) string {
	lines := v.head(now)
	table := v.table(now)
	tail := min(len(v.events), max(3, (height-len(lines)-2)/4)) // events take a quarter, if there are so many
	room := max(0, height-len(lines)-tail-2)
	if len(table) > room {
		more := len(table) - room + 1
		table = append(table[:max(0, room-1)], row{text: fmt.Sprintf("... and %d more", more)})
	}
	lines = append(lines, table...)
	for len(lines) < height-tail-2 {
		lines = append(lines, row{})
	}
	lines = append(lines, row{text: "events                                                           q quits", code: "7"})
	for _, e := range v.events[len(v.events)-tail:] {
		lines = append(lines, row{text: eventLine(e), code: colourOf(e.To)})
	}
	var b strings.Builder
	for i, l := range lines[:min(len(lines), max(0, height-1))] {
		if i > 0 {
			b.WriteString("\r\n")
		}
		b.WriteString(l.fit(width, v.colours) + "\x1b[K")
	}
	return b.String()
}

// row is a line and its colour, "" for none.
type row struct{ text, code string }

// fit cuts a line to a width.
func (r row) fit(width int, colours bool) string {
	text := r.text
	if utf8.RuneCountInString(text) > width {
		text = string([]rune(text)[:max(0, width)])
	}
	if colours && r.code != "" {
		return "\x1b[" + r.code + "m" + text + "\x1b[0m"
	}
	return text
}

func colourOf(state string) string {
	switch state {
	case "alive":
		return "32"
	case "suspect", "detached", "probation":
		return "33"
	case "quarantined":
		return "31"
	}
	return "2"
}

// head is the node itself.
func (v *topView) head(now time.Time) []row {
	s := v.status
	state := "ready: " + s.ReadyReason
	if !s.Ready {
		state = "NOT READY: " + s.ReadyReason
	}
	lines := []row{
		{text: fmt.Sprintf("%s  up %s  %d members, %d heard  %d listeners  %s", s.Name, ago(now, s.Started), s.Members, s.Alive, s.Listeners, s.Version), code: "1"},
		{text: state},
		{text: v.rates, code: "2"},
	}
	if v.trouble != "" {
		lines[1] = row{text: v.trouble, code: "31"}
	}
	return lines
}

// table is the members as the command of that name prints them.
func (v *topView) table(now time.Time) []row {
	var b bytes.Buffer
	_ = printMembers(&b, v.members, true, now) // a Buffer does not fail
	states := []string{"", v.members.Self.State}
	for _, m := range sorted(v.members.Members) {
		states = append(states, m.State)
	}
	var lines []row
	for i, text := range strings.Split(strings.TrimRight(b.String(), "\n"), "\n") {
		code := "7"
		if i > 0 {
			code = colourOf(states[i])
		}
		lines = append(lines, row{text: text, code: code})
	}
	return lines
}
