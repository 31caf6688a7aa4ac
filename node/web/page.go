package web

import (
	"net/http"

	"hearsay/node/web/page"
)

// page answers whatever no other route does.
func (s *Server) page(w http.ResponseWriter, r *http.Request) error {
	if !page.Serve(w, r) {
		return newFault(http.StatusNotFound, "not_found", "there is no "+r.URL.Path)
	}
	return nil
}
