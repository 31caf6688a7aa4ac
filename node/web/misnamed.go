package web

import (
	"slices"
	"strings"

	"hearsay/mesh"
)

// misnamed is why the node's name leads nobody to it; "" if it may, if somebody hears the node, and where that is said of a link
// that goes one way.
func (v *view) misnamed() string {
	heard := slices.ContainsFunc(v.Members, func(m mesh.Member) bool { return m.HearsMe })
	if heard || v.Misnamed != "" && strings.Contains(v.oneWayText(), v.Misnamed) {
		return ""
	}
	return v.Misnamed
}
