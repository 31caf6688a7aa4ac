package mesh

import "slices"

// The lists that peers publish, taken together, are the matrix of who hears whom. Each peer keeps its row; the
// columns are counted as rows change.

// row is whom one peer lists.
type row struct {
	known    bool   // its list is known and stands
	number   uint64 // of that list
	at       Time   // when it was read
	complete bool   // it is all that the peer hears
	hearsMe  bool   // this node is in it
	has      bitset // by slot
}

// column is who lists one peer.
type column struct {
	mentions int32   // peers whose list has it
	vouches  int32   // those of them with strict lists
	drops    []*peer // strict members that took it from their lists since it was heard
}

// add counts one more list, strict or not.
func (c *column) add(strict bool) {
	c.mentions++
	if strict {
		c.vouches++
	}
}

// remove counts one less.
func (c *column) remove(strict bool) {
	c.mentions--
	if strict {
		c.vouches--
	}
}

// dropped notes that a peer took it from its list.
func (c *column) dropped(by *peer) {
	c.forget(by)
	c.drops = append(c.drops, by)
}

// forget takes that back.
func (c *column) forget(by *peer) {
	if i := slices.Index(c.drops, by); i >= 0 {
		c.drops = slices.Delete(c.drops, i, i+1)
	}
}
