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

	"hearsay/mesh"
	"hearsay/topics"
)

const (
	// saveEvery is how often known peers are written down, if they changed.
	saveEvery = 10 * time.Second

	// storeFile is the name of the file in Config.StateDir.
	storeFile = "peers.json"

	storeVersion = 1
	maxStored    = topics.MaxNames // names kept
	maxStoreFile = 1 << 20         // bytes read
)

// store remembers the names of peers in a file, in whatever state they are, so that a node whose seeds are gone
// finds its mesh again. Names are hints, so a stale file does no harm, and a broken one is only worth a warning.
type store struct {
	path string
	log  *slog.Logger
	last []topics.Name // what the file holds

	queue chan []topics.Name
	done  chan struct{}
}

// stored is what the file holds.
type stored struct {
	Version int           `json:"version"`
	Saved   time.Time     `json:"saved"`
	Peers   []topics.Name `json:"peers"`
}

func newStore(dir string, log *slog.Logger) *store {
	return &store{path: filepath.Join(dir, storeFile), log: log, queue: make(chan []topics.Name, 1), done: make(chan struct{})}
}

// run saves what is put until close: beside the loop, as a disk may take its time.
func (s *store) run() {
	defer close(s.done)
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

// close returns when everything is saved.
func (s *store) close() {
	close(s.queue)
	<-s.done
}

// load returns the names of an earlier life, or none.
func (s *store) load() []topics.Name {
	names, err := s.read()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		s.log.Warn("known peers not read, starting without them", "file", s.path, "why", err)
		return nil
	}
	s.last = names
	return slices.Clone(names)
}

func (s *store) read() ([]topics.Name, error) {
	info, err := os.Stat(s.path)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxStoreFile {
		return nil, fmt.Errorf("%d bytes, at most %d", info.Size(), maxStoreFile)
	}
	b, err := os.ReadFile(s.path)
	if err != nil {
		return nil, err
	}
	var f stored
	if err := json.Unmarshal(b, &f); err != nil {
		return nil, err
	}
	if f.Version != storeVersion {
		return nil, fmt.Errorf("version %d, not %d", f.Version, storeVersion)
	}
	names := f.Peers[:min(len(f.Peers), maxStored)]
	for _, name := range names {
		if _, err := topics.ParseName(string(name)); err != nil {
			return nil, err
		}
	}
	return names, nil
}

// save writes the names down, if they are others than last time: to a file beside it first, which then takes
// its place, so that there is a whole one at every moment.
func (s *store) save(names []topics.Name) {
	if slices.Equal(names, s.last) {
		return
	}
	if err := s.write(names); err != nil {
		s.log.Warn("known peers not saved", "file", s.path, "why", err)
		return
	}
	s.last = names
}

func (s *store) write(names []topics.Name) (err error) {
	b, err := json.MarshalIndent(stored{storeVersion, time.Now().UTC(), names}, "", "\t")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(s.path), 0o755); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(s.path), storeFile+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(tmp.Name())
		}
	}()
	_, err = tmp.Write(append(b, '\n'))
	err = errors.Join(err, tmp.Sync(), tmp.Close())
	if err != nil {
		return err
	}
	return os.Rename(tmp.Name(), s.path)
}

// remember saves who is known: members first, then suspects and those in quarantine, so that the best fit.
func (n *Node) remember() {
	if n.store == nil {
		return
	}
	members := n.machine.Members()
	members = slices.DeleteFunc(members, func(m mesh.Member) bool { return m.State == mesh.Candidate || m.State == mesh.Left })
	slices.SortStableFunc(members, func(a, b mesh.Member) int { return rank(a.State) - rank(b.State) })
	names := make([]topics.Name, 0, min(len(members), maxStored))
	for _, m := range members[:min(len(members), maxStored)] {
		names = append(names, m.Name)
	}
	slices.Sort(names)
	if len(names) > 0 { // alone again: what was known is still the best to start from
		n.store.put(names)
	}
}

func rank(s mesh.State) int {
	if s == mesh.Quarantined {
		return 1
	}
	return 0
}
