package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"hearsay/node/plain"
	"hearsay/node/web"
)

// topView is what top shows, as text, and where its user is in it.
type topView struct {
	colours bool
	status  web.Status
	members web.Members
	at      time.Time // when these were asked for
	rates   []string
	events  []web.Event // the newest, oldest first
	trouble string      // why they could not be asked for again

	order    int    // in orders
	filter   string // what a member has to have in its line
	typing   bool   // the filter
	selected string // the name of a member
	line     int    // where that is among the members shown
	first    int    // the member in the top line
	page     int    // lines of members that fit
	help     bool
	details  bool
}

// rated are the counters that are shown as rates.
var rated = []struct{ counter, word, unit string }{
	{"mesh_beats", "beats", "/s"}, {"messages_delivered", "messages", "/s"}, {"link_bytes_in", "in", "B/s"}, {"link_bytes_out", "out", "B/s"}, {"mesh_dials", "dials", "/s"},
}

// update takes what was asked for.
func (v *topView) update(status web.Status, members web.Members, now time.Time) {
	v.trouble = ""
	if seconds := now.Sub(v.at).Seconds(); !v.at.IsZero() && seconds > 0 && status.Incarnation == v.status.Incarnation {
		var words []string
		for _, r := range rated {
			grown := float64(status.Counters[r.counter] - v.status.Counters[r.counter])
			words = append(words, fmt.Sprintf("%s %s%s", r.word, amount(grown/seconds), r.unit))
		}
		v.rates = words
	}
	v.status, v.members, v.at = status, members, now
}

func (v *topView) add(e web.Event) {
	v.events = append(v.events, e)
	if len(v.events) > topEvents {
		v.events = append(v.events[:0], v.events[1:]...)
	}
}

// amount writes a number in three figures or so, ready for a unit.
func amount(x float64) string {
	switch {
	case x < 10:
		return fmt.Sprintf("%.1f ", x)
	case x < 10_000:
		return fmt.Sprintf("%.0f ", x)
	case x < 10_000_000:
		return fmt.Sprintf("%.0f k", x/1000)
	}
	return fmt.Sprintf("%.0f M", x/1_000_000)
}

// orders are the ways to sort members; s goes on to the next one.
var orders = []struct {
	name    string
	compare func(a, b web.Member) int
}{
	{"unhealthy first", func(a, b web.Member) int { return illness(b) - illness(a) }},
	{"name", func(web.Member, web.Member) int { return 0 }},
	{"newest change first", func(a, b web.Member) int { return b.Since.Compare(a.Since) }},
	{"state", func(a, b web.Member) int { return strings.Compare(a.State, b.State) }},
}

// illness is how much a member needs to be looked at.
func illness(m web.Member) int {
	switch {
	case m.State == "suspect" || m.State == "detached":
		return 6
	case m.Conflict != "":
		return 5
	case m.State == "quarantined" || m.State == "probation":
		return 4
	case m.State == "alive" && len(m.Via) > 0:
		return 1
	case m.State == "alive" && (m.MissedBeats > 0 || m.OneWay != "" || m.Stale != "" || m.ClockOff != "" || m.Restarts != "" || !m.Naive && !m.HearsMe && !m.Spare || !m.MessagesLink || !m.Naive && !m.Flowing || m.Degraded):
		return 3
	case m.State == "candidate":
		return 2
	case m.State == "alive":
		return 1
	}
	return 0
}

// shown are the members that pass the filter, in order.
func (v *topView) shown() []web.Member {
	want := strings.ToLower(v.filter)
	var out []web.Member
	for _, m := range v.members.Members {
		if want == "" || strings.Contains(strings.ToLower(fmt.Sprintf("%s %s %s %s %s", m.Name, m.State, m.Address, m.Tags, reason(m))), want) {
			out = append(out, m)
		}
	}
	slices.SortStableFunc(out, func(a, b web.Member) int {
		return cmp.Or(orders[v.order].compare(a, b), natural(string(a.Name), string(b.Name)))
	})
	return out
}

// draw returns at most height lines of at most width columns, each ended so that nothing older shows behind it.
func (v *topView) draw(width, height int, now time.Time) string {
	var lines []row
	switch {
	case v.help:
		lines = topHelp(width)
	case v.details:
		lines = v.detail(width, height-1, now)
	default:
		lines = v.overview(width, height, now)
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

// overview is the node, as many members as fit, and the newest events.
func (v *topView) overview(width, height int, now time.Time) []row {
	all := v.shown()
	names := nameWidth(all)
	lines := append(v.head(width, height, now, len(all)), row{text: tableHead(width, names), code: "7"})
	tail := min(len(v.events), max(2, (height-len(lines)-2)/5)) // events take a fifth, if there are so many
	v.page = max(0, height-len(lines)-tail-2)
	v.place(all)
	for i := v.first; i < min(len(all), v.first+v.page); i++ {
		r := tableRow(all[i], width, names, now)
		if i == v.line {
			r.text, r.code = ">"+r.text[1:], r.code+";1"
		}
		lines = append(lines, r)
	}
	for len(lines) < height-tail-2 {
		lines = append(lines, row{})
	}
	foot := "? help  / filter  s sort  Enter details  q quits"
	if v.typing {
		foot = "filter: " + v.filter + "_   Enter keeps it, Esc takes it back"
	}
	lines = append(lines, row{text: foot, code: "7"})
	for _, e := range v.events[len(v.events)-tail:] {
		lines = append(lines, row{text: eventIn(width, e), code: colourOf(e.To)})
	}
	return lines
}

// eventIn is an event in a line of so many columns: where these are few, without what its kind says as well.
func eventIn(width int, e web.Event) string {
	if width >= 80 {
		return eventLine(e)
	}
	return plain.Text(strings.TrimSuffix(fmt.Sprintf("%s %s %s: %s", e.At.Local().Format(time.TimeOnly), e.Peer, e.Kind, e.Why), ": "))
}

// place finds the selected member among those shown, and scrolls so that it is seen.
func (v *topView) place(all []web.Member) {
	if i := slices.IndexFunc(all, func(m web.Member) bool { return string(m.Name) == v.selected }); i >= 0 {
		v.line = i
	}
	v.line = max(0, min(v.line, len(all)-1))
	v.first = max(0, min(v.first, v.line, len(all)-v.page))
	if v.page > 0 && v.line >= v.first+v.page {
		v.first = v.line - v.page + 1
	}
}

// move selects another member.
func (v *topView) move(by int) {
	all := v.shown()
	if len(all) == 0 {
		return
	}
	v.place(all)
	v.line = max(0, min(v.line+by, len(all)-1))
	v.selected = string(all[v.line].Name)
}

// press does what a key asks for, and reports whether top goes on.
func (v *topView) press(k key) bool {
	switch {
	case k == keyCtrlC:
		return false
	case v.typing:
		v.typeFilter(k)
		return true
	case v.help:
		v.help = false
		return k != 'q' && k != 'Q'
	case v.details && (k == keyEscape || k == keyEnter || k == 'q'):
		v.details = false
		return true
	}
	switch k {
	case 'q', 'Q':
		return false
	case 'j', keyDown:
		v.move(1)
	case 'k', keyUp:
		v.move(-1)
	case keyPageDown, ' ':
		v.move(max(1, v.page))
	case keyPageUp, 'b':
		v.move(-max(1, v.page))
	case 'g', keyHome:
		v.move(-len(v.members.Members))
	case 'G', keyEnd:
		v.move(len(v.members.Members))
	case 's': // of the list, as '/' is
		v.details = false
		v.order, v.first, v.line, v.selected = (v.order+1)%len(orders), 0, 0, ""
	case '/':
		v.details, v.typing = false, true
	case keyEscape:
		v.filter = ""
	case '?', 'h':
		v.help = true
	case keyEnter:
		v.move(0)
		v.details = v.selected != ""
	}
	return true
}

// typeFilter takes a key while a filter is typed.
func (v *topView) typeFilter(k key) {
	switch {
	case k == keyEnter:
		v.typing = false
	case k == keyEscape:
		v.typing, v.filter = false, ""
	case k == keyBackspace:
		_, size := utf8.DecodeLastRuneInString(v.filter)
		v.filter = v.filter[:len(v.filter)-size]
	case k >= ' ' && (k < keyUp || k > keyEnd) && len(v.filter) < 64:
		v.filter += string(rune(k))
	}
	v.first, v.line, v.selected = 0, 0, ""
}

func topHelp(width int) []row {
	lines := []row{{text: "hearsay top", code: "1"}, {}}
	for _, l := range []string{
		"j k, arrows         the next member, the one before", "Space b, PgDn PgUp  a page further, back", "g G, Home End       the first, the last",
		"Enter               all about one member; Enter or Esc goes back", "/                   show only lines with a text; Esc shows all again",
		"s                   sort: unhealthy first, name, newest change, state", "?                   this help", "q, Ctrl-C           the end", "", "any key goes back",
	} {
		lines = append(lines, wrap(l, width, 20)...)
	}
	return lines
}

// wrap breaks a text between words, where it can, and indents all lines but the first.
func wrap(text string, width, indent int) (lines []row) {
	width = max(width, 1)
	indent = min(indent, width/2)
	rest := []rune(text)
	for len(rest) > width {
		cut := width
		for cut > indent && rest[cut] != ' ' {
			cut--
		}
		if cut <= indent {
			cut = width // a word without end
		}
		lines = append(lines, row{text: string(rest[:cut])})
		if rest[cut] == ' ' {
			cut++
		}
		rest = append([]rune(strings.Repeat(" ", indent)), rest[cut:]...)
	}
	return append(lines, row{text: string(rest)})
}

// detail is all that is known of the selected member, as far as it fits.
func (v *topView) detail(width, height int, now time.Time) []row {
	i := slices.IndexFunc(v.members.Members, func(m web.Member) bool { return string(m.Name) == v.selected })
	if i < 0 {
		return []row{{text: v.selected + " is not known any more"}, {}, {text: "Enter goes back", code: "7"}}
	}
	m := v.members.Members[i]
	var listed []string
	for _, name := range m.ListedBy {
		listed = append(listed, string(name))
	}
	yes := func(b bool, word, not string) string {
		if b {
			return word
		}
		return not
	}
	messages := yes(m.MessagesLink, "arrive here, ", "do NOT arrive here, ") + yes(m.Flowing, "flow both ways", "do NOT flow both ways")
	hears := yes(m.HearsMe, "in its list", yes(m.Spare, "in the lists of others", "NOT in its list"))
	if len(m.Via) > 0 {
		messages, hears = "by relays: it is not heard here", ""
	}
	failed := ""
	if m.Failures > 0 {
		failed = fmt.Sprint(m.Failures)
	}
	lines := []row{{text: string(m.Name), code: "1"}, {}}
	for _, f := range [][2]string{
		{"state", m.State + " for " + ago(now, m.Since) + ": " + m.Why}, {"heard", heard(now, m)}, {"missed", count(m.MissedBeats, "beat")},
		{"address", cmp.Or(m.Address, "none yet")}, {"calls from", m.CalledFrom}, {"runs", m.Program}, {"tags", m.Tags}, {"conflict", m.Conflict},
		{"dials failed", failed}, {"because", m.Failure}, {"next try", nextTry(now, m)}, {"penalty", fmt.Sprintf("%.2f", m.Penalty)},
		{"via", via(m)}, {"hears us", hears}, {"messages", messages}, {"one-way", m.OneWay}, {"its name", m.Stale}, {"clock", m.ClockOff}, {"restarts", m.Restarts}, {"unlinked", m.Unlinked},
		{"received", amount(float64(m.Received)) + "B"}, {"listed by", fmt.Sprintf("%d: %s", len(listed), strings.Join(listed, " "))},
	} {
		if f[1] != "" {
			lines = append(lines, wrap(fmt.Sprintf("%-13s %s", f[0], f[1]), width, 14)...)
		}
	}
	if most := max(0, height-1); len(lines) > most { // what was left out is the end of the list of those who list it
		lines = append(lines[:max(0, most-1)], row{text: "...", code: "2"})
	}
	return append(lines, row{text: "Enter goes back", code: "7"})
}

// row is a line and its colour, "" for none.
type row struct{ text, code string }

// fit cuts a line to a width, and shows that it did.
func (r row) fit(width int, colours bool) string {
	text := plain.Text(r.text)
	if utf8.RuneCountInString(text) > width {
		text = string([]rune(text)[:max(0, width)])
		if width > 1 {
			text = string([]rune(text)[:width-1]) + "~"
		}
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

// colourOfMember is that of its state: one that is alive and not well is no green one among others.
func colourOfMember(m web.Member) string {
	if m.State == "alive" && illness(m) > illness(web.Member{State: "alive", Naive: true, MessagesLink: true}) {
		return colourOf("suspect")
	}
	return colourOf(m.State)
}

// reasonLines is what the reason for the node's state may take, where the window is high enough for more than one.
const reasonLines = 3

// head is the node itself.
func (v *topView) head(width, height int, now time.Time, shown int) []row {
	s := v.status
	state := row{text: "ready: " + s.ReadyReason}
	if !s.Ready {
		state = row{text: "NOT READY: " + s.ReadyReason, code: "31"}
	}
	if v.trouble != "" {
		state = row{text: v.trouble, code: "31"}
	}
	sorting := fmt.Sprintf("%s, %s", count(shown, "peer"), orders[v.order].name)
	if v.filter != "" {
		sorting += fmt.Sprintf(", of %d with %q", len(v.members.Members), v.filter)
	}
	lines := []row{{text: whole(width, string(s.Name), "up "+ago(now, s.Started), fmt.Sprintf("%s, %d heard", count(s.Members, "member"), s.Alive), count(s.Listeners, "listener"), knownVersion(s.Version)), code: "1"}}
	for i, l := range wrap(state.text, width, 2) {
		if i < reasonLines && (i == 0 || height >= 16) {
			lines = append(lines, row{l.text, state.code})
		}
	}
	return append(lines, row{text: whole(width, v.rates...), code: "2"}, row{text: sorting, code: "2"})
}

// knownVersion is a version in a line of words.
func knownVersion(version string) string {
	if version == "unknown" {
		return "version unknown"
	}
	return version
}

// whole joins as many words as fit, and the first.
func whole(width int, words ...string) (line string) {
	for i, word := range words {
		if i > 0 && utf8.RuneCountInString(line)+2+utf8.RuneCountInString(word) > width {
			break
		}
		if i > 0 {
			line += "  "
		}
		line += word
	}
	return line
}

// brief is the reason of a member in a line that may be cut: what is wrong comes first.
func brief(m web.Member) string {
	text := reason(m)
	if m.Unlinked != "" {
		text = strings.Replace(text, "no message link; unlinked: ", "unlinked: ", 1)
	}
	if m.Why == "heard" {
		text = strings.TrimPrefix(text, "heard; ")
	}
	return text
}

// columns of the table, for terminals of at least so many columns.
var columns = []struct {
	title string
	width int
	from  int
	of    func(m web.Member, now time.Time) string
}{
	{"NAME", 22, 0, func(m web.Member, _ time.Time) string { return string(m.Name) }},
	{"STATE", 11, 0, func(m web.Member, _ time.Time) string { return m.State }},
	{"HEARD", 8, 0, func(m web.Member, now time.Time) string { return strings.TrimSuffix(heard(now, m), " ago") }},
	{"SINCE", 5, 80, func(m web.Member, now time.Time) string { return ago(now, m.Since) }},
	{"NEXT TRY", 8, 110, func(m web.Member, now time.Time) string { return nextTry(now, m) }},
	{"ADDRESS", 21, 110, func(m web.Member, _ time.Time) string { return cmp.Or(m.Address, "-") }},
	{"VERSION", 14, 140, func(m web.Member, _ time.Time) string { return programVersion(m.Program) }},
	{"WHY", 0, 0, func(m web.Member, _ time.Time) string { return brief(m) }},
}

// nameWidth is how wide the column of names has to be.
func nameWidth(all []web.Member) int {
	width := len(columns[0].title)
	for _, m := range all {
		width = max(width, utf8.RuneCountInString(string(m.Name)))
	}
	return min(width, columns[0].width)
}

func tableHead(width, names int) string {
	return tableLine(width, names, func(i int) string { return columns[i].title })
}

func tableRow(m web.Member, width, names int, now time.Time) row {
	return row{text: tableLine(width, names, func(i int) string { return columns[i].of(m, now) }), code: colourOfMember(m)}
}

// tableLine writes the columns that fit. The first column of all is for a mark.
func tableLine(width, names int, of func(i int) string) string {
	var b strings.Builder
	b.WriteByte(' ')
	for i, c := range columns {
		if width < c.from {
			continue
		}
		if i == 0 {
			c.width = names
		}
		text := plain.Text(of(i))
		if c.width > 0 && utf8.RuneCountInString(text) > c.width {
			text = string([]rune(text)[:c.width-1]) + "~"
		}
		fmt.Fprintf(&b, "%-*s ", c.width, text)
	}
	return strings.TrimRight(b.String(), " ")
}
