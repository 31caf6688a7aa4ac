package mesh

// feed is the message link of a peer: what it publishes comes over it.
type feed struct {
	link   *link
	ending []*link // former ones that are read to their end
	stuck  bool    // it brings nothing, and another one is wanted to take its place
	since  Time    // when it became so
	barren bool    // it has been so for long, while its publisher was heard
	tries  int     // failed dials in a row
	flows  bool    // messages go both ways, and it was told

	failure failure // of the last dial
	look    Time    // when it is looked whether messages pass; never while they seem to
	missing missing // what was told of messages that do not
	due     Time    // when to dial the next
}

// wants reports whether a link is to be dialled.
func (f *feed) wants() bool { return f.link == nil || f.stuck }

// carries reports whether messages come over the link, as far as its far end answers there, or another one may take its
// place.
func (f *feed) carries() bool {
	return f.link != nil && !f.link.silent && !(f.stuck && (f.tries > 0 || f.barren))
}

// barrenAfter is how many beats a link is stuck until it is said to carry nothing: where a network is only slow the answer
// comes within them, or another link is up.
const barrenAfter = 2

// judge finds out whether a link that is stuck has been so for long.
func (f *feed) judge(now, beat Time) {
	f.barren = f.stuck && now-f.since >= barrenAfter*beat
}
