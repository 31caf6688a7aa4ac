package mesh

import "hearsay/topics"

// view is the policy that says which peers get a link of this node's own. Whatever it says, a peer without one is looked
// at again now and then: see decide.
type view interface {
	// links reports whether a peer in some state is to be linked.
	links(name topics.Name, s State) bool
}

// fullMesh is the view of a full mesh.
type fullMesh struct{}

func (fullMesh) links(topics.Name, State) bool { return true }
