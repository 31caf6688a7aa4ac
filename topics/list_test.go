package topics

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

type listVector struct {
	input
	Note  string `json:"note"`
	Names []Name `json:"names"`
	Count int    `json:"count"` // instead of names, where they are many
	Bad   int    `json:"bad"`
	Rule  string `json:"rule"`
}

func listVectors(t testing.TB) []listVector {
	return vectors[struct {
		Lists []listVector `json:"lists"`
	}](t, "lists.json").Lists
}

func TestListVectors(t *testing.T) {
	var in Interner // shared, so that what one list leaves behind cannot change the next
	for round := range 2 {
		for _, want := range listVectors(t) {
			b := want.bytes(t)
			names, bad, err := in.ParseList(b, nil)
			checkListVector(t, fmt.Sprintf("round %d, %s", round, want.Note), want, names, bad, err)
			names, bad, err = ParseList(b, nil)
			checkListVector(t, want.Note, want, names, bad, err)
		}
	}
}

func checkListVector(t *testing.T, note string, want listVector, names []Name, bad int, err error) {
	t.Helper()
	if want.Rule != "" {
		wantRule(t, want.bytes(t), err, want.Rule)
		if len(names) != 0 || bad != 0 {
			t.Errorf("%s: %d names, %d bad from a list that was refused", note, len(names), bad)
		}
		return
	}
	if err != nil || bad != want.Bad {
		t.Errorf("%s: %d bad, error %v, want %d bad", note, bad, err, want.Bad)
	}
	if want.Names != nil && !slices.Equal(names, want.Names) || want.Names == nil && len(names) != want.Count {
		t.Errorf("%s: got %d names %.200q", note, len(names), names)
	}
}

func TestListIsAppendedToDst(t *testing.T) {
	dst := []Name{"x", "a"}
	names, _, err := ParseList([]byte("a,x,b"), dst)
	if want := []Name{"x", "a", "a", "x", "b"}; err != nil || !slices.Equal(names, want) {
		t.Errorf("got %q, %v, want %q", names, err, want)
	}
	names, _, err = ParseList([]byte(",a"), dst)
	if err == nil || !slices.Equal(names, dst) {
		t.Errorf("refused list: got %q, %v, want %q", names, err, dst)
	}
}

func TestListsAreCutAtWholeNames(t *testing.T) {
	long := make([]Name, MaxNames)
	for i := range long {
		long[i] = Name(fmt.Sprintf("%04d", i) + strings.Repeat("a", 59) + strings.Repeat(".b", 40))
	}
	short := numbered("n", MaxNames+10)
	exact := []Name{"a", Name(strings.Repeat("b", MaxList-2))}
	over := []Name{"a", Name(strings.Repeat("b", MaxList-1))}
	for _, c := range []struct {
		what  string
		names []Name
		fit   int
	}{
		{"none", nil, 0},
		{"one", []Name{"a"}, 1},
		{"too many", short, MaxNames},
		{"too long", long, (MaxList + 1) / (len(long[0]) + 1)},
		{"the last byte", exact, 2},
		{"a byte too many", over, 1},
	} {
		b := AppendList(nil, c.names)
		if got := FitList(c.names); got != c.fit {
			t.Errorf("%s: %d names fit, want %d", c.what, got, c.fit)
		}
		if len(b) > MaxList || string(b) != string(joined(c.names[:c.fit])) {
			t.Errorf("%s: wrote %d bytes %s", c.what, len(b), quote(b))
		}
	}
}

func TestWhatWasAppendedIsParsed(t *testing.T) {
	want := append(numbered("Node_", 500), "[2001:DB8::1]:99", "10.0.0.1", "x:20000")
	got, bad, err := ParseList(AppendList([]byte("0"), want)[1:], nil)
	if err != nil || bad != 0 || !slices.Equal(got, want) {
		t.Errorf("%d names, %d bad, %v", len(got), bad, err)
	}
}

func TestInternerForgets(t *testing.T) {
	var in Interner
	most := 0
	for i := range 40 {
		names, bad, err := in.ParseList(AppendList(nil, numbered(fmt.Sprintf("L%d-", i), MaxNames)), nil)
		if len(names) != MaxNames || bad != 0 || err != nil {
			t.Fatalf("list %d: %d names, %d bad, %v", i, len(names), bad, err)
		}
		most = max(most, len(in.known))
	}
	if limit := maxInterned + 2*MaxNames; most > limit {
		t.Errorf("remembers %d names, limit %d", most, limit)
	}
}

func TestRepeatedListsDoNotAllocate(t *testing.T) {
	var in Interner
	b := AppendList(nil, append(numbered("Node_", 64), "[2001:DB8::1]"))
	names, _, _ := in.ParseList(b, nil)
	if n := testing.AllocsPerRun(10, func() { names, _, _ = in.ParseList(b, names[:0]) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// What a hostile list costs in memory does not depend on how many bad entries it has.
func TestBadEntriesDoNotAllocate(t *testing.T) {
	for _, entry := range []string{"", "*", "127.1", "[::x]", "a:0", " a", "-", "a..b"} {
		var in Interner
		b := []byte("a" + strings.Repeat(","+entry, MaxList/(len(entry)+1)-1))
		names, _, _ := in.ParseList(b, nil)
		if n := testing.AllocsPerRun(10, func() { names, _, _ = in.ParseList(b, names[:0]) }); n != 0 {
			t.Errorf("%q: %v allocations", entry, n)
		}
	}
}

// numbered makes n names.
func numbered(prefix string, n int) []Name {
	names := make([]Name, n)
	for i := range names {
		names[i] = Name(fmt.Sprintf("%s%d", prefix, i))
	}
	return names
}

// joined is the list form, made in another way than AppendList makes it.
func joined(names []Name) []byte {
	var s []string
	for _, n := range names {
		s = append(s, string(n))
	}
	return []byte(strings.Join(s, ","))
}
