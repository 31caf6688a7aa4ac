package mesh

import "hearsay/topics"

// listener is one connection to our discovery publisher.
type listener struct {
	id    ListenerID
	addr  string
	due   Time        // until when it may say its name
	hello topics.Name // key of the name it says
	claim *peer       // the one that it counts for; nil: none
	naive bool        // its time is over
}

// listeners are all of them.
type listeners struct {
	byID    map[ListenerID]*listener
	silent  []*listener         // without a hello, in the order of due
	named   map[topics.Name]int // by hello
	naive   int
	changes uint64 // how often anything of this changed
}

// ear is whether a peer listens to this node, as far as that was found out.
type ear struct {
	asOf  uint64 // listeners.changes when it was, from 1
	hears bool
}

func (ls *listeners) init() {
	ls.byID = make(map[ListenerID]*listener)
	ls.named = make(map[topics.Name]int)
	ls.changes = 1
}

// up adds a listener that has until due to say its name, and returns nil where it is known already.
func (ls *listeners) up(id ListenerID, addr string, due Time) *listener {
	if ls.byID[id] != nil {
		return nil
	}
	l := &listener{id: id, addr: addr, due: due}
	ls.byID[id] = l
	ls.silent = append(ls.silent, l)
	ls.changes++
	return l
}

// holds reports whether a listener is still connected.
func (ls *listeners) holds(l *listener) bool { return ls.byID[l.id] == l }

// says gives a listener its name. The first counts: l is nil where it is none, and other reports whether it is another.
func (ls *listeners) says(id ListenerID, key topics.Name) (l *listener, other bool) {
	l = ls.byID[id]
	if l == nil || l.hello != "" {
		return nil, l != nil && l.hello != key
	}
	l.hello = key
	ls.named[key]++
	ls.unsilence(l)
	ls.changes++
	return l, false
}

// down forgets a listener, and returns nil where there was none.
func (ls *listeners) down(id ListenerID) *listener {
	l := ls.byID[id]
	if l == nil {
		return nil
	}
	delete(ls.byID, id)
	ls.unsilence(l)
	if l.hello != "" {
		if ls.named[l.hello]--; ls.named[l.hello] == 0 {
			delete(ls.named, l.hello)
		}
	}
	ls.changes++
	return l
}

// unsilence takes a listener from those whose name is awaited or given up.
func (ls *listeners) unsilence(l *listener) {
	if l.naive {
		l.naive = false
		ls.naive--
		return
	}
	ls.silent = without(ls.silent, l)
}

// overdue takes one whose time to say a name is over for a naive one, and returns nil where there is none.
func (ls *listeners) overdue(now Time) *listener {
	if len(ls.silent) == 0 || ls.silent[0].due > now {
		return nil
	}
	l := ls.silent[0]
	ls.silent = append(ls.silent[:0], ls.silent[1:]...)
	l.naive = true
	ls.naive++
	return l
}

// due is when the time of another one is over.
func (ls *listeners) due() Time {
	if len(ls.silent) == 0 {
		return never
	}
	return ls.silent[0].due
}

// has reports whether the peer at the far end of a discovery link listens to this node: under its name, or without one
// from its address. It is found out anew only after a change.
func (ls *listeners) has(l *link) bool {
	if l.ear.asOf != ls.changes {
		l.ear = ear{ls.changes, ls.named[l.peer.key] > 0 || ls.nameless(l.host)}
	}
	return l.ear.hears
}

// nameless reports whether a listener that said no name comes from an address.
func (ls *listeners) nameless(addr string) bool {
	if ls.naive == 0 && len(ls.silent) == 0 {
		return false
	}
	for _, l := range ls.byID {
		if l.hello == "" && l.addr == addr {
			return true
		}
	}
	return false
}
