package node

import (
	"cmp"
	"slices"

	"hearsay/mesh"
	"hearsay/topics"
)

// recall puts names in the order in which a later life is to try them: members that are heard, those that were so
// longest first, as they change least; then who was heard, most recently first, who said goodbye last of them; then
// the names of earlier lives that were not heard in this one, in their order. It returns at most most names.
func recall(members []mesh.Member, earlier []topics.Name, most int) []topics.Name {
	heard := make([]mesh.Member, 0, len(members))
	for _, m := range members {
		if m.Heard > 0 && m.State != mesh.Candidate {
			heard = append(heard, m)
		}
	}
	slices.SortStableFunc(heard, func(a, b mesh.Member) int {
		if c := cmp.Compare(recallRank(a.State), recallRank(b.State)); c != 0 {
			return c
		}
		if a.State == mesh.Alive {
			return cmp.Or(cmp.Compare(a.Since, b.Since), cmp.Compare(a.Name, b.Name))
		}
		return cmp.Or(cmp.Compare(b.Heard, a.Heard), cmp.Compare(a.Name, b.Name))
	})
	names := make([]topics.Name, 0, min(most, len(heard)+len(earlier)))
	seen := make(map[topics.Name]bool, cap(names))
	add := func(name topics.Name) {
		if key := name.Key(); len(names) < most && !seen[key] {
			seen[key] = true
			names = append(names, name)
		}
	}
	for _, m := range heard {
		add(m.Name)
	}
	for _, name := range earlier {
		add(name)
	}
	return names
}

func recallRank(s mesh.State) int {
	switch s {
	case mesh.Alive:
		return 0
	case mesh.Left:
		return 2
	}
	return 1
}

// recallLate takes in the names of an earlier life that were read after the start.
func (n *Node) recallLate(names []topics.Name) {
	if len(names) == 0 {
		return
	}
	n.log.Info("known peers read at last", "count", len(names))
	n.remembered = names
	n.known = recall(nil, append(slices.Clone(n.known), names...), maxStored)
	n.step(mesh.Known{Names: names})
}

// remember saves who is known. Alone again, what was known is still the best to start from.
func (n *Node) remember() {
	if n.store == nil {
		return
	}
	n.known = recall(n.machine.Members(), n.known, maxStored)
	if len(n.known) > 0 {
		n.store.put(n.known)
	}
}
