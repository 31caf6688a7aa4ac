package mesh

import (
	"slices"

	"hearsay/topics"
)

// reader is one connection to our message publisher: somebody whom our messages reach.
type reader struct {
	addr string
	name topics.Name // key of the name it says; "" where it says none
	at   Time        // when it came
	due  Time        // until when it may say its name

	silent bool // nothing comes back over its connection: nobody knows whether our messages reach it

	past topics.Name // key of the name that was taken from it
	born int64       // and the incarnation that was the member then
}

// readers are all of them. They tell whether our messages reach a peer. Those that say a name are believed: nothing is
// done with the answer but to tell it. Those that say none, as programs do that say no hello here, count for whoever
// lives at their address, if there is one for each.
type readers struct {
	byID    map[ListenerID]*reader
	named   map[topics.Name]int // those that answer
	mute    map[topics.Name]int // and those that are silent
	unnamed []*reader           // without a name
	hushed  int                 // of these, silent ones
	due     Time                // when another of them has had its time to say one
}

func (rs *readers) init() {
	rs.byID = make(map[ListenerID]*reader)
	rs.named, rs.mute = make(map[topics.Name]int), make(map[topics.Name]int)
	rs.due = never
}

func (rs *readers) up(id ListenerID, addr string, now, due Time) {
	if rs.byID[id] == nil {
		r := &reader{addr: addr, at: now, due: due}
		rs.byID[id] = r
		rs.unnamed = append(rs.unnamed, r)
	}
}

// says notes a reader's name. The first counts.
func (rs *readers) says(id ListenerID, key topics.Name) {
	if r := rs.byID[id]; r != nil && r.name == "" {
		rs.unnamed = slices.DeleteFunc(rs.unnamed, func(o *reader) bool { return o == r })
		rs.rename(r, key)
	}
}

// silence notes that nothing comes back over a reader's connection, or something again, and returns the name that it said.
func (rs *readers) silence(id ListenerID, silent bool) (key topics.Name) {
	r := rs.byID[id]
	if r == nil {
		return ""
	}
	rs.count(r, -1)
	r.silent = silent
	rs.count(r, 1)
	return r.name
}

// count adds a reader to those of its name that answer, or to the silent ones, or takes it away.
func (rs *readers) count(r *reader, by int) {
	of := rs.named
	if r.silent {
		of = rs.mute
	}
	if r.name == "" {
		if r.silent {
			rs.hushed += by
		}
		return
	}
	if of[r.name] += by; of[r.name] == 0 {
		delete(of, r.name)
	}
}

// down forgets a reader, and returns the name that it said.
func (rs *readers) down(id ListenerID) (key topics.Name) {
	r := rs.byID[id]
	if r == nil {
		return ""
	}
	delete(rs.byID, id)
	if r.name == "" {
		rs.unnamed = slices.DeleteFunc(rs.unnamed, func(o *reader) bool { return o == r })
	}
	rs.count(r, -1)
	return r.name
}

// newest is when the last of a name came; 0: none is there.
func (rs *readers) newest(key topics.Name) (at Time) {
	for _, r := range rs.byID {
		if r.name == key {
			at = max(at, r.at)
		}
	}
	return at
}

// outlived takes their name from those that came before a time: they belong to a process that was replaced by one at a
// host. Where that one was elsewhere all the time, those from its host are its own.
func (rs *readers) outlived(key topics.Name, host string, before Time, elsewhere bool, was int64) {
	for _, r := range rs.byID {
		if r.name == key && r.at <= before && !(elsewhere && r.addr == host) {
			r.past, r.born = key, was
			rs.rename(r, nobody)
		}
	}
}

// back returns their name to those of an incarnation that is the member again: of two processes of one name, the other is gone.
func (rs *readers) back(key topics.Name, incarnation int64) {
	for _, r := range rs.byID {
		if r.past == key && r.born == incarnation {
			r.past = ""
			rs.rename(r, key)
		}
	}
}

// rename has a reader count for another name.
func (rs *readers) rename(r *reader, key topics.Name) {
	rs.count(r, -1)
	r.name = key
	rs.count(r, 1)
}

// nobody is no name that anybody has.
const nobody topics.Name = "."

// nameless counts those at an address whose time to say a name is over, and that answer.
func (rs *readers) nameless(addr string, now Time) (n int) {
	for _, r := range rs.unnamed {
		if r.addr == addr && r.due <= now && !r.silent {
			n++
		}
	}
	return n
}

// mutes reports whether one without a name at an address is silent.
func (rs *readers) mutes(addr string) bool {
	return rs.hushed > 0 && slices.ContainsFunc(rs.unnamed, func(r *reader) bool { return r.addr == addr && r.silent })
}

// next is when another of them has had its time to say a name.
func (rs *readers) next(now Time) Time {
	next := never
	for _, r := range rs.unnamed {
		if r.due > now {
			next = min(next, r.due)
		}
	}
	return next
}
