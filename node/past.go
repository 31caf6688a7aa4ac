package node

import (
	"cmp"
	"slices"
	"time"

	"hearsay/mesh/relay"
	"hearsay/node/link"
	"hearsay/topics"
)

// MaxPast bounds how many messages Past returns.
const MaxPast = 10_000

// Past returns what this node received of late and still has (Config.RingBytes, RingTime), its own messages included: the
// newest messages of the channels that are wanted, "" being the plain ones, at most count of them, or MaxPast where that
// is less or count is 0. None came longer ago than within, unless that is 0. The oldest is the first. Messages of naive
// nodes, which have no numbers, and what has expired are not among them. What waits for one before it that is missing
// (see Message.Missed) is, although the application does not have it yet.
func (n *Node) Past(wants func(channel string) bool, count int, within time.Duration) []Message {
	runs := n.pastRuns(wants, within)
	if count <= 0 || count > MaxPast {
		count = MaxPast
	}
	var parts [][]Message // the newest first
	some := 0
	for _, r := range slices.Backward(runs) {
		part := r.messages(n.cfg.MaxMessage)
		parts = append(parts, part)
		if some += len(part); some >= count {
			break
		}
	}
	slices.Reverse(parts)
	return slices.Concat(parts...)[max(0, some-count):]
}

// pastRun is one that a ring keeps.
type pastRun struct {
	link.Run
	topic string
	at    time.Duration
}

// pastRuns are those of the channels that are wanted, in the order in which they came.
func (n *Node) pastRuns(wants func(channel string) bool, within time.Duration) (runs []pastRun) {
	last := make(map[relay.Stream]time.Duration) // what came late comes in its place, not in its time
	for _, r := range []*ring{n.own, n.others} {
		r.each(func(s relay.Stream, run link.Run, age, at time.Duration) {
			at = max(at, last[s])
			last[s] = at
			channel, named := topics.Channel(s.Topic)
			if within > 0 && age > within || named && !n.hears([]byte(s.Topic)) || !wants(channel) {
				return
			}
			runs = append(runs, pastRun{run, s.Topic, at})
		})
	}
	slices.SortStableFunc(runs, func(a, b pastRun) int { return cmp.Compare(a.at, b.at) })
	return runs
}

// each calls f with all runs of a ring, how long it has had each, and since when.
func (r *ring) each(f func(s relay.Stream, run link.Run, age, at time.Duration)) {
	now := time.Since(r.start)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.kept.Each(now, func(s relay.Stream, k *relay.Kept[spot], at time.Duration) { f(s, r.run(k.Run), now-at, at) })
}

// messages are those of a run that have not expired.
func (r pastRun) messages(limit int) (all []Message) {
	read := reader{limit: limit}
	now := time.Now().UnixMilli()
	var frames [topics.MaxFrames][]byte
	for f := r.Run.Next(frames[:0]); f != nil; f = r.Run.Next(frames[:0]) {
		var m Message
		a := arrival{Message: &m}
		if !read.decode(&a, f) || a.naive || m.expires != 0 && now >= m.expires {
			continue
		}
		m.From = a.envelope.Origin
		m.Channel, _ = topics.Channel(r.topic) // in the run it may be that of an answer, or of a relay
		all = append(all, m)
	}
	return all
}
