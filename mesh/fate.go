package mesh

import "slices"

// What is on its way over a message link is sent once: who hangs up loses it. So a message link is not ended because
// its peer fell silent, but because another process is at its far end now, or nobody can be.

// upset is what happened to a peer while its message link was up.
type upset uint8

const (
	departed  upset = iota // it said goodbye: the last it published may still be on its way
	replaced               // another process beats under its name, and the message link leads to the former one
	renewed                // the same, and the message link may lead to either
	silenced               // it was silent for so long that it is no member any more
	relinked               // it speaks over a new discovery link
	displaced              // another one speaks where it was
	moved                  // a naive one, which has no incarnation, speaks elsewhere
	outdone                // its link brings nothing, and another one is up
	upsets
)

// fate is what becomes of the message link.
type fate uint8

const (
	kept    fate = iota // it stays until it breaks
	doubted             // it stays if its far end shows within a while that it is there
	tested              // the same, and another one takes its place if it brings nothing: a naive peer's cannot be asked
	readOut             // it is read to its end, and counts no more
	retired             // the same, and its publisher is asked to end it: it may take TCP minutes to bring what it has
	ended               // it is hung up
)

var fates = [upsets]fate{
	departed:  readOut,
	replaced:  readOut,
	renewed:   doubted, // the new process may have been dialled already: two links to it would double its messages
	silenced:  kept,    // TCP outlives longer silences than membership does
	relinked:  tested,  // a firewall may have forgotten the old links, which nothing else would show
	displaced: readOut,
	outdone:   retired,
	moved:     ended, // maybe it is the same process: two links to it would double its messages
}

// upset does with the message link of a peer what happened to it asks for.
func (m *Machine) upset(p *peer, by upset) {
	l := p.feed.link
	if l == nil {
		return
	}
	switch fates[by] {
	case doubted, tested:
		m.do(Doubt{l.id})
		if fates[by] == tested && !p.says.naive {
			m.do(Ask{l.id})
		}
	case readOut:
		m.end(p, l)
		m.flow(p)
		m.do(ReadOut{l.id})
	case retired:
		m.end(p, l)
		m.do(Retire{l.id})
	case ended:
		m.cut(l)
	}
}

// end has the message link of a peer count no more.
func (m *Machine) end(p *peer, l *link) {
	if len(p.feed.ending) == maxEnding {
		m.cut(p.feed.ending[0])
	}
	p.feed.link, p.feed.stuck = nil, false
	p.feed.ending = append(p.feed.ending, l)
}

// maxEnding bounds the message links of one peer that are read to their end: a process that restarts again and again
// has its last two read.
const maxEnding = 2

// ends reports whether a link is read to its end, and no sign of life.
func (p *peer) ends(l *link) bool { return slices.Contains(p.feed.ending, l) }
