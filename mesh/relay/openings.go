package relay

import (
	"slices"

	"hearsay/topics"
)

// openings are the questions for pasts that are under way.
type openings struct {
	all   map[string]opening
	at    map[line][]string   // by what they are about, in a fixed order
	under map[topics.Name]int // by who is asked
}

func newOpenings() openings {
	return openings{all: make(map[string]opening), at: make(map[line][]string), under: make(map[topics.Name]int)}
}

// put notes a question, or when it ends.
func (p *openings) put(question string, o opening) {
	if _, is := p.all[question]; !is {
		at := p.at[o.line()]
		i, _ := slices.BinarySearch(at, question)
		p.at[o.line()] = slices.Insert(at, i, question)
		p.under[o.peer]++
	}
	p.all[question] = o
}

func (p *openings) remove(question string) {
	o, is := p.all[question]
	if !is {
		return
	}
	delete(p.all, question)
	if p.at[o.line()] = without(p.at[o.line()], question); len(p.at[o.line()]) == 0 {
		delete(p.at, o.line())
	} else {
		slices.Sort(p.at[o.line()])
	}
	if p.under[o.peer]--; p.under[o.peer] == 0 {
		delete(p.under, o.peer)
	}
}

const (
	openMost = 1024 // answers that are awaited before streams begin

	// farOpenings is how many questions may be under way for one to be added, as relays begin them: one that makes origins up
	// leaves room for what is asked for otherwise. So does it for other relays: one of which few are under way has farMost.
	farOpenings = openMost / 2
	farMost     = openMost * 3 / 4
	farFew      = 64
)

// hasRoom reports whether one more question for a past can be under way that somebody has brought about who is asked then.
func (p *openings) hasRoom(via topics.Name) bool {
	return len(p.all) < farOpenings || p.under[via] < farFew && len(p.all) < farMost
}

func (j *Judge[T]) isOpening(m Stream) bool {
	_, ok := j.openingOf(m)
	return ok
}

// openingOf is the question whose answer a stream waits for before it begins.
func (j *Judge[T]) openingOf(m Stream) (question string, ok bool) {
	for _, question := range j.openings.at[m.line()] {
		if j.openings.all[question].covers(m) {
			return question, true
		}
	}
	return "", false
}

// openingsOf are the questions that ask for some of a stream, or of all its lives, in a fixed order.
func (j *Judge[T]) openingsOf(m Stream) (questions []string) {
	for _, question := range j.openings.at[m.line()] {
		if o := j.openings.all[question]; o.covers(m) || m.covers(o.Stream) {
			questions = append(questions, question)
		}
	}
	return questions
}
