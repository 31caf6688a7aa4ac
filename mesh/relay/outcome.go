package relay

import "hearsay/topics"

// What a Judge wants done, told and looked at is collected by its methods, and taken by whoever calls them. What is taken is valid
// until the next call of a method that takes something in.

// take empties a slice, and returns what was in it.
func take[E any](of *[]E) []E {
	taken := *of
	*of = taken[:0]
	return taken
}

// Says returns what is to be said since the last call.
func (j *Judge[T]) Says() []Say { return take(&j.says) }

// Waited returns the streams of which it turned out since the last call that messages are missing, and that they are waited
// for: their origin's connection is up and brings nothing.
func (j *Judge[T]) Waited() []Stream { return take(&j.waits) }

// Starved returns the origins that were found to be starved since the last call.
func (j *Judge[T]) Starved() []topics.Name { return take(&j.hungry) }

// Gaps returns what was given up since the last call.
func (j *Judge[T]) Gaps() []Gap { return take(&j.gaps) }
