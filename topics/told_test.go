package topics

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

func TestRecordsAreReadAsTheyAreWritten(t *testing.T) {
	records := []Record{
		{Way: []Name{"bc"}, Hears: []Name{"c1", "c2.example:20001", "[fd00::1]"}},
		{Way: []Name{"bc", "cd"}, Hears: []Name{"d1"}},
	}
	text, left := AppendRecords([]byte("x"), records)
	if want := "xbc/c1,c2.example:20001,[fd00::1];bc,cd/d1"; string(text) != want || left != 0 {
		t.Fatalf("%s, %d left out", text, left)
	}
	var in Interner
	got, bad, err := in.ParseRecords(text[1:])
	if err != nil || bad != 0 || !reflect.DeepEqual(got, records) {
		t.Fatalf("%v, %d bad, %v", got, bad, err)
	}
	if n := testing.AllocsPerRun(10, func() { _, _, _ = in.ParseRecords(text[1:]) }); n > 2 {
		t.Errorf("%v allocations, where there is one for each way", n)
	}
	if got, bad, err := in.ParseRecords(nil); len(got) != 0 || bad != 0 || err != nil {
		t.Error("of nothing:", got, bad, err)
	}
}

func TestChangesSayWhoIsToldNoMore(t *testing.T) {
	changes := []Record{{Hears: []Name{"c1", "c2"}}, {Way: []Name{"bc"}, Hears: []Name{"d1"}}}
	text, _ := AppendRecords(nil, changes)
	if string(text) != "/c1,c2;bc/d1" {
		t.Fatal(string(text))
	}
	var in Interner
	if got, bad, err := in.ParseChanges(text); err != nil || bad != 0 || !reflect.DeepEqual(got, changes) {
		t.Errorf("%v, %d bad, %v", got, bad, err)
	}
	if got, bad, _ := in.ParseChanges([]byte("-/c;/;a,/b;x/y")); len(got) != 1 || bad != 3 {
		t.Errorf("%v, %d bad", got, bad)
	}
}

func TestBadRecordsAreLeftOut(t *testing.T) {
	long := "a" + strings.Repeat(",a", MaxWay)
	many := "a/b" + strings.Repeat(",b", MaxNames)
	for text, want := range map[string]struct{ records, bad int }{
		"a/b":               {1, 0},
		"a":                 {0, 1},
		"a/":                {0, 1},
		"/b":                {0, 1},
		";":                 {0, 2},
		"a/b;-/c;d/e":       {2, 1},
		"a/b,-,c,":          {1, 2},
		"a/b/c":             {0, 1},
		"a,-/b":             {0, 1},
		long + "/b":         {0, 1},
		long[2:] + "/b":     {1, 0},
		many:                {1, 1},
		many + ";a/b,c;d/e": {1, 4},
	} {
		var in Interner
		records, bad, err := in.ParseRecords([]byte(text))
		if len(records) != want.records || bad != want.bad || err != nil {
			t.Errorf("%.40q: %d records, %d bad, %v", text, len(records), bad, err)
		}
	}
	var in Interner
	if _, _, err := in.ParseRecords([]byte("a/" + strings.Repeat("b,", MaxTold/2))); !errors.Is(err, RuleTold) {
		t.Error(err)
	}
}

func TestRecordsThatDoNotFitAreCut(t *testing.T) {
	wide := Record{Way: []Name{"a"}}
	for i := range 600 {
		wide.Hears = append(wide.Hears, Name(fmt.Sprintf("%060[1]d.%060[1]d.%060[1]d.example", i)))
	}
	text, left := AppendRecords(nil, []Record{wide, wide})
	if len(text) > MaxTold || left == 0 {
		t.Errorf("%d bytes, %d left out", len(text), left)
	}
	var in Interner
	records, bad, err := in.ParseRecords(text)
	if err != nil || bad > 0 || len(records) == 0 || len(records[0].Hears)+left != 1200 {
		t.Errorf("%d records, %d bad, %v", len(records), bad, err)
	}
	short := Record{Way: []Name{"a"}, Hears: make([]Name, 0, 1500)}
	for i := range 1500 {
		short.Hears = append(short.Hears, Name(fmt.Sprintf("n%d", i)))
	}
	if _, left := AppendRecords(nil, []Record{short}); left != 1500-MaxNames {
		t.Errorf("%d names left out", left)
	}
}

func FuzzParseRecords(f *testing.F) {
	for _, s := range []string{"", "a/b", "bc/c1,c2;bc,cd/d1", ";;/,", "a/b/c"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var in Interner
		records, _, err := in.ParseRecords(b)
		if err != nil {
			return
		}
		again, left := AppendRecords(nil, records)
		if left != 0 {
			t.Fatalf("%q: %d names left out when written again", b, left)
		}
		var other Interner // the records of the first stand until it reads others
		if read, bad, err := other.ParseRecords(again); err != nil || bad != 0 || !reflect.DeepEqual(read, records) {
			t.Fatalf("%q became %v", b, read)
		}
	})
}
