package sim

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Scenario is a row of the table: what is done to how many nodes, and what must come of it.
type Scenario struct {
	Name   string
	Title  string // for people, one line
	Nodes  int
	Least  int           // fewest nodes that it makes sense with
	Length time.Duration // of the faults
	Weight int           // about how many seeds of a light scenario one of this costs
	Fixed  bool          // Length cannot be changed: the goal is made for it
	Plan   func(p *Plan)
	Sizes  []int // numbers of nodes to play it with, where that is the point
	Goals  []Goal
}

// Goal is what a figure must stay within.
type Goal struct {
	Figure string  // as measured
	Title  string  // for people
	Most   float64 // bound
	Unit   Unit
	Mean   bool // of all runs together; else every single run is bound
}

// Unit is what a figure is counted in.
type Unit string

// Units.
const (
	Seconds Unit = "s"
	Count   Unit = ""
	PerDay  Unit = "/pair-day"
	PerHour Unit = "/h"
	Bytes   Unit = "B/s"
)

// ByName finds a scenario.
func ByName(name string) (Scenario, error) {
	for _, s := range Scenarios() {
		if s.Name == name {
			return s, nil
		}
	}
	return Scenario{}, fmt.Errorf("no scenario %q: want one of %s", name, strings.Join(Names(), ", "))
}

// Names lists the scenarios in the order of the table.
func Names() []string {
	var names []string
	for _, s := range Scenarios() {
		names = append(names, s.Name)
	}
	return names
}

// Scenarios are all there are, in the order of the table.
func Scenarios() []Scenario {
	return slices.Concat(deaths(), theDead(), stalls(), networks(), subnets(), chains(), services(), crowds(), liars(), attacks(), twins(), meshes(), mixes(), messages(), partials(), partialLiars(), scale())
}
