package sim

import (
	"slices"
	"strings"
	"testing"
	"time"

	"hearsay/mesh/relay"
)

// Each invariant of messages sees what breaks it. Without the damage nothing is seen.
func TestLedgerSees(t *testing.T) {
	type deliveries = []relay.Delivery[*post]
	for _, c := range []struct {
		what, rule string
		spoil      func(c *courier, n int, d relay.Delivery[*post]) deliveries
	}{
		{"nothing", "", nil},
		{"a message twice", "M1", func(_ *courier, n int, d relay.Delivery[*post]) deliveries {
			return slices.Repeat(deliveries{d}, 1+n/40)
		}},
		{"a message after the next", "M1", func() func(c *courier, n int, d relay.Delivery[*post]) deliveries {
			var late relay.Delivery[*post]
			return func(_ *courier, n int, d relay.Delivery[*post]) deliveries {
				switch {
				case n == 40:
					late = d
					return nil
				case n > 40 && late.Message != nil && late.Message.Stream == d.Message.Stream:
					defer func() { late.Message = nil }()
					return deliveries{d, late}
				}
				return deliveries{d}
			}
		}()},
		{"a message never", "M2", func(_ *courier, n int, d relay.Delivery[*post]) deliveries {
			if n == 40 {
				return nil
			}
			return deliveries{d}
		}},
		{"the last ones never", "M3", func(_ *courier, n int, d relay.Delivery[*post]) deliveries {
			if n > 40 {
				return nil
			}
			return deliveries{d}
		}},
		{"a gap that was none", "M2", func(_ *courier, n int, d relay.Delivery[*post]) deliveries {
			d.Missed += uint64(n / 40)
			return deliveries{d}
		}},
		{"what an origin never said", "M4", func(_ *courier, n int, d relay.Delivery[*post]) deliveries {
			forged := *d.Message
			forged.forged = n == 40
			d.Message = &forged
			return deliveries{d}
		}},
	} {
		t.Run(c.what, func(t *testing.T) {
			s := Scenario{Name: "spoilt", Nodes: 4, Length: warm + 10*time.Second, Plan: func(p *Plan) {
				p.talk(200 * time.Millisecond)
				if c.spoil == nil {
					return
				}
				p.tamper = func(cr *courier) func(deliveries) deliveries {
					n := 0
					return func(out deliveries) (spoilt deliveries) {
						for _, d := range out {
							if cr.p.host.id != 1 {
								spoilt = append(spoilt, d)
								continue
							}
							n++
							spoilt = append(spoilt, c.spoil(cr, n, d)...)
						}
						return spoilt
					}
				}
			}}
			r, err := Run(s, 1, Options{})
			if err != nil {
				t.Fatal(err)
			}
			rules := map[string]bool{}
			for _, v := range r.Violations {
				rules[v.Rule] = true
			}
			if c.rule == "" && len(rules) > 0 || c.rule != "" && !rules[c.rule] {
				t.Errorf("seen %v, want %q", rules, c.rule)
			}
		})
	}
}

// Messages repeat bit for bit too.
func TestMessagesReplay(t *testing.T) {
	for _, s := range messages() {
		n := min(s.Nodes, 8)
		a, errA := Run(s, 5, Options{Nodes: n})
		b, errB := Run(s, 5, Options{Nodes: n})
		if errA != nil || errB != nil || a.Hash != b.Hash {
			t.Errorf("%s: %x, %v and %x, %v", s.Name, a.Hash, errA, b.Hash, errB)
		}
		if !strings.HasPrefix(s.Name, "talk") {
			t.Errorf("%s: rows of messages are called talk", s.Name)
		}
		for figure, values := range a.Figures {
			if !slices.Equal(values, b.Figures[figure]) {
				t.Errorf("%s: %s is %v and %v", s.Name, figure, values, b.Figures[figure])
			}
		}
	}
}
