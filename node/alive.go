package node

import (
	"slices"
	"sync"

	"hearsay/mesh"
	"hearsay/topics"
)

// aliveNames are those of the peers that the machine calls so, for who cannot wait for the loop. In a mesh that comes up they
// change with each peer, so they stand in memory that is used again.
type aliveNames struct {
	mu    sync.Mutex
	names []topics.Name
}

// set makes them what the machine says now.
func (a *aliveNames) set(m *mesh.Machine) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.names = m.AppendAlive(a.names[:0])
}

// all returns a copy.
func (a *aliveNames) all() []topics.Name {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.names)
}

func (a *aliveNames) none() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.names) == 0
}

// has reports whether one of them has this key.
func (a *aliveNames) has(key topics.Name) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.ContainsFunc(a.names, func(name topics.Name) bool { return name.Key() == key })
}
