package multicast

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"hearsay/topics"
)

type vectors struct {
	Valid []struct {
		In   string `json:"in"`
		Want Beacon `json:"want"`
		Out  string `json:"out"`
	} `json:"valid"`
	Invalid []struct {
		In string `json:"in"`
	} `json:"invalid"`
}

func readVectors(t testing.TB) (v vectors) {
	f, err := os.Open("testdata/beacons.json")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	d := json.NewDecoder(f)
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestBeaconVectors(t *testing.T) {
	v := readVectors(t)
	for _, c := range v.Valid {
		b, err := Parse([]byte(c.In))
		if err != nil || b != c.Want {
			t.Errorf("%s: %+v, %v", c.In, b, err)
		}
		if out := string(Append(nil, b)); out != c.Out {
			t.Errorf("%s is written %s", c.In, out)
		}
	}
	for _, c := range v.Invalid {
		if b, err := Parse([]byte(c.In)); err == nil || b != (Beacon{}) {
			t.Errorf("%s: %+v, %v", c.In, b, err)
		}
	}
}

// The largest beacon fits, and one byte more is too many.
func TestBeaconSize(t *testing.T) {
	label := strings.Repeat("a", 63)
	name := topics.Name(strings.Join([]string{label, label, label, label[:61]}, ".") + ":55535")
	largest := Beacon{1<<31 - 1, name, topics.MaxTime, strings.Repeat("m", topics.MaxMesh)}
	packet := Append(nil, largest)
	if b, err := Parse(packet); err != nil || b != largest {
		t.Errorf("%d bytes: %+v, %v", len(packet), b, err)
	}
	small := Append(nil, Beacon{Version: 1, Name: "a"})
	full := append(small, strings.Repeat(" ", MaxBeacon-len(small))...)
	if _, err := Parse(full); err != nil {
		t.Error(err)
	}
	if _, err := Parse(append(full, ' ')); err == nil {
		t.Error("a byte too many is taken")
	}
}

func FuzzBeacon(f *testing.F) {
	v := readVectors(f)
	for _, c := range v.Valid {
		f.Add([]byte(c.In))
	}
	for _, c := range v.Invalid {
		f.Add([]byte(c.In))
	}
	f.Fuzz(func(t *testing.T, packet []byte) {
		b, err := Parse(packet)
		if err != nil {
			if b != (Beacon{}) || len(err.Error()) > 1024 {
				t.Fatalf("%q: %+v, %v", packet, b, err)
			}
			return
		}
		again, err := Parse(Append(nil, b))
		if err != nil || again != b || len(Append(nil, b)) > MaxBeacon {
			t.Fatalf("%q became %+v, %v", packet, again, err)
		}
	})
}
