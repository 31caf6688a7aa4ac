package graph

import (
	"hash/fnv"

	"hearsay/topics"
)

// Buckets is how many parts databases are compared in: where two differ in a few records, the IDs of a sixteenth have to
// be told for each.
const Buckets = 16

// Digest is a hash of the records of all origins that there is a way to, by bucket. Two nodes with equal ones have equal
// records: 16 bits are enough, as what is missed by chance is found at the next change.
type Digest [Buckets]uint16

// Digest is that of the DB now.
func (d *DB) Digest() Digest {
	d.search()
	return d.digest
}

// Bucket is the one that an origin's record belongs to.
func Bucket(origin topics.Name) int { return bucketOf(hashName(origin)) }

func bucketOf(hash uint64) int { return int(hash % Buckets) }

// toggle takes a record into the digest, or out of it.
func (d *DB) toggle(i int32) {
	if n := &d.nodes[i]; n.held && n.hops != none {
		d.digest[bucketOf(n.hash)] ^= uint16(n.sum)
	}
}

// EachIn calls f with the ID of each record in a bucket, as far as there is a way to its origin; with those of all buckets
// if it is negative.
func (d *DB) EachIn(bucket int, f func(ID)) {
	d.search()
	for i := range d.nodes {
		n := &d.nodes[i]
		if n.held && n.hops != none && (bucket < 0 || bucketOf(n.hash) == bucket) {
			f(ID{n.name, n.inc, n.number})
		}
	}
}

func hashName(name topics.Name) uint64 {
	h := fnv.New64a()
	h.Write([]byte(name))
	return mix(h.Sum64())
}

// sumOf is the hash of a record's ID.
func sumOf(origin uint64, id ID) uint64 {
	return mix(mix(origin^mix(uint64(id.Incarnation))) ^ id.Number)
}

// mix is the end of splitmix64: all bits of the result depend on all of x.
func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}
