package web

import (
	"fmt"
	"slices"
	"strings"

	"hearsay/mesh"
)

// What is wrong with several members is told of each with its own cause: that of one says nothing of another. Those that have
// the same cause are named together.

// said is a cause, and who has it.
type said struct {
	names []string
	why   string
}

// sayings are causes, in the order in which they were met.
type sayings []said

func (s *sayings) add(name, why string) {
	i := slices.IndexFunc(*s, func(o said) bool { return o.why == why })
	if i < 0 {
		i = len(*s)
		*s = append(*s, said{why: why})
	}
	(*s)[i].names = append((*s)[i].names, name)
}

// text tells the first of them, each as a format has names and a cause, and how many members the others are of.
func (s sayings) text(format string) string {
	const most = 3
	var words []string
	left := 0
	for i, one := range s {
		if i >= most {
			left += len(one.names)
			continue
		}
		words = append(words, fmt.Sprintf(format, strings.Join(few(one.names), ", "), one.why))
	}
	if left > 0 {
		words = append(words, fmt.Sprintf("and %d more", left))
	}
	return strings.Join(words, "; ")
}

// those are the members that something is said of.
func (v *view) those(what func(m *mesh.Member) string) (all sayings) {
	for i := range v.Members {
		if why := what(&v.Members[i]); why != "" {
			all.add(string(v.Members[i].Name), why)
		}
	}
	return all
}
