package files

import (
	"context"
	"sync/atomic"
	"time"
)

const (
	// lookEvery is between two looks at files that are followed.
	lookEvery = 500 * time.Millisecond

	// reloadGrace is how long a reload waits for a disk.
	reloadGrace = 5 * time.Second

	// maxTries bounds how often files are read that change while they are read. The next look finds the rest.
	maxTries = 3

	// maxTold bounds the errors that are told of until files are well again.
	maxTold = 32
)

// Source says which files there are and what they hold.
type Source[T any] struct {
	Paths func() []string   // the files that there are now
	Most  int64             // bytes of one of them
	Read  func() (T, error) // all of them
	Every time.Duration     // between two looks; 0: half a second
}

// Followed is what files hold, read again when they have changed and then stayed the same, so that a file that is being
// written counts when it is whole, and a directory that is being copied when all of it is there. Files that are not what
// they should be change nothing, and are read at each look until they are well again.
//
// Disks are waited for by goroutines that nothing else waits for.
type Followed[T any] struct {
	source Source[T]
	now    func() time.Time
	value  atomic.Pointer[T]

	trouble atomic.Pointer[Trouble] // what is wrong with them now; nil: nothing is

	turn chan struct{}   // one look at a time: it is taken until the disk has answered
	seen []sight         // when files were read last, and well; nil: they have not been
	rest rest            // of files that look otherwise
	told map[string]bool // errors since then
}

// Follow reads the files for the first time.
func Follow[T any](source Source[T]) (*Followed[T], error) {
	if source.Every == 0 {
		source.Every = lookEvery
	}
	f := &Followed[T]{source: source, now: time.Now, turn: make(chan struct{}, 1), told: make(map[string]bool)}
	o := f.look(true)
	if o.err != nil {
		return nil, o.err
	}
	f.seen = o.seen
	f.value.Store(&o.value)
	return f, nil
}

// Get returns what the files hold, as they were when they were last well. It does not wait.
func (f *Followed[T]) Get() T { return *f.value.Load() }

// Trouble is what is wrong with files: what they held before holds while it lasts, so nothing of what they were changed to.
type Trouble struct {
	Why   string
	Since time.Time
}

// Trouble returns what is wrong with the files, and since when they have not been read well; nil if all is well.
func (f *Followed[T]) Trouble() *Trouble { return f.trouble.Load() }

// Run looks again and again until ctx ends, and waits no longer, whatever the disk does. It tells of each change, and of
// each thing that is wrong once until all is well.
func (f *Followed[T]) Run(ctx context.Context, tell func(T, error)) {
	tick := time.NewTicker(f.source.Every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			f.again(ctx, false, tell)
		case <-ctx.Done():
			return
		}
	}
}

// Reload reads the files now, changed or not, whole or not, and tells of what it found. It gives a disk up that does not
// answer: what has changed is then seen by Run.
func (f *Followed[T]) Reload(tell func(T, error)) {
	ctx, cancel := context.WithTimeout(context.Background(), reloadGrace)
	defer cancel()
	f.again(ctx, true, tell)
}

// outcome is what a look found.
type outcome[T any] struct {
	seen  []sight
	read  bool // there was something to read: value or err says what
	value T
	err   error
}

func (f *Followed[T]) again(ctx context.Context, anyway bool, tell func(T, error)) {
	select {
	case f.turn <- struct{}{}:
	case <-ctx.Done():
		return
	}
	found := make(chan outcome[T], 1)
	go func() { found <- f.look(anyway) }()
	select {
	case o := <-found:
		f.take(o, anyway, tell)
		<-f.turn
	case <-ctx.Done():
		go func() { <-found; <-f.turn }()
	}
}

// look reads the files anyway, or if they are others than they were, and stay so.
func (f *Followed[T]) look(anyway bool) (o outcome[T]) {
	o.seen = f.see()
	if !anyway && f.seen != nil && still(f.seen, o.seen, f.source.Most) {
		f.rest = rest{}
		return o
	}
	for tries := 1; ; tries++ {
		if !anyway && !f.rest.enough(o.seen, f.now(), f.source.Every, f.source.Most) {
			return outcome[T]{seen: f.seen}
		}
		o.value, o.err = f.source.Read()
		now := f.see()
		if tries == maxTries || still(o.seen, now, f.source.Most) {
			f.rest.began = time.Time{}
			o.read = true
			return o
		}
		o.seen = now // they changed meanwhile, and nobody knows which of the two was read
	}
}

// see looks at all files.
func (f *Followed[T]) see() (all []sight) {
	now := time.Now()
	for _, path := range f.source.Paths() {
		all = append(all, see(path, f.source.Most, now))
	}
	return all
}

// take makes what was found hold.
func (f *Followed[T]) take(o outcome[T], anyway bool, tell func(T, error)) {
	switch {
	case !o.read:
		f.seen = o.seen
	case o.err == nil:
		f.seen, f.rest = o.seen, rest{}
		clear(f.told)
		f.value.Store(&o.value)
		f.trouble.Store(nil)
		tell(o.value, nil)
	default:
		f.seen = nil
		why := o.err.Error()
		since := f.now()
		if before := f.trouble.Load(); before != nil {
			since = before.Since
		}
		f.trouble.Store(&Trouble{why, since})
		if anyway || !f.told[why] && len(f.told) < maxTold {
			f.told[why] = true
			var none T
			tell(none, o.err)
		}
	}
}
