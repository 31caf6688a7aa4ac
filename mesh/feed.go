package mesh

// feed is the message link of a peer: what it publishes comes over it.
type feed struct {
	link   *link
	ending []*link // former ones that are read to their end
	tries  int     // failed dials in a row
	flows  bool    // messages go both ways, and it was told

	failure failure // of the last dial
	look    Time    // when it is looked whether messages pass; never while they seem to
	missing missing // what was told of messages that do not
	due     Time    // when to dial the next
}

// carries reports whether messages come over the link, as far as its far end answers there.
func (f *feed) carries() bool { return f.link != nil && !f.link.silent }
