package mesh

// origin is where a name comes from: who said it, and who answers for it while it was never heard.
type origin struct {
	seed     bool    // configured
	guessed  bool    // the address of a listener that did not say its name
	known    bool    // remembered from an earlier life
	found    bool    // an address that a configured name has led to
	claims   int32   // listeners that say they are this, or whose address it is
	source   *source // who is charged for it while it was never heard
	own      *source // what it is itself to the names in its list
	alias    *peer   // what it is another name of; nil in state Alias: of this node
	aliasOf  process // and what that was
	helloAt  Time    // last hello
	helloIP  string  // and where that came from
	hintIP   string  // where a hint says that it is
	hintTill Time    // until when that is tried
	foundAt  Time    // that address: in the last answer that had it
}

// saidAt is the address at which somebody says that the peer is, "" if nobody does now: where a listener says so, what a
// hint says counts no more.
func (o *origin) saidAt(now Time) string {
	switch {
	case o.helloIP != "" && o.claims > 0:
		return o.helloIP
	case now < o.hintTill:
		return o.hintIP
	}
	return ""
}
