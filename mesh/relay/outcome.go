package relay

import "hearsay/topics"

// Says returns what is to be said since the last call. It is valid until the next call of any method.
func (j *Judge[T]) Says() []Say {
	says := j.says
	j.says = j.says[:0]
	return says
}

// Waited returns the streams of which it turned out since the last call that messages are missing, and that they are waited
// for: their origin's connection is up and brings nothing. It is valid for as long as what Says returns.
func (j *Judge[T]) Waited() []Stream {
	waits := j.waits
	j.waits = j.waits[:0]
	return waits
}

// Starved returns the origins that were found to be starved since the last call. It is valid for as long as what Says returns.
func (j *Judge[T]) Starved() []topics.Name {
	names := j.hungry
	j.hungry = j.hungry[:0]
	return names
}

// Gaps returns what was given up since the last call, and is valid for as long as what Says returns.
func (j *Judge[T]) Gaps() []Gap {
	gaps := j.gaps
	j.gaps = j.gaps[:0]
	return gaps
}
