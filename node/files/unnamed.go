package files

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

var errUnnamed = errors.New("no such file; its name is not shown, as it may be the secret itself: give the path of a file that holds it")

// named are what files of keys, tokens and certificates are called at the end. No key, and hardly a token, ends so.
var named = []string{".key", ".key_secret", ".pem", ".crt", ".cert", ".token", ".txt"}

// Unnamed is an error of the system about a path at which there is nothing, without the path where somebody may have given
// a secret in place of the file that holds it.
func Unnamed(path string, err error) error {
	var failed *fs.PathError
	if !errors.As(err, &failed) {
		return err
	}
	if !isPath(path) {
		return errUnnamed
	}
	return &fs.PathError{Op: "open", Path: failed.Path, Err: failed.Err} // which is what it is a part of
}

// leastSecret is how long a secret is at least: a token, which is the shortest.
const leastSecret = 16 // characters

// isPath reports whether a text is the path of a file for sure: there was one, it is called as such files are, or what is
// not there of it is shorter than any secret.
func isPath(text string) bool {
	if _, was := read.Load(text); was {
		return true
	}
	if len(text) > maxPath || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return false
	}
	if slices.Contains(named, filepath.Ext(text)) {
		return true
	}
	there := filepath.Dir(text)
	for there != "." && there != filepath.Dir(there) {
		if info, err := os.Stat(there); err == nil && info.IsDir() {
			break
		}
		there = filepath.Dir(there)
	}
	missing, err := filepath.Rel(there, text)
	return err == nil && len(missing) < leastSecret
}

const maxPath = 4 << 10 // bytes

// read has the paths of which something was read, and that do not look like it.
var read sync.Map
