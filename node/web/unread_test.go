package web

import (
	"fmt"
	"testing"

	"hearsay/mesh"
	"hearsay/node"
	"hearsay/topics"
)

// The answer to a message names those that it was not handed to, the first of them.
func TestPublishedSaysToWhomItWasNotHanded(t *testing.T) {
	t.Parallel()
	v := &view{Status: node.Status{Members: []mesh.Member{{Name: "reads"}}}}
	for i := range namedAtMost + 2 {
		v.Members = append(v.Members, mesh.Member{Name: topics.Name(fmt.Sprint("n", i)), Unread: true})
	}
	var p Published
	p.unread(v)
	if p.NotTo != namedAtMost+2 || len(p.NotToAs) != namedAtMost || p.NotToAs[0] != "n0" {
		t.Errorf("%+v", p)
	}
	if v.Machine.Second = "another is the member"; p.Conflict != "" {
		t.Errorf("%+v", p)
	}
	if p.unread(v); p.Conflict != "another is the member" {
		t.Errorf("%+v", p)
	}
}
