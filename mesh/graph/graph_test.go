package graph

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"hearsay/topics"
)

func TestRandomChangesAgreeWithThePlainModel(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 40 {
		input := make([]byte, 5*120)
		for i := range input {
			input[i] = byte(rng.Uint32())
		}
		play(t, input)
	}
}

// Three networks in a row, with a bridge between neighbours.
func chain() *DB {
	d := New("a1", Limits{})
	d.SetHears([]topics.Name{"a2", "ab"})
	d.Put(Record{"a1", 1, 1, nil}, true)
	d.Put(Record{"a2", 1, 1, []topics.Name{"a1", "ab"}}, true)
	d.Put(Record{"ab", 1, 1, []topics.Name{"a1", "a2", "b1", "bc"}}, true)
	d.Put(Record{"b1", 1, 1, []topics.Name{"ab", "bc"}}, false)
	d.Put(Record{"bc", 1, 1, []topics.Name{"ab", "b1", "c1"}}, false)
	d.Put(Record{"c1", 1, 1, []topics.Name{"bc"}}, false)
	return d
}

func TestAChainOfNetworksIsReachableByWayOfItsBridges(t *testing.T) {
	d := chain()
	for name, want := range map[topics.Name]string{"a2": "1 a2 a1", "b1": "2 ab ab", "bc": "2 ab ab", "c1": "3 ab bc"} {
		hops, ok := d.Hops(name)
		if got := fmt.Sprint(hops, " ", d.Via(name), " ", d.Last(name)); got != want || !ok {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	d.SetHears([]topics.Name{"a2"}) // the bridge is gone for this node, and a2 has not noticed it yet
	if hops, ok := d.Hops("c1"); !ok || hops != 4 || d.Via("c1") != "a2" {
		t.Error("a way over another neighbour is not found", hops, ok)
	}
	d.Put(Record{"a2", 1, 2, []topics.Name{"a1"}}, true)
	if _, ok := d.Hops("c1"); ok {
		t.Error("reachable without a bridge")
	}
	d.EachReachable(func(name topics.Name, hops int) {
		if name != "a2" || hops != 1 {
			t.Errorf("%s is %d hops away", name, hops)
		}
	})
}

// The dead may list each other for ever, and so may names that were made up.
func TestWhomNobodyReachableListsIsForgotten(t *testing.T) {
	d := chain()
	d.Put(Record{"x", 9, 1, []topics.Name{"y", "a1", "c1"}}, false)
	d.Put(Record{"y", 9, 1, []topics.Name{"x"}}, false)
	before := d.Digest()
	if _, ok := d.Hops("x"); ok || len(d.Listers("x")) > 0 {
		t.Fatal("reachable, though nobody reachable lists it")
	}
	if n := d.Sweep(time.Second, time.Minute); n != 0 {
		t.Fatal("dropped at once", n)
	}
	if n := d.Sweep(59*time.Second, time.Minute); n != 0 {
		t.Fatal("dropped too soon", n)
	}
	if n := d.Sweep(61*time.Second, time.Minute); n != 2 || d.Digest() != before {
		t.Fatal("kept, or it was compared", n)
	}
	if err := d.sound(); err != nil {
		t.Fatal(err)
	}
}

func TestAnOriginThatIsHeardIsBelievedOverOthers(t *testing.T) {
	d := chain()
	forged := Record{"a2", 999, 999, []topics.Name{"phantom"}}
	if o := d.Put(forged, false); o != Old || d.Lacks(forged.ID()) {
		t.Fatal("a forged record of an origin that is heard:", o)
	}
	if o := d.Put(Record{"b1", 1, 0, nil}, false); o != Old {
		t.Fatal("an older record:", o)
	}
	d.Put(Record{"b1", 7, 7, []topics.Name{"phantom"}}, false)
	if o := d.Put(Record{"b1", 1, 2, []topics.Name{"ab"}}, true); o != Stored {
		t.Fatal("what the origin says itself, after a forged record:", o)
	}
	d.Release("a2")
	if o := d.Put(forged, false); o != Stored {
		t.Fatal("after it is heard no more:", o)
	}
}

func TestWhatDoesNotFitIsRefused(t *testing.T) {
	d := New("self", Limits{Records: 3, Bytes: 1 << 20})
	d.SetHears([]topics.Name{"a"})
	d.Put(Record{"x", 1, 1, nil}, false)
	for _, origin := range []topics.Name{"a", "b", "c", "d"} {
		d.Put(Record{origin, 1, 1, []topics.Name{"a", "b", "c"}}, false)
	}
	if records, _ := d.Len(); records != 3 || d.Lacks(ID{"c", 1, 1}) {
		t.Error("what cannot be reached did not make room", records)
	}
	if o := d.Put(Record{"d", 1, 1, nil}, false); o != Refused {
		t.Error("more records than there may be:", o)
	}
	d = New("self", Limits{Bytes: 20_000})
	d.SetHears([]topics.Name{"liar"})
	for i := range 100 {
		r := Record{Origin: "liar", Incarnation: 1, Number: uint64(i)}
		for k := range 40 {
			r.Hears = append(r.Hears, topics.Name(fmt.Sprintf("phantom-%d-%d", i, k)))
		}
		if o := d.Put(r, true); o != Stored {
			t.Fatal("a record in place of one that is as large:", o)
		}
		r.Origin = r.Hears[0]
		r.Hears = r.Hears[1:]
		d.Put(r, false)
		if _, bytes := d.Len(); bytes > 20_000 {
			t.Fatal(bytes, "bytes")
		}
		if err := d.sound(); err != nil {
			t.Fatal(err)
		}
	}
	huge := Record{Origin: "liar", Incarnation: 2}
	for k := range 1000 {
		huge.Hears = append(huge.Hears, topics.Name(fmt.Sprintf("more-%d", k)))
	}
	if o := d.Put(huge, true); o != Refused {
		t.Error("a record that is larger than all that may be held:", o)
	}
}

// What one node has and another has not shows in the buckets of what is missing.
func TestDigestsDifferInTheBucketsOfWhatIsMissed(t *testing.T) {
	a, b := chain(), chain()
	if a.Digest() != b.Digest() {
		t.Fatal("equal records, and other digests")
	}
	a.Put(Record{"c1", 1, 2, []topics.Name{"bc"}}, false)
	for i := range Buckets {
		if (a.Digest()[i] != b.Digest()[i]) != (i == Bucket("c1")) {
			t.Errorf("bucket %d", i)
		}
	}
	var ids []ID
	a.EachIn(Bucket("c1"), func(id ID) {
		if b.Lacks(id) {
			ids = append(ids, id)
		}
	})
	if !slices.Equal(ids, []ID{{"c1", 1, 2}}) {
		t.Error("lacks", ids)
	}
	all := 0
	a.EachIn(-1, func(ID) { all++ })
	if all != 6 {
		t.Error(all, "records in all buckets")
	}
}

// random is a mesh in which each node and some others hear each other.
func random(n, degree int, seed uint64) []Record {
	rng := rand.New(rand.NewPCG(seed, 0))
	hears := make([]map[int]bool, n)
	for i := range hears {
		hears[i] = map[int]bool{}
	}
	pair := func(i, j int) {
		if i != j {
			hears[i][j], hears[j][i] = true, true
		}
	}
	for i := range n {
		pair(i, (i+1)%n)
		for range degree/2 - 1 {
			pair(i, rng.IntN(n))
		}
	}
	records := make([]Record, n)
	for i := range records {
		records[i] = Record{Origin: node1(i), Incarnation: 1, Number: 1}
		for j := range hears[i] {
			records[i].Hears = append(records[i].Hears, node1(j))
		}
		slices.Sort(records[i].Hears)
	}
	return records
}

func node1(i int) topics.Name { return topics.Name(fmt.Sprintf("node_%d", i+1)) }

// seenFrom is the DB of one of them.
func seenFrom(records []Record, i int) *DB {
	d := New(records[i].Origin, Limits{})
	d.SetHears(records[i].Hears)
	for k := range records {
		r := records[(k+i)%len(records)]
		d.Put(r, r.Origin == records[i].Origin)
	}
	return d
}

// All nodes make the same trees, each over all nodes, along edges that there are, and no node is in the middle of all.
func TestAllMakeTheSameTrees(t *testing.T) {
	records := random(200, 8, 3)
	a, b := seenFrom(records, 0), seenFrom(records, 77)
	busiest := map[topics.Name]int{}
	for number := range Trees {
		x, y := a.Tree(number), b.Tree(number)
		if x.Root() != y.Root() || x.Size() != 200 || y.Size() != 200 {
			t.Fatalf("tree %d: roots %s and %s, sizes %d and %d", number, x.Root(), y.Root(), x.Size(), y.Size())
		}
		for _, r := range records {
			p := x.Parent(r.Origin)
			if p != y.Parent(r.Origin) || (p == "") != (r.Origin == x.Root()) || p != "" && !slices.Contains(r.Hears, p) {
				t.Fatalf("tree %d: the parent of %s is %s and %s", number, r.Origin, p, y.Parent(r.Origin))
			}
			near := x.Neighbours(r.Origin)
			busiest[r.Origin] += len(near)
			for _, n := range near {
				if !slices.Contains(x.Neighbours(n), r.Origin) {
					t.Fatalf("tree %d: %s exchanges messages with %s, and not the other way", number, r.Origin, n)
				}
			}
		}
	}
	for name, edges := range busiest {
		if edges > 4*2*Trees {
			t.Errorf("%s has %d edges in %d trees", name, edges, Trees)
		}
	}
}

// An edge that only one end has is in no tree, and who has no other is in none.
func TestTreesHaveEdgesOnWhichBothHear(t *testing.T) {
	d := chain()
	d.Put(Record{"bc", 1, 2, []topics.Name{"b1", "c1"}}, false)
	tree := d.Tree(0)
	if slices.Contains(tree.Neighbours("ab"), "bc") || tree.Size() != 6 || d.Mutual("ab", "bc") || !d.Mutual("ab", "b1") {
		t.Error("an edge of one end:", tree.Neighbours("ab"), tree.Size())
	}
	d.Put(Record{"c1", 1, 2, nil}, false)
	if tree := d.Tree(0); tree.Size() != 5 || tree.Parent("c1") != "" || tree.Parent("nobody") != "" {
		t.Error("in the tree without an edge:", tree.Size())
	}
	if n := TreeOf("a1"); n < 0 || n >= Trees {
		t.Error(n)
	}
}

func TestVersionTellsOfChanges(t *testing.T) {
	d := chain()
	v := d.Version()
	if d.Put(Record{"c1", 1, 1, []topics.Name{"bc"}}, false); d.Version() != v {
		t.Error("nothing changed")
	}
	if d.Put(Record{"c1", 1, 2, []topics.Name{"bc", "c2"}}, false); d.Version() == v {
		t.Error("an edge is new")
	}
}

func benchmark(b *testing.B, n int, f func(b *testing.B, d *DB, records []Record)) {
	records := random(n, 10, 1)
	d := seenFrom(records, 0)
	b.ReportAllocs()
	b.ResetTimer()
	f(b, d, records)
}

func benchmarks(b *testing.B, f func(b *testing.B, d *DB, records []Record)) {
	for _, n := range []int{1000, 5000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) { benchmark(b, n, f) })
	}
}

// BenchmarkFill takes in all records.
func BenchmarkFill(b *testing.B) {
	benchmarks(b, func(b *testing.B, _ *DB, records []Record) {
		for b.Loop() {
			d := seenFrom(records, 0)
			_, bytes := d.Len()
			b.ReportMetric(float64(bytes), "bytes")
		}
	})
}

// BenchmarkChange loses and gains an edge, and asks for the ways.
func BenchmarkChange(b *testing.B) {
	benchmarks(b, func(b *testing.B, d *DB, records []Record) {
		for i := 0; b.Loop(); i++ {
			r := records[1+i/2%(len(records)-1)]
			r.Number = uint64(i + 2)
			if i%2 == 0 {
				r.Hears = r.Hears[1:]
			}
			d.Put(r, false)
			d.Digest()
		}
	})
}

// BenchmarkTree makes one tree.
func BenchmarkTree(b *testing.B) {
	benchmarks(b, func(b *testing.B, d *DB, records []Record) {
		for b.Loop() {
			d.version++
			d.Tree(3)
		}
	})
}
