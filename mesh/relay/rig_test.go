package relay

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"testing"
	"time"

	"hearsay/topics"
)

// rig is a judge with its clock and its view.
type rig struct {
	testing.TB
	j     *Judge[string]
	now   time.Duration
	view  *view
	out   []Delivery[string]
	fresh bool
}

// view is a mesh as a test writes it down: who is linked, and whom each of these lists.
type view struct {
	linked []topics.Name
	lists  map[topics.Name][]topics.Name
	few    bool
	known  []topics.Name // members by the word of others
}

func (v *view) Known(name topics.Name) bool { return slices.Contains(v.known, name) }

func (v *view) Partial() bool { return v.few }

// Number is that of what it shows, however a test has changed it.
func (v *view) Number() uint64 {
	h := fnv.New64a()
	_, _ = fmt.Fprint(h, v.linked, v.lists, v.few, v.known)
	return h.Sum64() | 1
}

func (v *view) Linked(name topics.Name) bool { return slices.Contains(v.linked, name) }

func (v *view) EachLinked(f func(topics.Name)) {
	for _, name := range v.linked {
		f(name)
	}
}

func (v *view) Listers(name topics.Name) (listers []topics.Name) {
	for _, l := range v.linked {
		if slices.Contains(v.lists[l], name) {
			listers = append(listers, l)
		}
	}
	return listers
}

func (v *view) EachUnheard(f func(topics.Name)) {
	var told []topics.Name
	for _, l := range v.linked {
		for _, name := range v.lists[l] {
			if !v.Linked(name) && !slices.Contains(told, name) {
				told = append(told, name)
				f(name)
			}
		}
	}
}

// soon is how long an origin is lacked in a partial mesh until a relay is asked.
const soon = time.Second / soonShare

func newRig(t testing.TB, linked ...topics.Name) *rig {
	return newRigOf(t, Config{}, linked...)
}

func newRigOf(t testing.TB, cfg Config, linked ...topics.Name) *rig {
	cfg.Self = "me"
	return &rig{TB: t, j: New[string](cfg, nil), view: &view{linked: linked, lists: map[topics.Name][]topics.Name{}}, now: time.Hour}
}

// plain is a stream of an origin.
func plain(origin topics.Name) Stream { return Stream{origin, 7, topics.Message} }

func text(origin topics.Name, n uint64) string { return fmt.Sprintf("%s%d", origin, n) }

// hear gives numbers of an origin, as it says them itself.
func (r *rig) hear(origin topics.Name, numbers ...uint64) *rig {
	for _, n := range numbers {
		r.j.Came(r.now, origin)
		r.fresh, r.out = r.j.Message(r.now, plain(origin), n, text(origin, n), text(origin, n), 10, r.out)
	}
	return r
}

// relayed gives numbers of an origin, as a relay says them.
func (r *rig) relayed(via, origin topics.Name, far bool, numbers ...uint64) *rig {
	for _, n := range numbers {
		r.j.Came(r.now, via)
		r.fresh, r.out = r.j.Relay(r.now, via, far, plain(origin), n, text(origin, n), text(origin, n), 10, r.out)
	}
	return r
}

// answer gives numbers as the answer to a question.
func (r *rig) answer(via topics.Name, question string, numbers ...uint64) *rig {
	q, err := topics.ParseQuestion([]byte(question))
	if err != nil {
		r.Fatal(err)
	}
	for _, n := range numbers {
		r.j.Came(r.now, via)
		r.fresh, r.out = r.j.Answer(r.now, via, []byte(question), plain(q.Origin), n, text(q.Origin, n), text(q.Origin, n), 10, r.out)
	}
	return r
}

func (r *rig) ends(via topics.Name, question string) *rig {
	r.j.Came(r.now, via)
	r.out = r.j.AnswerEnds(r.now, via, []byte(question), r.out)
	return r
}

// pass lets time go by, with a tick whenever one is due and each beat.
func (r *rig) pass(d time.Duration) *rig {
	for end := r.now + d; ; {
		r.out = r.j.Tick(r.now, r.view, r.out)
		if r.j.Deadline() <= r.now {
			r.Fatalf("a tick at %v, and another one due at %v", r.now, r.j.Deadline())
		}
		if r.now == end {
			return r
		}
		r.now = min(end, max(r.now+time.Millisecond, min(r.j.Deadline(), r.now+time.Second)))
	}
}

// got compares what was delivered since the last call: numbers of one origin as "a1 a2", "+3 a6" after three missed.
func (r *rig) got(want string) *rig {
	r.Helper()
	var words []string
	for _, d := range r.out {
		if d.Missed > 0 {
			words = append(words, fmt.Sprintf("+%d", d.Missed))
		}
		words = append(words, d.Message)
	}
	r.out = nil
	if got := strings.Join(words, " "); got != want {
		r.Fatalf("delivered %q, want %q", got, want)
	}
	return r
}

// said compares what was said since the last call: "a: 5/..." and "a: not 5/...".
func (r *rig) said(want ...string) *rig {
	r.Helper()
	got := []string{}
	for _, s := range r.j.Says() {
		not := ""
		if s.Cancel {
			not = "not "
		}
		got = append(got, fmt.Sprintf("%s: %s%s", s.To, not, s.Topic))
	}
	if !slices.Equal(got, append([]string{}, want...)) {
		r.Fatalf("said\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	return r
}

// gave compares the gaps that were told since the last call, as "a 3-5".
func (r *rig) gave(want ...string) *rig {
	r.Helper()
	got := []string{}
	for _, g := range r.j.Gaps() {
		got = append(got, fmt.Sprintf("%s %d-%d", g.Origin, g.From, g.To))
	}
	if !slices.Equal(got, append([]string{}, want...)) {
		r.Fatalf("gave up %q, want %q", got, want)
	}
	return r
}

// count compares a counter.
func (r *rig) count(what string, got, want uint64) *rig {
	r.Helper()
	if got != want {
		r.Fatalf("%s: %d, want %d", what, got, want)
	}
	return r
}
