package relay

import (
	"fmt"
	"testing"
	"time"

	"hearsay/topics"
)

// fullDigest is as many streams as one body has.
func fullDigest(m func(i int) Stream) string {
	var body []byte
	for i := 0; ; i++ {
		s := m(i)
		next, ok := topics.Newer{Origin: s.Origin, Incarnation: s.Incarnation, Number: 5, Topic: s.Topic}.Append(body)
		if !ok {
			return string(body)
		}
		body = next
	}
}

// BenchmarkDigestOfLives is one full digest of a relay about an origin of which it has made up as many lives as are followed.
func BenchmarkDigestOfLives(b *testing.B) {
	r := newRig(b, "r", "n")
	r.view.few = true
	r.view.lists["r"] = []topics.Name{"o"}
	r.pass(10 * time.Second).j.Says()
	for i := range int64(500) {
		r.relayedOf("r", life("f", 1000+i), 1)
	}
	body := fullDigest(func(i int) Stream { return life("f", int64(1+i)) })
	for b.Loop() {
		r.j.watches["r"].on = true
		r.j.watches["r"].waits = nil
		r.digest("r", body)
		r.out = nil
		r.j.Says()
	}
}

// BenchmarkDigestThatWaits is one full digest of streams that have to wait, as many as may.
func BenchmarkDigestThatWaits(b *testing.B) {
	r := newRig(b, "r", "n")
	r.view.few = true
	r.view.lists["r"] = []topics.Name{"o"}
	r.pass(10 * time.Second).j.Says()
	for i := range 5000 {
		r.digest("r", fmt.Sprintf("x%d/7/30/1", i))
	}
	body := fullDigest(func(i int) Stream { return plain(topics.Name(fmt.Sprint("y", i))) })
	for b.Loop() {
		r.j.watches["r"].on = true
		r.digest("r", body)
		r.j.Says()
	}
}

// However often one tells which numbers it has, it is listened to within bounds, and that is counted. An honest one is always.
func TestHowMuchOneTellsIsBounded(t *testing.T) {
	r := newWatchRig(t)
	body := fullDigest(func(i int) Stream { return plain(topics.Name(fmt.Sprint("y", i))) })
	for range 30 { // all of late each beat, and the newest twice
		for range recentMost + 2 {
			r.j.watches["r"].on = true
			r.digest("r", body)
		}
		r.now += time.Second
	}
	r.count("not taken in, of an honest one", r.j.Stats().Overtold, 0)
	for range 1000 {
		r.digest("r", body)
	}
	if r.j.Stats().Overtold == 0 {
		t.Error("there is no bound")
	}
	r.view.lists["n"] = []topics.Name{"o"}
	r.pass(time.Second)
	before := r.j.Stats().Overtold
	r.digest("n", "f/7/30/1").count("of another one", r.j.Stats().Overtold, before)
	r.pass(time.Minute).count("buckets", uint64(len(r.j.digests)), 0)
}
