package node

import (
	"hearsay/mesh"
	"hearsay/topics"
)

// SetTags says these tags of this node from now on, in place of all former ones: its peers know them a moment later. The
// error says which of them is no tag, or that the node has ended.
func (n *Node) SetTags(tags map[string]string) error {
	all, err := topics.MakeTags(tags)
	if err != nil {
		return err
	}
	if !n.do(func() { n.step(mesh.Profiled{Profile: mesh.Profile{Program: n.id.profile.Program, Tags: all}}) }) {
		return ErrClosed
	}
	return nil
}

// Tags returns what the node says of itself.
func (n *Node) Tags() topics.Tags {
	var tags topics.Tags
	n.ask(func(m *mesh.Machine) { tags = m.Profile().Tags })
	return tags
}
