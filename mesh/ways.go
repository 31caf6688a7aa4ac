package mesh

import "slices"

// way is how a name may be reached beside being resolved: an endpoint that was adopted, or the one that a hello came
// from. A name that DNS knows is DNS's to give away: while its node is down, anybody could take it with a hello.
type way struct {
	adopted  string // endpoint at which somebody answered to the name while it led nowhere; "": none
	trusted  bool   // a configured name or address led to it, not a listener
	nameless bool   // DNS was asked, and gave no address
	resolved bool   // the name had an address of its own at some time, whoever was there
	reached  bool   // and the node answered there
}

// list returns what to try in turn, "" for the name itself. hello is the endpoint that a hello came from, or "".
func (w *way) list(hello string) []string {
	ways := make([]string, 0, 3)
	if w.adopted != "" && (w.trusted || w.open()) {
		ways = append(ways, w.adopted)
	}
	ways = append(ways, "")
	if hello != "" && hello != w.adopted && w.open() {
		ways = append(ways, hello)
	}
	return ways
}

// open reports whether the word of a listener counts: DNS has no address for the name, and never had one.
func (w *way) open() bool { return w.nameless && !w.resolved }

// adopt takes an endpoint for a name that leads nowhere, and reports whether it may be tried. A listener's
// word counts only for a name that never resolved, that of a configured name until the node was reached by its own.
func (w *way) adopt(endpoint string, trusted bool) bool {
	if endpoint == w.adopted || w.reached || !w.open() && !trusted {
		return false
	}
	w.adopted, w.trusted = endpoint, trusted
	return true
}

// proven notes where the node was heard. byName says that its name led there.
func (w *way) proven(endpoint string, byName bool) {
	switch {
	case byName:
		*w = way{resolved: true, reached: true}
	case endpoint != w.adopted:
		w.adopted, w.trusted = endpoint, false
	}
}

// answered notes how a dial of the name itself ended: unless DNS said no, or nothing, the name has an address.
func (w *way) answered(why DialReason) {
	switch why {
	case Refused, Unreachable, BadPeer, TimedOut, Wordless, NoKey, KeyWanted, WrongKey, NotLetIn, Unauthorized, OtherMesh, HungUpHello, HungUpKey:
		w.resolved = true
	case Unresolved, NoDNS:
		w.nameless = true
	}
}

// tour goes through the ways of a peer, one dial each.
type tour struct {
	way     way
	turn    int  // which of the ways the dial under way tries
	allGone bool // every way tried so far answered that nobody is there
}

// restart begins with the first way.
func (t *tour) restart() { t.turn, t.allGone = 0, true }

// addr is the way to try now.
func (t *tour) addr(ways []string) string {
	if t.turn >= len(ways) {
		t.turn = 0
	}
	return ways[t.turn]
}

// first begins with the first way that no dial is trying.
func (t *tour) first(ways []string, trying []*dial) {
	t.turn = 0
	if len(trying) == 0 {
		t.allGone = true
		return
	}
	t.turn = -1
	if !t.next(ways, trying) {
		t.turn = 0
	}
}

// next goes on to the next way that no dial is trying, and reports whether there is one.
func (t *tour) next(ways []string, trying []*dial) bool {
	for t.turn++; t.turn < len(ways); t.turn++ {
		same := func(d *dial) bool { return d.addr == ways[t.turn] }
		if !slices.ContainsFunc(trying, same) {
			return true
		}
	}
	return false
}

// failed notes that a way led nowhere, and whether somebody answered that nobody is there.
func (t *tour) failed(gone bool) { t.allGone = t.allGone && gone }

// end ends the tour, and reports whether every way answered that nobody is there.
func (t *tour) end() (gone bool) {
	gone = t.allGone
	t.restart()
	return gone
}
