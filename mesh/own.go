package mesh

import (
	"fmt"

	"hearsay/mesh/lineage"
	"hearsay/topics"
)

// deafRounds are rounds in which those who list this node must not listen to it: twice what a silent link takes.
const deafRounds = 6

// heardRounds are rounds after which a node that was second is so no more: looks after who is there make it look heard for
// some, each minute.
const heardRounds = 2 * deafRounds

// ownName is what this node knows of another process under its own name.
type ownName struct {
	rival   rival
	calls   calls
	toldDue Time // when the word of others of where one is counts again
	deaf    int  // rounds in a row in which most of those who list this node did not listen to it
	of      int  // how many they were
	listers int  // of so many
	second  bool
	hush    lineage.Hush // of reports of it

	untold bool // the rival was met, and it has not been told yet
	rounds int  // since then

	told    bool // that another process uses the name, and not that this is over
	heard   int  // rounds in a row in which it was not second
	seat    seat
	lookDue Time // no look after the other one before
}

// judge finds out at the end of a round whether another process has this node's name and is the member: those who list it
// listen to somebody else. A claim to the name, or to an age, is no evidence. It reports whether that is so.
func (o *ownName) judge(a audience) bool {
	if 2*a.deaf > a.listers {
		o.deaf++
	} else {
		o.deaf = 0
	}
	o.of, o.listers = a.deaf, a.listers
	if o.second = o.deaf >= deafRounds; o.second {
		o.heard = 0
	} else {
		o.heard = min(o.heard+1, heardRounds)
	}
	if o.untold {
		o.rounds++
	}
	return o.second
}

// settled reports whether a rival that has not been told of yet leaves this node its name, as far as the rounds since show:
// who of the two is the member is the first word that is told, and not a second one within its minute.
func (o *ownName) settled() bool {
	return o.untold && o.rounds >= deafRounds && o.deaf == 0
}

// over reports whether a conflict that was told is over: nobody else is met, and those who list this node listen to it.
func (o *ownName) over(now Time) bool {
	return o.told && o.heard >= heardRounds && !o.rival.stands("", now)
}

// gone takes in that nobody answers at an address to this name any more.
func (o *ownName) gone(addr string) {
	if o.rival.addr == addr {
		o.rival, o.untold = rival{}, false
	}
}

// look returns where the other process was met that is to be looked after now; "" if there is none.
func (o *ownName) look(now, beat Time) string {
	if now < o.lookDue || !o.rival.stands("", now) {
		return ""
	}
	o.lookDue = now + rivalEvery*beat
	return o.rival.addr
}

// meet takes in that a process with such a header, or none, answers to this name at an address.
func (o *ownName) meet(addr string, h *topics.Header, now Time) {
	o.rival = rival{addr: addr, at: now}
	if h != nil {
		o.rival.born = h.Incarnation
	}
	if !o.untold {
		o.untold, o.rounds = true, 0
	}
}

// why is who has the name self in place of this node, which started then; "" if it has the name.
func (o *ownName) why(self topics.Name, born int64, now Time) string {
	if !o.second {
		return ""
	}
	if !o.rival.stands("", now) {
		who := fmt.Sprintf("%d of %d peers list %s and do not listen", o.of, o.listers, self)
		if o.listers == 1 {
			who = fmt.Sprintf("the only peer lists %s and does not listen", self)
		}
		return who + " to this node: another process uses the name, and is the member"
	}
	which := "an older process"
	if o.rival.born >= born {
		which = "a process that was heard before this one"
	}
	return fmt.Sprintf("%s uses the name %s at %s, and is the member", which, self, o.rival.addr)
}

// namesake is who answers to this name as well, by its own word, and was met lately; "" if nobody does. Who of the two is
// the member, those who listen to this node tell.
func (o *ownName) namesake(self topics.Name, born int64, now Time) string {
	if !o.rival.stands("", now) {
		return ""
	}
	age := "younger than"
	switch {
	case o.rival.born == born:
		age = "as old as"
	case o.rival.born != 0 && o.rival.born < born:
		age = "older than"
	}
	return fmt.Sprintf("another process, %s this one, uses the name %s at %s", age, self, o.rival.addr)
}
