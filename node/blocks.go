package node

import "hearsay/node/link"

// blocks are the memory in which a ring keeps runs: small ones many in a piece, a larger one as it is. The garbage collector
// looks at each piece, and at each place that points to one, and messages that are sent alone are a million runs in a minute:
// so a run is known by the numbers of its place. A block goes when none of its runs is kept any more. Runs are dropped in the
// order in which they came, so what no run counts for is two blocks at most: what the last one has room for, and what was
// dropped of the first one.
type blocks struct {
	most   int // bytes of a block
	all    []block
	unused []uint32 // numbers in all
	last   uint32   // the one that is being filled; 0: there is none
	spoilt int      // bytes at the ends of blocks that nothing will fill, and that no run counts for yet
}

type block struct {
	bytes []byte
	runs  int // that are kept
}

// spot is where a run stands.
type spot struct{ block, from, to uint32 }

// A block has a part of the ring, but no more than blockMost, and takes runs up to a part of itself. The first ones have less.
const (
	blockMost  = 64 << 10
	blockLeast = 4 << 10
	blockPart  = 64
	smallPart  = 16
)

func newBlocks(ring int) blocks {
	return blocks{most: min(blockMost, ring/blockPart), all: make([]block, 1)}
}

// uncounted is how much of a ring they may take beside what its runs count for.
func (b *blocks) uncounted() int { return 2 * b.most }

// small reports whether a run is kept in a block with others.
func (b *blocks) small(run link.Run) bool { return len(run) <= b.most/smallPart }

// add takes in a run: a copy of a small one, and any other one as it is.
func (b *blocks) add(run link.Run) spot {
	if !b.small(run) {
		n := b.begin(run)
		b.all[n].runs = 1
		return spot{n, 0, uint32(len(run))}
	}
	last := b.all[b.last].bytes
	if free := cap(last) - len(last); free < len(run) {
		b.spoilt += free
		size := min(max(2*cap(last), blockLeast, smallPart*len(run)), b.most)
		b.leave()
		b.last = b.begin(make([]byte, 0, size))
	}
	l := &b.all[b.last]
	from := len(l.bytes)
	l.bytes = append(l.bytes, run...)
	l.runs++
	return spot{b.last, uint32(from), uint32(len(l.bytes))}
}

// run is the one at a spot. It may be held after it is dropped.
func (b *blocks) run(s spot) link.Run { return b.all[s.block].bytes[s.from:s.to:s.to] }

// drop forgets a run.
func (b *blocks) drop(s spot) {
	if b.all[s.block].runs--; b.all[s.block].runs == 0 && s.block != b.last {
		b.end(s.block)
	}
}

// undo forgets the run that was added last, and gives back its room.
func (b *blocks) undo(s spot) {
	if s.block == b.last {
		b.all[b.last].bytes = b.all[b.last].bytes[:s.from]
	}
	b.drop(s)
}

// leave fills the last block no more.
func (b *blocks) leave() {
	n := b.last
	if b.last = 0; n > 0 && b.all[n].runs == 0 {
		b.end(n)
	}
}

// begin is a new block of these bytes.
func (b *blocks) begin(bytes []byte) (number uint32) {
	if last := len(b.unused) - 1; last >= 0 {
		number, b.unused = b.unused[last], b.unused[:last]
	} else {
		number, b.all = uint32(len(b.all)), append(b.all, block{})
	}
	b.all[number].bytes = bytes
	return number
}

func (b *blocks) end(number uint32) {
	b.all[number] = block{}
	b.unused = append(b.unused, number)
}
