package mesh

// Far members have a part of the table, and each who vouches for some has a part of that.

// release gives the place of one back that is no far member any more, or is held.
func (f *far) release(p *peer) {
	if by := p.attest.payer; by != nil {
		if f.given[by]--; f.given[by] == 0 {
			delete(f.given, by)
		}
		f.places--
		p.attest.payer = nil
	}
}

// payer is who of those that vouch gives a place for it: the one with the fewest given.
func (f *far) payer(via []*peer) (payer *peer) {
	for _, v := range via {
		if payer == nil || f.given[v] < f.given[payer] {
			payer = v
		}
	}
	return payer
}

// placeFor is who gives a place for a far member, and whether there is one: one of those that tell of it by longer ways, too,
// where the others have given all.
func (f *far) placeFor(p *peer, c *Config) (payer *peer, free bool) {
	most := c.MaxPeers / farPlaces
	if payer = f.payer(p.attest.via); payer != nil && f.given[payer] >= most {
		payer = f.payer(f.allFor(p))
	}
	return payer, payer != nil && f.given[payer] < most && f.places < c.MaxPeers/farMost
}

// allFor are all that are heard and vouch for a name, by whatever way.
func (f *far) allFor(x *peer) (all []*peer) {
	for _, p := range f.heard {
		if _, ok := p.speaksOf(x); ok {
			all = append(all, p)
		}
	}
	return all
}
