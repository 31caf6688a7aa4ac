package node

import "hearsay/node/link"

// blocks are the memory in which a ring keeps small runs, many in a piece. The garbage collector looks at each piece, and
// messages that are sent alone are a million runs in a minute. Runs are dropped in the order in which they came, so what
// nothing counts for is two blocks at most: what the last one has room for, and what was dropped of the first one.
type blocks struct {
	most   int    // bytes of a block
	last   []byte // the one that is being filled
	spoilt int    // bytes at the ends of blocks that nothing will fill, and that no run counts for yet
}

// A block has a part of the ring, but no more than blockMost, and takes runs up to a part of itself. The first ones have less.
const (
	blockMost  = 64 << 10
	blockLeast = 4 << 10
	blockPart  = 64
	smallPart  = 16
)

func newBlocks(ring int) blocks { return blocks{most: min(blockMost, ring/blockPart)} }

// uncounted is how much of a ring they may take beside what its runs count for.
func (b *blocks) uncounted() int { return 2 * b.most }

// small reports whether a run is kept in a block.
func (b *blocks) small(run link.Run) bool { return len(run) <= b.most/smallPart }

// add returns a copy of a small run.
func (b *blocks) add(run link.Run) link.Run {
	if free := cap(b.last) - len(b.last); free < len(run) {
		b.spoilt += free
		b.last = make([]byte, 0, min(max(2*cap(b.last), blockLeast, smallPart*len(run)), b.most))
	}
	from := len(b.last)
	b.last = append(b.last, run...)
	return link.Run(b.last[from:len(b.last):len(b.last)])
}

// undo takes back the run that was added last.
func (b *blocks) undo(run link.Run) { b.last = b.last[:len(b.last)-len(run)] }

// begin has the next block be a small one: nothing is kept.
func (b *blocks) begin() { b.last, b.spoilt = nil, 0 }
