package web

import (
	"fmt"
	"html"
	"net/http"
)

// page answers whatever no other route does.
func (s *Server) page(w http.ResponseWriter, r *http.Request) error {
	if r.URL.Path != "/" {
		return newFault(http.StatusNotFound, "not_found", "there is no "+r.URL.Path)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, `<!doctype html><title>hearsay</title><h1>%s</h1><ul>`+
		`<li><a href="/v1/members">members</a><li><a href="/v1/links">links</a><li><a href="/v1/status">status</a>`+
		`<li><a href="/metrics">metrics</a></ul>`, html.EscapeString(string(s.node.Name())))
	return nil
}
