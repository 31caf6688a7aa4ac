package relay

import (
	"bytes"
	"runtime"
	"strings"
	"testing"
	"time"
)

// heap is the memory in use after what nobody holds has been given back.
func heap() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// A ring takes no more memory than it counts, whatever the streams are whose messages it keeps. What is left when all is
// forgotten, such as the places of a map, is a part of that.
func TestRingTakesWhatItCounts(t *testing.T) {
	const most = 4 << 20
	put := func(r *Ring[[]byte], now time.Duration, incarnation int64, n uint64) {
		run := bytes.Repeat([]byte("x"), 64)
		r.Put(now, Stream{"a", incarnation, strings.Clone("2/channel")}, n, n, run, len(run))
	}
	for name, fill := range map[string]func(r *Ring[[]byte]){
		"one stream": func(r *Ring[[]byte]) {
			for n := range uint64(100_000) {
				put(r, 0, 1, 1+n)
			}
		},
		"a stream for each message": func(r *Ring[[]byte]) {
			for n := range int64(100_000) {
				put(r, 0, n, 1)
			}
		},
		"streams that were long, of each of which a little is left": func(r *Ring[[]byte]) {
			number := uint64(0)
			for long := range int64(20) {
				for range most / (64 + keptCost) {
					number++
					put(r, 0, long, number)
					if number%1000 == 0 {
						for short := range long {
							put(r, 0, short, number)
						}
					}
				}
			}
		},
	} {
		before := heap()
		r := NewRing[[]byte](most, time.Minute, nil)
		fill(r)
		if grown := heap() - before; r.Bytes() > most || r.Bytes() < most*9/10 || grown > most*9/8 {
			t.Errorf("%s: %d bytes counted of %d, %d in use", name, r.Bytes(), most, grown)
		}
		runtime.KeepAlive(r)
	}
}

// What is held behind gaps takes no more memory than it counts, of whatever it was a part.
func TestHeldTakesWhatItCounts(t *testing.T) {
	const most, came = 1 << 20, 16 << 10
	size := 64 + 24 // of a message and of its place, as its owner counts
	message := func() ([]byte, string) {
		run := strings.Repeat("u", came)
		return []byte(run)[:64], run[:64]
	}
	for name, fill := range map[string]func(r *rig, j *Judge[[]byte]){
		"one gap": func(r *rig, j *Judge[[]byte]) {
			for n := uint64(3); n < 10_000; n++ {
				v, uid := message()
				j.Message(r.now, plain("a"), n, uid, v, size, nil)
			}
		},
		"gaps that were filled, of each of which a little is left": func(r *rig, j *Judge[[]byte]) {
			for i := range int64(100) {
				s := Stream{"a", i, "1"}
				v, uid := message()
				j.Message(r.now, s, 1, uid, v, size, nil)
				j.Message(r.now, s, 10_000, uid, v, size, nil)
				for n := uint64(3); n < 1000; n++ {
					v, uid := message()
					j.Message(r.now, s, n, uid, v, size, nil)
				}
				j.Message(r.now, s, 2, uid, v, size, nil)
			}
		},
	} {
		r := newRig(t, "a")
		before := heap()
		j := New(Config{Held: most, Self: "me"}, bytes.Clone)
		for _, n := range []uint64{1} {
			v, uid := message()
			j.Message(r.now, plain("a"), n, uid, v, size, nil)
		}
		fill(r, j)
		counted := j.Stats().Holding
		if grown, room := heap()-before, 128<<10; grown > counted+room {
			t.Errorf("%s: %d bytes counted, %d in use", name, counted, grown)
		}
		runtime.KeepAlive(j)
	}
}
