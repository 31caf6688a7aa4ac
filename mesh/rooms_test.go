package mesh

import (
	"go/ast"
	"go/parser"
	"go/token"
	"testing"
)

// rooms are the files of parts that return verdicts and call nobody back. An event goes down through them once, and what
// comes of it up once.
var rooms = []string{
	"backoff.go", "ballot.go", "bits.go", "detector.go", "endpoint.go", "feed.go", "listeners.go", "lookup.go", "matrix.go", "own.go",
	"reach.go", "readers.go", "says.go", "state.go", "transitions.go", "view.go", "ways.go",
}

func TestRoomsDoNotKnowTheMachine(t *testing.T) {
	t.Parallel()
	for _, name := range rooms {
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok && id.Name == "Machine" {
				t.Errorf("%v: a room knows the machine", fset.Position(id.Pos()))
			}
			return true
		})
	}
}
