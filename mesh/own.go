package mesh

import (
	"fmt"

	"hearsay/mesh/lineage"
	"hearsay/topics"
)

// deafRounds are rounds in which those who list this node must not listen to it: twice what a silent link takes.
const deafRounds = 6

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
	o.second = o.deaf >= deafRounds
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
