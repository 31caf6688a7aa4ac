package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"hearsay/node/plain"
	"hearsay/node/web"
	"hearsay/topics"
)

func linksCommand() *cli.Command {
	return &cli.Command{
		Name:  "links",
		Usage: "show who hears whom",
		Description: "A row says whom its node hears, as it says itself; the columns are the same nodes in the same order.\n\n" +
			"  ●  hears it, and is heard or does not know\n" +
			"  >  hears it, but is not heard by it: a one-way link, which is no fault in a partial mesh (node --full-mesh)\n" +
			"  .  does not hear it\n" +
			"  ?  does not say in a form to be relied upon, as naive nodes do not",
		Flags:  []cli.Flag{addrFlag(), jsonFlag()},
		Before: noArguments,
		Action: runLinks,
	}
}

func runLinks(c *cli.Context) error {
	cl, err := newClient(c)
	if err != nil {
		return err
	}
	var links web.Links
	body, err := cl.get(c.Context, "/v1/links", &links)
	if err != nil {
		return interrupted(c, err)
	}
	if c.Bool("json") {
		return printJSON(c.App.Writer, body)
	}
	if err := printLinks(c.App.Writer, newMatrix(links)); err != nil {
		return err
	}
	var all web.Members
	if _, err := cl.get(c.Context, "/v1/members", &all); err != nil {
		return interrupted(c, err)
	}
	return printMessageFaults(c.App.Writer, all, time.Now())
}

// linkTime is how long a member may take until messages pass both ways.
const linkTime = 5 * time.Second

// printMessageFaults names the members whose lists arrive and whose messages do not, one way or the other, those that hear
// this node and are not heard, and those that were lost.
func printMessageFaults(w io.Writer, all web.Members, now time.Time) error {
	for _, m := range sorted(all.Members) {
		if m.OneWay != "" && (m.State != "alive" || len(m.Via) > 0) { // it has no row
			if _, err := fmt.Fprintf(w, "one-way: %s: %s\n", shown(m.Name), plain.Text(m.OneWay)); err != nil {
				return err
			}
		}
		if m.OneWay == "" && (m.State == "suspect" || m.State == "quarantined") {
			if _, err := fmt.Fprintf(w, "not heard: %s: %s: %s\n", shown(m.Name), m.State, plain.Text(reason(m))); err != nil {
				return err
			}
		}
		if m.State != "alive" || len(m.Via) > 0 || now.Sub(m.Since) < linkTime {
			continue
		}
		name, said := shown(m.Name), ""
		if !m.MessagesLink {
			said = fmt.Sprintf("no messages: those of %s do not arrive here: is its message port open?\n", name)
		}
		switch oursArrive := m.Flowing || !m.Unread && !m.MessagesLink; {
		case oursArrive || m.Naive || all.Self.Conflict != "": // nobody reads who is second of its name
		case m.Spare: // others hear this node, and relay
		case !m.HearsMe: // who does not hear lists does not ask for messages
			said += fmt.Sprintf("no messages: %s does not hear this node: is this node's discovery port open for it, and does its name lead here?\n", name)
		default:
			said += fmt.Sprintf("no messages: ours do not reach %s: is this node's message port open for it?\n", name)
		}
		if _, err := io.WriteString(w, said); err != nil {
			return err
		}
	}
	return nil
}

// matrix is who hears whom.
type matrix struct {
	names   []topics.Name
	hears   map[topics.Name]map[topics.Name]bool // nil for a node that does not say
	partial bool                                 // who is heard need not hear back
}

func newMatrix(links web.Links) matrix {
	m := matrix{hears: make(map[topics.Name]map[topics.Name]bool), partial: links.Partial}
	seen := make(map[topics.Name]bool)
	add := func(name topics.Name) {
		if !seen[name] {
			seen[name] = true
			m.names = append(m.names, name)
		}
	}
	for _, row := range links.Nodes {
		from := shown(row.Name)
		add(from)
		m.hears[from] = make(map[topics.Name]bool)
		for _, name := range row.Hears {
			add(shown(name))
			m.hears[from][shown(name)] = true
		}
	}
	slices.SortFunc(m.names, func(a, b topics.Name) int { return natural(string(a), string(b)) })
	return m
}

// shown is a name as a terminal may show it: what answers may be no node.
func shown(name topics.Name) topics.Name { return topics.Name(plain.Text(string(name))) }

// oneWay reports whether a hears b, and b says that it does not hear a.
func (m matrix) oneWay(a, b topics.Name) bool {
	return m.hears[a][b] && m.hears[b] != nil && !m.hears[b][a]
}

func (m matrix) mark(a, b topics.Name) string {
	switch {
	case a == b:
		return "-"
	case m.hears[a] == nil:
		return "?"
	case m.oneWay(a, b):
		return ">"
	case m.hears[a][b]:
		return "●"
	}
	return "."
}

// printLinks writes the matrix, if it fits a terminal, and what is wrong in it in words.
func printLinks(w io.Writer, m matrix) error {
	var b strings.Builder
	if len(m.names) <= maxMatrix {
		m.draw(&b)
	}
	said, heard := 0, 0
	for _, a := range m.names {
		if m.hears[a] != nil {
			said++
			heard += len(m.hears[a])
		}
	}
	fmt.Fprintf(&b, "%s, %s: %d of %s\n", count(len(m.names), "node"), saying(said), heard, count(said*(len(m.names)-1), "link"))
	if m.partial {
		b.WriteString("a partial mesh: each node listens to some of the others, who need not hear it\n")
	}
	for _, x := range m.names {
		for _, y := range m.names {
			if m.oneWay(x, y) && !m.partial {
				fmt.Fprintf(&b, "one-way: %s hears %s, and is not heard by it\n", x, y)
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// saying is how many nodes say something.
func saying(n int) string {
	if n == 1 {
		return "1 of them says whom it hears"
	}
	return fmt.Sprintf("%d of them say whom they hear", n)
}

func (m matrix) draw(b *strings.Builder) {
	width := len("hears")
	for _, name := range m.names {
		width = max(width, len(name))
	}
	fmt.Fprintf(b, "    %-*s", width, "hears")
	for i := range m.names {
		fmt.Fprintf(b, "%4d", i+1)
	}
	b.WriteByte('\n')
	for i, x := range m.names {
		fmt.Fprintf(b, "%3d %-*s", i+1, width, x)
		for _, y := range m.names {
			b.WriteString("   " + m.mark(x, y))
		}
		b.WriteByte('\n')
	}
}
