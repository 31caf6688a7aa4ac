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
}

// readers are all of them. They tell whether our messages reach a peer. Those that say a name are believed: nothing is
// done with the answer but to tell it. Those that say none, as programs do that say no hello here, count for whoever
// lives at their address, if there is one for each.
type readers struct {
	byID   map[ListenerID]*reader
	named  map[topics.Name]int
	silent []*reader // without a name
	due    Time      // when another of them has had its time to say one
}

func (rs *readers) init() {
	rs.byID = make(map[ListenerID]*reader)
	rs.named = make(map[topics.Name]int)
	rs.due = never
}

func (rs *readers) up(id ListenerID, addr string, now, due Time) {
	if rs.byID[id] == nil {
		r := &reader{addr: addr, at: now, due: due}
		rs.byID[id] = r
		rs.silent = append(rs.silent, r)
	}
}

// says notes a reader's name. The first counts.
func (rs *readers) says(id ListenerID, key topics.Name) {
	if r := rs.byID[id]; r != nil && r.name == "" {
		rs.silent = slices.DeleteFunc(rs.silent, func(o *reader) bool { return o == r })
		r.name = key
		rs.named[key]++
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
		rs.silent = slices.DeleteFunc(rs.silent, func(o *reader) bool { return o == r })
	} else {
		rs.unname(r)
	}
	return r.name
}

func (rs *readers) unname(r *reader) {
	if rs.named[r.name] > 1 {
		rs.named[r.name]--
	} else {
		delete(rs.named, r.name)
	}
}

// outlived takes their name from those that came before a time: they belong to a process that was replaced by one at a
// host. Where that one was elsewhere all the time, those from its host are its own.
func (rs *readers) outlived(key topics.Name, host string, before Time, elsewhere bool) {
	for _, r := range rs.byID {
		if r.name == key && r.at <= before && !(elsewhere && r.addr == host) {
			rs.unname(r)
			r.name = nobody
			rs.named[nobody]++
		}
	}
}

// nobody is no name that anybody has.
const nobody topics.Name = "."

// nameless counts those at an address whose time to say a name is over.
func (rs *readers) nameless(addr string, now Time) (n int) {
	for _, r := range rs.silent {
		if r.addr == addr && r.due <= now {
			n++
		}
	}
	return n
}

// next is when another of them has had its time to say a name.
func (rs *readers) next(now Time) Time {
	next := never
	for _, r := range rs.silent {
		if r.due > now {
			next = min(next, r.due)
		}
	}
	return next
}
