package node

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"hearsay/node/files"
	"hearsay/topics"
)

const (
	// saveEvery is how often known peers are written down, if they changed.
	saveEvery = 10 * time.Second

	// saveGrace is how long the end of a node waits for its disk: longer than a sound one takes.
	saveGrace = time.Second

	// loadGrace is how long the start of a node waits for its disk.
	loadGrace = time.Second

	// storeFile is the name of the file in Config.StateDir, and brokenFile of one that could not be read.
	storeFile  = "peers.json"
	brokenFile = storeFile + ".broken"

	// tempFiles is how files are called that are not written to the end.
	tempFiles = "." + storeFile + ".*"

	storeVersion = 1
	maxStored    = topics.MaxNames // names kept
	maxStoreFile = 1 << 20         // bytes read: four times what so many of the longest names take
	badShown     = 5               // names that are none, told in one line
)

// store remembers the names of peers in a file, so that a node whose seeds are gone finds its mesh again. Names are
// hints, so a stale file does no harm, and a broken one is only worth a warning.
//
// The file is JSON: {"version": 1, "saved": TIME, "peers": [NAME, ...]}, at most maxStored names, those first that are
// to be tried first (see recall). Files of earlier builds, whose names are in alphabetical order, are read like any
// other.
type store struct {
	path string
	log  *slog.Logger
	file func(path string, most int64) ([]byte, error)
	last []topics.Name // what the file holds
	told string        // why it cannot be written, as was said last; "": it can

	loaded chan []topics.Name // what the file held, once
	queue  chan []topics.Name
	done   chan struct{}
}

// stored is what the file holds. Names are read one by one, so that one that is none does not spoil the others.
type stored struct {
	Version int               `json:"version"`
	Peers   []json.RawMessage `json:"peers"`
}

func newStore(dir string, log *slog.Logger) *store {
	return &store{
		path: filepath.Join(dir, storeFile), log: log, file: files.Read,
		loaded: make(chan []topics.Name, 1), queue: make(chan []topics.Name, 1), done: make(chan struct{}),
	}
}

// run reads the file, and saves what is put until close: beside the loop, as a disk may take its time.
func (s *store) run() {
	defer close(s.done)
	s.loaded <- s.load()
	s.try()
	for names := range s.queue {
		s.save(names)
	}
}

// put hands over names to save. Those that still wait are replaced. Only one goroutine may call it.
func (s *store) put(names []topics.Name) {
	select {
	case <-s.queue:
	default:
	}
	s.queue <- names
}

// first returns what the file holds, if the disk answers in time. Else loaded gives it later.
func (s *store) first() []topics.Name {
	select {
	case names := <-s.loaded:
		return names
	case <-time.After(loadGrace):
		s.log.Warn("known peers not read yet, starting without them", "file", s.path, "why", "the disk does not answer")
		return nil
	}
}

// close returns when everything is saved, or the disk does not answer.
func (s *store) close() {
	close(s.queue)
	select {
	case <-s.done:
	case <-time.After(saveGrace):
		s.log.Warn("known peers not saved", "file", s.path, "why", "the disk does not answer")
	}
}

// load returns the names of an earlier life, or none. A file that is not what it should be is told and kept aside.
func (s *store) load() []topics.Name {
	names, bad, err := s.read()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		s.log.Warn("known peers not read, starting without them", "file", s.path, "why", err, "kept", s.setAside())
		return nil
	case len(bad) > 0:
		s.log.Warn("some known peers are no names, and are left out", "file", s.path, "count", len(bad), "names", bad[:min(len(bad), badShown)])
	}
	if len(bad) == 0 {
		s.last = names
	}
	return slices.Clone(names)
}

// setAside keeps a file that could not be read from being overwritten, and returns where. What is no file is left as it
// is.
func (s *store) setAside() string {
	info, err := os.Lstat(s.path)
	if err != nil || !info.Mode().IsRegular() {
		return s.path
	}
	aside := filepath.Join(filepath.Dir(s.path), brokenFile)
	if err := os.Rename(s.path, aside); err != nil {
		return s.path
	}
	return aside
}

// read returns the names in the file, and what stands there that is no name.
func (s *store) read() (names []topics.Name, bad []string, err error) {
	b, err := s.file(s.path, maxStoreFile)
	if err != nil {
		return nil, nil, err
	}
	var f stored
	if err := json.Unmarshal(b, &f); err != nil {
		return nil, nil, err
	}
	if f.Version != storeVersion {
		return nil, nil, fmt.Errorf("version %d, not %d", f.Version, storeVersion)
	}
	seen := make(map[topics.Name]bool)
	for _, raw := range f.Peers {
		var text string
		err := json.Unmarshal(raw, &text)
		name, wrong := topics.ParseName(text)
		if err != nil || wrong != nil {
			bad = append(bad, fmt.Sprintf("%.80s", raw))
		} else if key := name.Key(); !seen[key] && len(names) < maxStored {
			seen[key] = true
			names = append(names, name)
		}
	}
	return names, bad, nil
}

// try finds out whether the directory can be used, before there is anything to save, and clears away what an earlier
// life did not write to its end.
func (s *store) try() {
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(s.path), tempFiles)); err == nil {
		for _, name := range left {
			os.Remove(name)
		}
	}
	tmp, err := s.writeTemp(make([]byte, 4096)) // a block: a full disk takes names, and no bytes
	if err == nil {
		err = os.Remove(tmp)
	}
	s.tell(err)
}

// save writes the names down, if they are others than last time: to a file beside it first, which then takes
// its place, so that there is a whole one at every moment.
func (s *store) save(names []topics.Name) {
	if s.told == "" && slices.Equal(names, s.last) {
		return
	}
	err := s.write(names)
	if s.tell(err); err == nil {
		s.last = names
	}
}

// tell says why peers cannot be saved, and that they can again: each once, until it changes.
func (s *store) tell(err error) {
	why := cause(err)
	if why == s.told {
		return
	}
	if s.told = why; err != nil {
		s.log.Warn("known peers cannot be saved", "file", s.path, "why", why)
		return
	}
	s.log.Info("known peers are saved again", "file", s.path)
}

// cause is what was wrong, without the name of the passing file, which is another one each time.
func cause(err error) string {
	path, link := new(fs.PathError), new(os.LinkError)
	switch {
	case err == nil:
		return ""
	case errors.As(err, &path):
		return path.Op + ": " + path.Err.Error()
	case errors.As(err, &link):
		return link.Op + ": " + link.Err.Error()
	}
	return err.Error()
}

func (s *store) write(names []topics.Name) error {
	b, err := json.MarshalIndent(struct {
		Version int           `json:"version"`
		Saved   time.Time     `json:"saved"`
		Peers   []topics.Name `json:"peers"`
	}{storeVersion, time.Now().UTC(), names}, "", "\t")
	if err != nil {
		return err
	}
	tmp, err := s.writeTemp(append(b, '\n'))
	if err != nil {
		return err
	}
	if err = os.Rename(tmp, s.path); err != nil {
		os.Remove(tmp)
	}
	return err
}

// writeTemp makes a file in the directory that is whole and on the disk.
func (s *store) writeTemp(b []byte) (name string, err error) {
	dir := filepath.Dir(s.path)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	tmp, err := os.CreateTemp(dir, tempFiles)
	if err != nil {
		return "", err
	}
	_, err = tmp.Write(b)
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		os.Remove(tmp.Name())
	}
	return tmp.Name(), err
}
