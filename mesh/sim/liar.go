package sim

import (
	"fmt"
	"math/rand/v2"
	"slices"

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

// liar is an honest machine whose beats all become whole lists, with a lie in them, that claim to be strict and
// complete.
type liar struct {
	Machine
	lie   Lie
	rng   *rand.Rand
	whole []topics.Name
	n     uint64
}

// Unwrap gives the honest machine.
func (l *liar) Unwrap() Machine { return l.Machine }

func (l *liar) Step(now mesh.Time, ev mesh.Event) []mesh.Effect {
	effects := l.Machine.Step(now, ev)
	for i, e := range effects {
		p, ok := e.(mesh.Publish)
		if !ok {
			continue
		}
		if !p.Header.Pulse {
			l.whole = p.Names
		}
		l.n++
		p.Names = l.lie(l.rng, l.n, slices.Clone(l.whole))
		p.Header.Pulse, p.Header.List = false, l.n
		p.Header.Strict, p.Header.Complete = true, true
		effects[i] = p
	}
	return effects
}
