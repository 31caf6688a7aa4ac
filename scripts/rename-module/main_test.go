package main

import "testing"

func TestCheckPath(t *testing.T) {
	for _, good := range []string{"github.com/you/hearsay", "example.com/hearsay/v2", "git.example.org/~you/a.b/hearsay", "hearsay.dev", "example.com/x/v10"} {
		if err := checkPath(good); err != nil {
			t.Error(err)
		}
	}
	for _, bad := range []string{
		"", "hearsay", "you/hearsay", "https://github.com/you/hearsay", "github.com/you/hearsay@v1", "github.com//hearsay", "github.com/you/hearsay/",
		"GitHub.com/you/hearsay", "github.com/you/hear say", "github.com/../hearsay", "github.com/.you/x", "github.com/you/x.", "/abs/path", "./x",
		"github.com/you/hearsay/v1", "github.com/you/hearsay/v0", "github.com/you/hearsay/v02", "github.com/yöu/x", "github.com/you/x\n",
	} {
		if checkPath(bad) == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestSource(t *testing.T) {
	before := `// Package x is of hearsay/node, in cmd/hearsay/node.go.
package x

import (
	"fmt"

	"hearsay"
	m "hearsay/mesh"
	"hearsay/node/web" // see hearsay/topics
	"hearsaying/node"
)

var text = "hearsay/mesh" // hearsay alone stays
`
	want := `// Package x is of a.com/h/node, in cmd/hearsay/node.go.
package x

import (
	"fmt"

	"a.com/h"
	m "a.com/h/mesh"
	"a.com/h/node/web" // see a.com/h/topics
	"hearsaying/node"
)

var text = "hearsay/mesh" // hearsay alone stays
`
	got, err := source([]byte(before), "hearsay", "a.com/h")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	back, err := source(got, "a.com/h", "hearsay")
	if err != nil || string(back) != before {
		t.Errorf("back: %v\n%s", err, back)
	}
}
