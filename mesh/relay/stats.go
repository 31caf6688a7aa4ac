package relay

// Stats counts what a judge did.
type Stats struct {
	Duplicates uint64 // messages that came again
	Repaired   uint64 // messages that came as answers, and were missing
	Missed     uint64 // messages that nobody had
	Questions  uint64 // asked
	Overasked  uint64 // questions that were put off, each once until it is asked, and pasts that were not asked for, as too many are
	Evicted    uint64 // streams that gave their places to others
	Unknown    uint64 // streams of which it is not known any more where they were when they gave their places, as too many did
	Overheld   uint64 // messages that were not held, as too many are: they are asked for again
	Echoes     uint64 // own messages that came back
	Unasked    uint64 // relayed messages and answers that were not asked for here
	Relayed    uint64 // relayed messages that were delivered
	Refused    uint64 // messages of origins that are not admitted
	Conflicts  uint64 // numbers that a relay had used up for something else
	Starved    int    // origins whose connection is up and brings nothing
	Relays     int    // origins that a relay is asked for
	Spared     int    // of ways of origins, those that were asked to bring nothing
	Prunes     uint64 // times that one was
	Grafts     uint64 // times that all ways of an origin were asked for again
	Digests    uint64 // of the newest numbers that others have, taken in
	Overtold   uint64 // of these, those that were not taken in to the end, as one tells too many numbers
	Gaps       int    // streams under repair
	Holding    int    // bytes held
	Following  int    // streams
}

// Stats returns the counters.
func (j *Judge[T]) Stats() Stats {
	s := j.stats
	s.Starved, s.Relays, s.Following, s.Spared = len(j.starved), j.plan.relays(), len(j.streams), j.spares.count
	for _, b := range j.busy {
		if b.busy {
			s.Gaps++
		}
	}
	return s
}
