package sim

import (
	"hearsay/mesh"
	"hearsay/topics"
)

// Machine is what runs in a process: mesh.Machine, a naive node, or something broken on purpose.
type Machine interface {
	Step(now mesh.Time, ev mesh.Input) []mesh.Effect
	Deadline() mesh.Time
	Left() bool
}

// Accounts is what a machine can say of itself beside its effects. mesh.Machine can; a naive node cannot.
type Accounts interface {
	Members() []mesh.Member
	Stats() mesh.Stats
	Taken() []mesh.Taken
}

// accounts finds who can say so: the machine, or the one inside it. nil where there is none.
func accounts(m Machine) Accounts {
	for {
		if a, ok := m.(Accounts); ok {
			return a
		}
		u, ok := m.(interface{ Unwrap() Machine })
		if !ok {
			return nil
		}
		m = u.Unwrap()
	}
}

// Birth is what a new process is given.
type Birth struct {
	Self        topics.Name
	Mesh        string
	Incarnation int64
	Seeds       []topics.Name
	Seed        uint64
	Profile     mesh.Config
}

// honest makes the machine under test.
func honest(b Birth) Machine {
	cfg := b.Profile
	cfg.Self, cfg.Mesh, cfg.Incarnation, cfg.Seeds, cfg.Seed = b.Self, b.Mesh, b.Incarnation, b.Seeds, b.Seed
	return mesh.New(cfg)
}
