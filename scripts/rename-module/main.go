// Command rename-module gives the module of the current directory another path.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path"
	"regexp"
	"strconv"
	"strings"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "rename-module: %v\n", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 1 {
		return errors.New("takes one argument, the new path of the module, such as github.com/you/hearsay")
	}
	next := args[0]
	if err := checkPath(next); err != nil {
		return err
	}
	old, err := output("go", "list", "-m")
	if err != nil {
		return err
	}
	if next == old {
		return fmt.Errorf("the module is called %s already", old)
	}
	changes, err := output("git", "status", "--porcelain")
	if err != nil {
		return err
	}
	if changes != "" {
		first, _, _ := strings.Cut(changes, "\n")
		return fmt.Errorf("the work tree has changes (%s): commit or stash them first", strings.TrimSpace(first))
	}
	if _, err := output("go", "mod", "edit", "-module="+next); err != nil {
		return err
	}
	files, err := output("git", "ls-files", "-z")
	if err != nil {
		return err
	}
	changed := 1 // go.mod
	for _, file := range strings.Split(strings.TrimRight(files, "\x00"), "\x00") {
		did, err := rename(file, old, next)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		if did {
			changed++
		}
	}
	if out, err := exec.Command("go", "vet", "./...").CombinedOutput(); err != nil {
		return fmt.Errorf("the renamed module does not pass go vet, git restore . undoes it: %w\n%s", err, out)
	}
	fmt.Printf("%s is now %s, in %d files: look at git diff, and commit\n", old, next, changed)
	return nil
}

// rename changes what a file says of the module's packages, and reports whether there was anything to change.
func rename(file, old, next string) (bool, error) {
	var change func([]byte) ([]byte, error)
	switch {
	case path.Ext(file) == ".go":
		change = func(b []byte) ([]byte, error) { return source(b, old, next) }
	case path.Ext(file) == ".md", file == ".golangci.yml":
		change = func(b []byte) ([]byte, error) { return mentions(b, old, next), nil }
	default:
		return false, nil
	}
	before, err := os.ReadFile(file)
	if err != nil {
		return false, err
	}
	after, err := change(before)
	if err != nil || bytes.Equal(before, after) {
		return false, err
	}
	return true, os.WriteFile(file, after, 0o644)
}

// source changes the imports of a Go file, and what its comments say. Other strings stay as they are.
func source(b []byte, old, next string) ([]byte, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "", b, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	type edit struct {
		from, to int
		text     []byte
	}
	var edits []edit
	offset := func(p token.Pos) int { return fset.Position(p).Offset }
	for _, i := range file.Imports {
		if name, err := strconv.Unquote(i.Path.Value); err == nil && (name == old || strings.HasPrefix(name, old+"/")) {
			edits = append(edits, edit{offset(i.Path.Pos()), offset(i.Path.End()), strconv.AppendQuote(nil, next+name[len(old):])})
		}
	}
	for _, group := range file.Comments {
		from, to := offset(group.Pos()), offset(group.End())
		edits = append(edits, edit{from, to, mentions(b[from:to], old, next)})
	}
	var out []byte
	done := 0
	for { // in the order of the file
		var e *edit
		for i := range edits {
			if edits[i].from >= done && (e == nil || edits[i].from < e.from) {
				e = &edits[i]
			}
		}
		if e == nil {
			break
		}
		out = append(append(out, b[done:e.from]...), e.text...)
		done = e.to
	}
	return format.Source(append(out, b[done:]...))
}

// mentions changes package paths in text: hearsay/node, but not cmd/hearsay/node.go, where it is a directory.
func mentions(b []byte, old, next string) []byte {
	pattern := regexp.MustCompile(`(^|[^\w./-])` + regexp.QuoteMeta(old) + `/(topics|mesh|node|cmd)\b`)
	return pattern.ReplaceAll(b, []byte("${1}"+next+"/${2}"))
}

var (
	element = regexp.MustCompile(`^[A-Za-z0-9_~-]([A-Za-z0-9._~-]*[A-Za-z0-9_~-])?$`)
	host    = regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)+$`)
	major   = regexp.MustCompile(`^v[0-9]+$`)
)

// checkPath refuses what "go get" could not fetch.
func checkPath(p string) error {
	wrong := func(why string) error {
		return fmt.Errorf("%.80q is no module path: %s; it looks like github.com/you/hearsay", p, why)
	}
	if strings.Contains(p, "://") {
		return wrong("a scheme does not belong to it")
	}
	if strings.Contains(p, "@") {
		return wrong("a version does not belong to it")
	}
	parts := strings.Split(p, "/")
	if !host.MatchString(parts[0]) {
		return wrong("it begins with the name of a host, in lower case and with a dot")
	}
	for _, part := range parts[1:] {
		if !element.MatchString(part) {
			return wrong("between slashes there are letters, digits, and . _ ~ -, with no dot at either end")
		}
	}
	if last := parts[len(parts)-1]; major.MatchString(last) && (len(parts) == 1 || last == "v0" || last == "v1" || last[1] == '0') {
		return wrong("a major version at the end is v2 or higher")
	}
	return nil
}

func output(name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	var words bytes.Buffer
	cmd.Stderr = &words
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, strings.TrimSpace(words.String()))
	}
	return strings.TrimRight(string(out), "\n"), nil
}
