// Command docs writes docs/wire.md, the specification of the wire, from the package comment of topics: it is kept in
// one place, beside the code, and read in another. With -check it writes nothing and fails if the page is not that.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/doc"
	"go/doc/comment"
	"go/parser"
	"go/token"
	"os"
)

const (
	source  = "topics/doc.go"
	further = "topics/doc_told.go" // the page goes on there
	page    = "docs/wire.md"
	head    = "<!-- Made of " + source + " and " + further + " by scripts/docs.sh: change these, and run it. -->\n\n# The wire\n\n"
)

func main() {
	check := flag.Bool("check", false, "write nothing; fail if the page is not what the source makes it")
	flag.Parse()
	if err := run(*check); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(check bool) error {
	want, err := markdown()
	if err != nil {
		return err
	}
	if !check {
		return os.WriteFile(page, want, 0o644)
	}
	if have, err := os.ReadFile(page); err != nil || !bytes.Equal(have, want) {
		return fmt.Errorf("%s is not what %s makes it: run scripts/docs.sh", page, source)
	}
	return nil
}

func markdown() ([]byte, error) {
	fset := token.NewFileSet()
	var files []*ast.File
	for _, name := range []string{source, further} {
		file, err := parser.ParseFile(fset, name, nil, parser.ParseComments|parser.PackageClauseOnly)
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	p, err := doc.NewFromFiles(fset, files, "topics")
	if err != nil {
		return nil, err
	}
	printer := p.Printer()
	printer.HeadingLevel = 2
	printer.HeadingID = func(*comment.Heading) string { return "" }
	text := printer.Markdown(p.Parser().Parse(p.Doc))
	return append([]byte(head), text...), nil
}
