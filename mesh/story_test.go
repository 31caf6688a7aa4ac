package mesh

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hearsay/topics"
)

var update = flag.Bool("update", false, "write what the stories under testdata tell now")

// A story is a file under testdata: what happens to a node called "self", line by line, and below each "----" what the
// node does about it and tells. README.md there has the words. "go test ./mesh -run Stories -update" writes the answers
// anew; the diff is then read by a person.
func TestStories(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatal("no stories: ", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			told := (&story{t: t}).play(string(text))
			switch {
			case told == string(text):
			case *update:
				if err := os.WriteFile(path, []byte(told), 0o644); err != nil {
					t.Fatal(err)
				}
			default:
				t.Errorf("%s tells another story now (-update writes it):\n%s", path, firstDifference(string(text), told))
			}
		})
	}
}

// firstDifference is the first line that differs, with the three before it.
func firstDifference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range max(len(w), len(g)) {
		a, b := lineAt(w, i), lineAt(g, i)
		if a != b {
			return fmt.Sprintf("%s\nline %d was  %s\n        is  %s", strings.Join(w[max(0, i-3):min(i, len(w))], "\n"), i+1, a, b)
		}
	}
	return ""
}

func lineAt(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "(the end)"
}

// story plays a file on a rig.
type story struct {
	t        *testing.T
	r        *rig
	seeds    []topics.Name
	hellos   map[topics.Name]ListenerID
	listener ListenerID
	told     int // changes that were written down
	lists    int // and lists
	dialled  map[topics.Name]int
}

// play runs the commands and returns the text with the answers as they are now.
func (s *story) play(text string) string {
	var out strings.Builder
	inAnswer := false
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case line == "----":
			inAnswer = true
			fmt.Fprintln(&out, line)
			out.WriteString(s.answer())
		case inAnswer && line != "":
			continue // the old answer
		default:
			inAnswer = false
			fmt.Fprintln(&out, line)
			if words := strings.Fields(line); len(words) > 0 && !strings.HasPrefix(line, "#") {
				s.do(words)
			}
		}
	}
	return out.String()
}

// rig is the node, from the first line on that is no seed.
func (s *story) rig() *rig {
	if s.r == nil {
		s.r = newRig(s.t, Config{Seeds: s.seeds})
		s.hellos = map[topics.Name]ListenerID{}
		s.dialled = map[topics.Name]int{}
	}
	return s.r
}

// do is one line.
func (s *story) do(words []string) {
	rest := names(words[1:])
	switch words[0] {
	case "seeds":
		s.seeds = rest
	case "there":
		s.there(words)
	case "remember":
		s.rig().step(Known{rest})
	case "wait":
		d, err := time.ParseDuration(words[1])
		if err != nil {
			s.t.Fatal(err)
		}
		s.rig().pass(d)
	case "hello":
		s.hello(rest[0], words[3])
	case "hint":
		s.rig().step(Hint{rest[0], words[3], words[5]})
	case "forget":
		s.rig().step(Forget{rest[0]})
	case "leave":
		s.rig().step(Leave{})
	default:
		p := s.rig().puppetOf(topics.Name(words[0]))
		if p == nil {
			s.t.Fatalf("%q is neither a command nor a peer", words[0])
		}
		s.peer(p, strings.Join(words[1:2], ""), names(words[2:]))
	}
}

func names(words []string) (all []topics.Name) {
	for _, w := range words {
		all = append(all, topics.Name(strings.TrimSuffix(w, ",")))
	}
	return all
}

// there adds peers: "there is NAME [hearing NAMES]", "there are NAMES", "there is a naive NAME".
func (s *story) there(words []string) {
	switch {
	case words[1] == "are":
		all := names(words[2:])
		for _, name := range all {
			s.rig().puppet(name, slices.DeleteFunc(slices.Clone(all), func(o topics.Name) bool { return o == name })...)
		}
	case words[2] == "a" && words[3] == "naive":
		s.rig().puppet(topics.Name(words[4])).header = nil
	case len(words) > 4:
		s.rig().puppet(topics.Name(words[2]), names(words[4:])...)
	default:
		s.rig().puppet(topics.Name(words[2]))
	}
}

// hello has somebody connect to us, as from an address, and say its name.
func (s *story) hello(name topics.Name, addr string) {
	s.listener++
	s.rig().step(ListenerUp{s.listener, addr})
	s.r.step(Hello{s.listener, name})
	s.hellos[name] = s.listener
}

// peer has a peer do something.
func (s *story) peer(p *puppet, what string, rest []topics.Name) {
	switch what {
	case "lists":
		p.say(rest...)
	case "freezes": // its host answers, it does not speak
		p.mute = true
	case "thaws":
		p.mute = false
		p.beat()
	case "crashes": // its host closes its connections, and refuses
		p.dies()
	case "vanishes": // a power cut: nobody says anything
		p.mute, p.hang = true, true
	case "returns": // the same process is reachable again
		p.reachable()
	case "restarts": // another process under the same name
		p.reachable()
		p.header.Incarnation++
		p.header.Seq, p.header.List = 0, 1
		p.header.Leaving = false
	case "leaves":
		p.header.Leaving = true
		p.beat()
		p.dies()
	case "moves": // to another address
		p.addr = string(rest[0]) + ":20000"
	case "disconnects":
		if id := s.hellos[p.name]; id != 0 {
			s.r.step(ListenerDown{id})
			delete(s.hellos, p.name)
		}
		p.breaks()
	default:
		s.t.Fatalf("%s cannot do %q", p.name, what)
	}
}

// answer is what the node did and told since the last answer: dials (how many of whom), changes, the list that it
// publishes, and whom it knows.
func (s *story) answer() string {
	r := s.rig()
	var out strings.Builder
	fmt.Fprintf(&out, "at %v\n", r.now.Round(time.Millisecond))
	if dialled := s.dials(); len(dialled) > 0 {
		fmt.Fprintf(&out, "  dials      %s\n", strings.Join(dialled, ", "))
	}
	for _, c := range r.changes[s.told:] {
		fmt.Fprintf(&out, "  %-10s %s: %v to %v, %s\n", c.Kind, c.Peer, c.From, c.To, c.Why)
	}
	s.told = len(r.changes)
	if n := len(r.lists); n > s.lists {
		fmt.Fprintf(&out, "  lists      %s\n", listText(r.lists[n-1]))
		s.lists = n
	}
	for _, m := range r.m.Members() {
		fmt.Fprintf(&out, "  %-10s %s%s\n", m.State, m.Name, seedMark(m))
	}
	return out.String()
}

func seedMark(m Member) string {
	if m.Seed {
		return " (seed)"
	}
	return ""
}

func listText(p Publish) string {
	var flags []string
	if p.Header.Leaving {
		flags = append(flags, "leaving")
	}
	if p.Header.Degraded {
		flags = append(flags, "degraded")
	}
	if !p.Header.Complete {
		flags = append(flags, "incomplete")
	}
	text := strings.Trim(fmt.Sprint(p.Names), "[]")
	if len(flags) > 0 {
		text += " (" + strings.Join(flags, ", ") + ")"
	}
	return text
}

// dials are the names dialled since the last answer, with how often.
func (s *story) dials() (all []string) {
	for name, n := range s.r.count {
		if more := n - s.dialled[name]; more > 0 {
			all = append(all, fmt.Sprintf("%s x%d", name, more))
			s.dialled[name] = n
		}
	}
	slices.Sort(all)
	return all
}
