// Package page is what a person sees of a node in a browser: the mesh as a graph, its members, and what happens.
//
// The files under static are served as they are: there is no build step, and nothing comes from anywhere else.
// They read the JSON and the events that hearsay/node/web serves beside them, by relative paths, so that the page
// works behind a proxy that gives it a path of its own. What the network said only ever becomes text: the policy
// sent with each file lets the browser run no script but these, and refuses markup made from strings.
package page

import (
	"embed"
	"io/fs"
	"net/http"
	"strings"
)

//go:embed static
var embedded embed.FS

// Files are the page's files, index.html among them.
var Files = sub(embedded, "static")

func sub(all fs.FS, dir string) fs.FS {
	files, err := fs.Sub(all, dir)
	if err != nil {
		panic(err) // the name is not a path: a mistake in this file
	}
	return files
}

// policy is what the page may do: load what this server has, and be framed by nobody, so that no other page can
// lay its own buttons over these.
const policy = "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
	"require-trusted-types-for 'script'"

// Serve answers a request for the page or one of its files, and reports whether it was one.
func Serve(w http.ResponseWriter, r *http.Request) bool {
	name := strings.TrimPrefix(r.URL.Path, "/")
	if name == "" {
		name = "index.html"
	}
	if info, err := fs.Stat(Files, name); err != nil || info.IsDir() || r.URL.Path == "/index.html" {
		return false
	}
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	http.ServeFileFS(w, r, Files, name)
	return true
}
