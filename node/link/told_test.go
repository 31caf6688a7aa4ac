package link

import "testing"

// Whoever comes gets the last whole telling, and all that has changed in it since.
func TestWhatIsToldToWhoComes(t *testing.T) {
	t.Parallel()
	l := open(t, Config{})
	discard(l)
	tell := func(whole string, topic, body string) {
		var kept [][]byte
		if whole != "" {
			kept = [][]byte{[]byte("7"), []byte(whole), []byte("{}")}
		}
		if err := l.Tell([][]byte{[]byte(topic), []byte(body), []byte("{}")}, kept); err != nil {
			t.Fatal(err)
		}
	}
	tell("old", "7", "old")
	tell("", "7+", "older")
	tell("whole", "7+", "newer")
	tell("", "7+", "one")
	tell("", "7+", "two")
	p := subscribed(t, l.Addr(Discovery).String(), "7", "0")
	p.expect("7", "whole", "{}")
	p.expect("7+", "one", "{}")
	p.expect("7+", "two", "{}")
}
