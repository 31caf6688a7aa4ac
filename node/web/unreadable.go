package web

import (
	"fmt"
	"strings"
	"time"

	"hearsay/node/files"
)

// Unreadable is a group of files that cannot be read as they are: what they held before holds while that lasts, so a key or
// a token that was withdrawn since is good still.
type Unreadable struct {
	Of    string    `json:"of"`    // keys, http certificate or http token
	Why   string    `json:"why"`   // and which file
	Since time.Time `json:"since"` // when they were found so first
}

// unreadable are the groups of files that cannot be read now.
func (s *Server) unreadable() (all []Unreadable) {
	add := func(of string, t *files.Trouble) {
		if t != nil {
			all = append(all, Unreadable{of, t.Why, stamp(t.Since)})
		}
	}
	add("keys", s.node.KeysTrouble())
	if c := s.options.Certificate; c != nil {
		add("http certificate", c.files.Trouble())
	}
	if t := s.options.Token; t != nil {
		add("http token", t.files.Trouble())
	}
	return all
}

// unread says which files cannot be read, and since when; "" if none.
func (v *view) unread() string {
	var words []string
	for _, u := range v.unreadable {
		words = append(words, fmt.Sprintf("%s as before %s, since no change holds until all files can be read: %s", u.Of, u.Since.Format(time.RFC3339), u.Why))
	}
	return strings.Join(words, "; ")
}
