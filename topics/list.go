package topics

import (
	"bytes"
	"fmt"
	"slices"
)

// AppendList appends the comma list of names, the own name first, to dst. It writes no more than a list may
// hold: FitList says how many names that is. A list that was cut is not complete, and its header must not say so.
func AppendList(dst []byte, names []Name) []byte {
	names = names[:FitList(names)]
	size := len(names)
	for _, n := range names {
		size += len(n)
	}
	dst = slices.Grow(dst, size)
	for i, n := range names {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, n...)
	}
	return dst
}

// FitList returns how many of the first names fit into one list.
func FitList(names []Name) int {
	size := -1 // one comma less than names
	for i, n := range names[:min(len(names), MaxNames)] {
		if size += 1 + len(n); size > MaxList {
			return i
		}
	}
	return min(len(names), MaxNames)
}

// ParseList is Interner.ParseList with nothing remembered from list to list.
func ParseList(b []byte, dst []Name) (names []Name, bad int, err error) {
	var in Interner
	return in.ParseList(b, dst)
}

// Interner parses peer lists. It remembers the names it met, since every beat repeats those of the beat before:
// a known name costs one map look-up and no memory. What it remembers is bounded by maxInterned names, whatever
// senders do. The zero value is ready. One goroutine at a time.
type Interner struct {
	known   map[string]*interned
	lists   uint64   // lists parsed; numbers them
	records []Record // memory for those of a telling,
	heard   []Name   // and for whom they say is heard
}

// interned is a name that was checked. Names with equal keys share the one whose key is itself.
type interned struct {
	name Name
	key  *interned
	list uint64 // the list that it was last seen in, under any spelling; kept in the key's
}

// maxInterned bounds what an Interner remembers from one list to the next: four full lists. A mesh of honest
// nodes stays far below; a liar who names others each time costs the honest one re-reading each fourth list.
const maxInterned = 4 * MaxNames

// ParseList appends the names of a list to dst, in the list's order, the sender's own first. A name is given
// once, in its first spelling. bad counts the entries that are not valid names (empty ones too) and everything
// after the first MaxNames names. Time is linear in len(b).
//
// A list longer than MaxList and one whose first entry is not a valid name are refused whole: then names is
// dst, bad is 0, and err wraps RuleListLong or RuleListSender.
func (in *Interner) ParseList(b []byte, dst []Name) (names []Name, bad int, err error) {
	if len(b) > MaxList {
		return dst, 0, broken("list", b, RuleListLong)
	}
	in.begin()
	first, rest, more := bytes.Cut(b, comma)
	sender, rule := in.intern(first)
	if rule != RuleNone {
		return dst, 0, broken("list from", first, fmt.Errorf("%w (%w)", RuleListSender, rule))
	}
	sender.key.list = in.lists
	names = append(dst, sender.name)
	for n := 1; more; {
		if n == MaxNames {
			return names, bad + 1 + bytes.Count(rest, comma), nil
		}
		var entry []byte
		entry, rest, more = bytes.Cut(rest, comma)
		found, rule := in.intern(entry)
		switch {
		case rule != RuleNone:
			bad++
		case found.key.list != in.lists:
			found.key.list = in.lists
			names = append(names, found.name)
			n++
		}
	}
	return names, bad, nil
}

var comma = []byte{','}

// begin opens a new list and forgets everything when there is too much of it.
func (in *Interner) begin() {
	in.lists++
	if in.known == nil {
		in.known = make(map[string]*interned)
	}
	if len(in.known) > maxInterned {
		clear(in.known)
	}
}

func (in *Interner) intern(b []byte) (*interned, Rule) {
	if len(b) == 0 {
		return nil, RuleEmpty
	}
	if known := in.known[string(b)]; known != nil {
		return known, RuleNone
	}
	if rule := checkName(b); rule != RuleNone {
		return nil, rule
	}
	return in.add(Name(b)), RuleNone
}

// add remembers a checked name, and its key as a name of its own.
func (in *Interner) add(name Name) *interned {
	entry := &interned{name: name}
	entry.key = entry
	if key := name.Key(); key != name {
		if entry.key = in.known[string(key)]; entry.key == nil {
			entry.key = in.add(key)
		}
	}
	in.known[string(name)] = entry
	return entry
}
