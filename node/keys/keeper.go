package keys

import (
	"cmp"
	"context"
	"path/filepath"
	"time"

	"hearsay/node/files"
	"hearsay/topics"
)

// Keeper looks after the files of a Config.
type Keeper struct {
	files  *files.Followed[*Ring]
	change func(*Ring, error)
}

// Open reads the files. It returns the first ring, and an error where there is none. change is told of each later one,
// and of what was wrong with files that changed, each error once: the ring before it stays then, and the files are read
// at each look until they are well. It is called from Run and Reload.
func Open(cfg Config, self topics.Name, change func(*Ring, error)) (*Keeper, *Ring, error) {
	return open(cfg, self, change, 0)
}

func open(cfg Config, self topics.Name, change func(*Ring, error), every time.Duration) (*Keeper, *Ring, error) {
	if err := cfg.Validate(); err != nil {
		return nil, nil, err
	}
	followed, err := files.Follow(files.Source[*Ring]{
		Paths: cfg.paths,
		Most:  maxFile,
		Every: every,
		Read:  func() (*Ring, error) { return cfg.read(self) },
	})
	if err != nil {
		return nil, nil, err
	}
	return &Keeper{followed, change}, followed.Get(), nil
}

// Run looks again and again until ctx ends.
func (k *Keeper) Run(ctx context.Context) { k.files.Run(ctx, k.change) }

// Reload reads the files now. It waits for the disk for some seconds at most.
func (k *Keeper) Reload() { k.files.Reload(k.change) }

// Trouble returns what is wrong with the files, and since when; nil if all is well: the last ring is of what they hold.
func (k *Keeper) Trouble() *files.Trouble { return k.files.Trouble() }

// paths are those of the files with keys that there are now.
func (c Config) paths() []string {
	all := []string{cmp.Or(c.Mesh, c.Own)}
	add := func(path, _ string) error {
		all = append(all, path)
		return nil
	}
	if dir := c.Authorized; dir != "" {
		_ = eachKey(dir, add)
		_ = eachKey(filepath.Join(dir, ReadersDir), add)
	}
	return all
}
