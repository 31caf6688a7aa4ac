package sim

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"hearsay/mesh"
	"hearsay/topics"
)

// Lie changes the whole list that a liar is about to publish. n counts its beats.
type Lie func(r *rand.Rand, n uint64, names []topics.Name) []topics.Name

// Praise lists names that the liar does not hear.
func Praise(names ...topics.Name) Lie {
	return func(_ *rand.Rand, _ uint64, list []topics.Name) []topics.Name {
		for _, n := range names {
			if !slices.Contains(list, n) {
				list = append(list, n)
			}
		}
		return list
	}
}

// Accuse leaves names out that the liar hears.
func Accuse(names ...topics.Name) Lie {
	return func(_ *rand.Rand, _ uint64, list []topics.Name) []topics.Name {
		others := slices.DeleteFunc(list[1:], func(n topics.Name) bool { return slices.Contains(names, n) })
		return list[:1+len(others)]
	}
}

// Phantoms lists count names of nobody, others with every beat.
func Phantoms(count int) Lie {
	return func(r *rand.Rand, _ uint64, list []topics.Name) []topics.Name {
		for range min(count, topics.MaxNames-len(list)) {
			list = append(list, topics.Name(fmt.Sprintf("ghost-%x", r.Uint64())))
		}
		return list
	}
}

// Forge puts another name first, every other beat.
func Forge(name topics.Name) Lie {
	return func(_ *rand.Rand, n uint64, list []topics.Name) []topics.Name {
		if n%2 == 0 {
			list[0] = name
		}
		return list
	}
}

// Toggle lists and unlists names, beat by beat.
func Toggle(names ...topics.Name) Lie {
	praise, accuse := Praise(names...), Accuse(names...)
	return func(r *rand.Rand, n uint64, list []topics.Name) []topics.Name {
		if n%2 == 0 {
			return praise(r, n, list)
		}
		return accuse(r, n, list)
	}
}

// Lies tells several.
func Lies(lies ...Lie) Lie {
	return func(r *rand.Rand, n uint64, list []topics.Name) []topics.Name {
		for _, lie := range lies {
			list = lie(r, n, list)
		}
		return list
	}
}

// Forgery changes the header of a beat that a liar is about to publish. n counts its beats.
type Forgery func(r *rand.Rand, n uint64, h *topics.Header)

// Beats claims another time between two beats.
func Beats(d time.Duration) Forgery {
	return func(_ *rand.Rand, _ uint64, h *topics.Header) { h.Beat = int(d / time.Millisecond) }
}

// Reborn claims to be another process with every beat: a newer one, or one that began at any time.
func Reborn(newer bool) Forgery {
	return func(r *rand.Rand, n uint64, h *topics.Header) {
		if h.Incarnation += int64(n); !newer {
			h.Incarnation = 1 + r.Int64N(topics.MaxTime)
		}
	}
}

// Numbered claims any number of a list, and any number of a beat.
func Numbered() Forgery {
	return func(r *rand.Rand, _ uint64, h *topics.Header) {
		h.List, h.Seq = r.Uint64N(topics.MaxInt), r.Uint64N(topics.MaxInt)
	}
}

// Echo claims that every beat was said before.
func Echo() Forgery {
	return func(_ *rand.Rand, _ uint64, h *topics.Header) { h.Replay = true }
}

// Fickle claims to hear all and to doubt itself, or neither, beat by beat, and now and then to leave.
func Fickle() Forgery {
	return func(r *rand.Rand, n uint64, h *topics.Header) {
		h.Complete, h.Degraded, h.Leaving = n%2 == 0, n%3 == 0, r.IntN(10) == 0
	}
}

// Muddled draws one of several for each beat.
func Muddled(forgeries ...Forgery) Forgery {
	return func(r *rand.Rand, n uint64, h *topics.Header) { forgeries[r.IntN(len(forgeries))](r, n, h) }
}

// Rumour is what a liar tells of others. n counts its tellings.
type Rumour func(n uint64) []topics.Record

// Rumours tells the same each time.
func Rumours(records ...topics.Record) Rumour {
	return func(uint64) []topics.Record { return records }
}

const (
	rumourAfter = 3 // beats until a liar tells of others
	rumourBeats = 3 // and between two tellings
)

// liar is an honest machine whose beats all become whole lists, with a lie in them, that claim to be strict and
// complete.
type liar struct {
	Machine
	lie    Lie     // nil: none
	forge  Forgery // nil: none
	rumour Rumour  // nil: it tells of others what it takes for true
	rng    *rand.Rand
	whole  []topics.Name
	n      uint64
	flood  int       // beats beside, ten times a second
	due    mesh.Time // the next of them
	header topics.Header
	told   uint64 // tellings
	tell   bool   // the next one is due
}

// Unwrap gives the honest machine.
func (l *liar) Unwrap() Machine { return l.Machine }

// Deadline is the machine's, or when the flood goes on.
func (l *liar) Deadline() mesh.Time {
	if l.flood > 0 {
		return min(l.due, l.Machine.Deadline())
	}
	return l.Machine.Deadline()
}

func (l *liar) Step(now mesh.Time, ev mesh.Input) (effects []mesh.Effect) {
	if _, tick := ev.(mesh.Tick); !tick || now >= l.Machine.Deadline() {
		effects = l.Machine.Step(now, ev)
	}
	if l.flood > 0 && now >= l.due && l.whole != nil {
		l.due = now + time.Second/10
		effects = slices.Clone(effects)
		for range l.flood {
			l.header.Seq++
			effects = append(effects, mesh.Publish{Edition: mesh.Edition{Said: mesh.Said{Names: l.whole, Header: l.header}}})
		}
	}
	for i, e := range effects {
		if p, ok := e.(mesh.Publish); ok {
			effects[i] = l.change(p)
		}
	}
	return l.spread(effects)
}

// spread adds rumours, once somebody is heard, in place of what the machine tells.
func (l *liar) spread(effects []mesh.Effect) []mesh.Effect {
	if l.rumour == nil {
		return effects
	}
	effects = slices.DeleteFunc(slices.Clone(effects), func(e mesh.Effect) bool { _, tells := e.(mesh.Tell); return tells })
	if l.tell {
		l.tell = false
		effects = append(effects, mesh.Tell{Records: l.rumour(l.told), Header: l.header})
	}
	return effects
}

// change puts the lies into a beat.
func (l *liar) change(p mesh.Publish) mesh.Publish {
	if !p.Header.Pulse {
		l.whole = p.Names
	}
	l.n++
	if l.flood > 0 {
		p.Header.Seq = max(p.Header.Seq, l.header.Seq)
	}
	if l.rumour != nil {
		if l.n > rumourAfter && l.n%rumourBeats == 0 {
			l.told++
			l.tell = true
		}
		p.Header.Told = l.told
	}
	l.header = p.Header
	if p.Names = slices.Clone(l.whole); l.lie != nil {
		p.Names = l.lie(l.rng, l.n, p.Names)
	}
	p.Header.Pulse, p.Header.List = false, l.n
	p.Header.Strict, p.Header.Complete = true, true
	if l.forge != nil {
		l.forge(l.rng, l.n, &p.Header)
	}
	p.Kept = p.Edition
	p.Kept.Header.Replay = true
	return p
}
