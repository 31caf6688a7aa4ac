package doctor

import (
	"strings"
	"testing"
)

// What accepts and says nothing is another program, where it is at another port than that for lists.
func TestWordlessPortIsDoubted(t *testing.T) {
	for endpoint, want := range map[string]string{
		"10.0.0.3:20000": "look at the process on x: it is stopped, or starved, or is no node",
		"10.0.0.3:8080":  "is 8080 a port for lists?",
	} {
		if got := remedy(Visit{Endpoint: endpoint, Outcome: Wordless}, "x", false); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %q", endpoint, got)
		}
	}
	if got := remedy(Visit{Endpoint: "10.0.0.3:8080", Outcome: Wordless}, "x", true); got != "look at the process on x: it is stopped, or starved" {
		t.Errorf("of a node that is heard: %q", got)
	}
}
