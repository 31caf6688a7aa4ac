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

const (
	// metRounds are rounds for which another process of this node's name was met, until it is told: those who list the second
	// of two do not listen to it from the start.
	metRounds = 2

	// goneRounds are rounds after which a node that was second is so no more where the other one is seen to be gone.
	goneRounds = 2

	// saidFor is how many beats nobody says any more that the other one is there, until it is looked after, and sooner is how many
	// are between two looks then.
	saidFor = 2
	sooner  = 5

	// goneTries is how many looks in a row nobody answers until the other one is gone, where nobody says so: one may be lost.
	goneTries = 2
)

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
	ousted  bool // that it is the member was told as well
	left    bool // one that was met is gone
	misses  int  // looks in a row after it that nobody answered
	heard   int  // rounds in a row in which it was not second
	seat    seat
	lookDue Time // no look after the other one before
	looked  Time // the last
	said    Time // when somebody said last that another process uses the name; 0: since then it was looked after
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

// settled reports whether a rival that has not been told of yet leaves this node its name, as far as the rounds since show.
// Where it does not, that it is the member is the first word that is told.
func (o *ownName) settled() bool {
	return o.untold && o.rounds >= metRounds && o.deaf == 0
}

// over reports whether a conflict that was told is over: nobody else is met, and those who list this node listen to it.
func (o *ownName) over(now Time) bool {
	return o.told && !o.rival.stands("", now) && (o.heard >= heardRounds || o.left && o.heard >= goneRounds)
}

// end takes in that it is over.
func (o *ownName) end() { o.told, o.ousted, o.left, o.hush = false, false, false, lineage.Hush{} }

// says reports whether it is to be told now that another process uses the name: once a minute, and besides, once, that it is the
// member.
func (o *ownName) says(now Time) bool {
	o.untold = false
	if o.second && !o.ousted {
		o.hush = lineage.Hush{}
	}
	if !o.hush.Tell(now) {
		return false
	}
	o.told, o.ousted = true, o.ousted || o.second
	return true
}

// gone takes in that nobody answers at an address to this name any more, or that a dial did not reach it: then it may be lost.
func (o *ownName) gone(addr string, sure bool, now Time) {
	if o.rival.addr != addr || addr == "" {
		return
	}
	if o.misses++; !sure && o.misses < goneTries {
		o.lookDue = now
		return
	}
	o.rival, o.untold, o.left, o.toldDue = rival{}, false, o.told, now // whom nobody was told of is not who is told of later
}

// look returns where the other process was met that is to be looked after now; "" if there is none.
func (o *ownName) look(now, beat Time) string {
	quiet := o.said != 0 && now-o.said >= saidFor*beat && now-o.looked >= sooner*beat
	if now < o.lookDue && !quiet || !o.rival.stands("", now) {
		return ""
	}
	if quiet {
		o.said = 0
	}
	o.lookDue, o.looked = now+rivalEvery*beat, now
	return o.rival.addr
}

// meet takes in that a process with such a header, or none, answers to this name at an address.
func (o *ownName) meet(addr string, h *topics.Header, now Time) {
	o.rival, o.left, o.misses = rival{addr: addr, at: now}, false, 0
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
