package relay

import (
	"strings"
	"time"

	"hearsay/topics"
)

// seen remembers uids, so that what is relayed over several paths is delivered once: those of the last while, as far as
// there is room. It has two halves, of which the older one is forgotten as a whole.
type seen struct {
	young, old map[identity]struct{}
	turned     time.Duration // when the younger half began
}

type identity struct {
	origin topics.Name
	uid    string
}

const (
	seenMost = 32 << 10         // uids in each half: some 10 MiB with the longest
	seenTime = 60 * time.Second // that each half lasts at most: as long as a ring
)

// add reports whether the uid is new.
func (s *seen) add(now time.Duration, origin topics.Name, uid string) bool {
	if s.has(origin, uid) {
		return false
	}
	if s.young == nil || len(s.young) >= seenMost || now-s.turned > seenTime {
		s.old, s.young, s.turned = s.young, make(map[identity]struct{}), now
	}
	s.young[identity{origin, strings.Clone(uid)}] = struct{}{}
	return true
}

func (s *seen) has(origin topics.Name, uid string) bool {
	id := identity{origin, uid}
	if _, ok := s.young[id]; ok {
		return true
	}
	_, ok := s.old[id]
	return ok
}
