package files

import (
	"crypto/sha256"
	"os"
	"slices"
	"time"
)

// coarse is longer than two changes of a file can be apart and leave the same times.
const coarse = 2 * time.Second

// sight is what one file looks like. Where its times are no proof that it is as it was, its content is looked at as
// well: they are young, so that another change may leave the same ones, or the system does not say them.
type sight struct {
	path    string
	info    os.FileInfo // nil: it cannot be looked at
	changed time.Time
	sure    bool // the times are proof
	content [sha256.Size]byte
}

// see looks at a file. Links are followed, as a mounted secret of Kubernetes consists of them.
func see(path string, most int64, now time.Time) sight {
	s := sight{path: path}
	info, err := os.Stat(path)
	if err != nil {
		return s
	}
	s.info, s.changed = info, changed(info)
	s.sure = !s.changed.IsZero() && now.Sub(s.changed) > coarse
	return s.weighed(most)
}

// weighed is a sight with the content, where that matters.
func (s sight) weighed(most int64) sight {
	if s.sure {
		return s
	}
	if text, err := Read(s.path, most); err == nil {
		s.content = sha256.Sum256(text)
		clear(text)
	}
	return s
}

// still reports whether a file that looked like s looks like now, and no change can have been missed.
func (s sight) still(now sight, most int64) bool {
	if s.path != now.path || s.info == nil || now.info == nil {
		return s.path == now.path && s.info == nil && now.info == nil
	}
	alike := s.info.Size() == now.info.Size() && s.info.Mode() == now.info.Mode() &&
		s.info.ModTime().Equal(now.info.ModTime()) && s.changed.Equal(now.changed) && os.SameFile(s.info, now.info)
	if !alike || s.sure {
		return alike
	}
	if now.sure { // its times have been proof since, but not of what was before
		now.sure = false
		now = now.weighed(most)
	}
	return s.content == now.content
}

// still reports whether files look as they did.
func still(then, now []sight, most int64) bool {
	return slices.EqualFunc(then, now, func(a, b sight) bool { return a.still(b, most) })
}
