package main

import (
	"bytes"
	"fmt"
	"strings"

	"hearsay/node/link/zmtp"
	"hearsay/topics"
)

// shape is a way to attack. make returns what makes the next piece of what a liar says; an empty piece is the last.
type shape struct {
	what  string
	liars int // 0: one
	make  func(l *liar) func(out []byte) []byte
}

var (
	small = []byte("small")
	large = make([]byte, 900_000)
)

// unwanted appends a large message that the node has subscribed to, as ZeroMQ matches prefixes, and nobody wants.
func unwanted(out []byte) []byte { return zmtp.AppendMessage(out, []byte("1unwanted"), large) }

// each is a shape of pieces that are counted from 1.
func each(piece func(l *liar, out []byte, n uint64) []byte) func(*liar) func([]byte) []byte {
	return func(l *liar) func([]byte) []byte {
		n := uint64(0)
		return func(out []byte) []byte {
			n++
			return piece(l, out, n)
		}
	}
}

var shapes = map[string]shape{
	"gaps": {what: "every other number, each beside a large message that nobody wants", make: each(func(l *liar, out []byte, n uint64) []byte {
		return unwanted(l.message(out, "1", small, l.envelope(l.born, 2*n-1)))
	})},
	"kept": {what: "small messages for the ring, each beside a large one that nobody wants", make: each(func(l *liar, out []byte, n uint64) []byte {
		return unwanted(l.message(out, "1", bytes.Repeat(small, 900), l.envelope(l.born, n)))
	})},
	"streams": {what: "an incarnation for each message", make: each(func(l *liar, out []byte, n uint64) []byte {
		for i := range uint64(200) {
			out = l.message(out, "1", small, l.envelope(l.born+int64(n*200+i), 1))
		}
		return out
	})},
	"rows": {what: "long rows of messages, of each of which the ring keeps a little", make: func(l *liar) func([]byte) []byte {
		numbers := make(map[int64]uint64)
		say := func(out []byte, stream int64) []byte {
			numbers[stream]++
			return l.message(out, "1", small, l.envelope(l.born+stream, numbers[stream]))
		}
		n := int64(0)
		return func(out []byte) []byte {
			n++
			long := 1 + n/200
			for range 100 {
				out = say(say(out, long), 0) // in turn: each is a row of one
			}
			for s := int64(1); s < long; s++ {
				out = say(out, s)
			}
			return out
		}
	}},
	"filled": {what: "gaps that are filled but for the last number, in one stream after the other", make: each(func(l *liar, out []byte, n uint64) []byte {
		say := func(number uint64) { out = l.message(out, "1", small, l.envelope(l.born+int64(n), number)) }
		say(1)
		for number := uint64(3); number < 20_000; number++ {
			say(number)
		}
		say(30_000)
		say(2)
		return out
	})},
	"half": {what: "200 liars, of each a message of 1 MiB of which the end never comes", liars: 200, make: each(func(l *liar, out []byte, n uint64) []byte {
		if n > 1 {
			return nil
		}
		out = zmtp.AppendMessage(out, []byte("1"), make([]byte, topics.MaxMessage))
		return out[:len(out)-1]
	})},
	"answers": {what: "answers to what nobody asked", make: each(func(l *liar, out []byte, n uint64) []byte {
		return l.message(out, fmt.Sprintf("5/%s/%d/1-/1", l.addr, l.born), large, l.envelope(l.born, n))
	})},
	"requests": {what: "large requests that nobody answers", make: each(func(l *liar, out []byte, n uint64) []byte {
		e := l.envelope(0, 0)
		e.UID, e.Ask = fmt.Sprint("u", n), topics.MaxAsk
		return l.message(out, topics.Direct{Name: victim}.String(), large, e)
	})},
	"relayed": {what: "messages of others, each of another one, that nobody asked to be relayed", make: each(func(l *liar, out []byte, n uint64) []byte {
		origin := topics.Name(fmt.Sprint("h", n, strings.Repeat("o", 50)))
		e := l.envelope(1, 1)
		e.Origin = origin
		return l.message(out, topics.Relayed{Origin: origin, Topic: "1"}.String(), large, e)
	})},
}
