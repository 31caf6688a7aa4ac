package link

import "testing"

// Whoever comes gets the last whole telling, and all that has changed in it since.
func TestWhatIsToldToWhoComes(t *testing.T) {
	t.Parallel()
	l := open(t, Config{})
	discard(l)
	tell := func(whole bool, topic, body string) {
		if err := l.Tell(whole, []byte(topic), []byte(body), []byte("{}")); err != nil {
			t.Fatal(err)
		}
	}
	tell(true, "7", "old")
	tell(false, "7+", "older")
	tell(true, "7", "whole")
	tell(false, "7+", "one")
	tell(false, "7+", "two")
	p := subscribed(t, l.Addr(Discovery).String(), "7", "0")
	p.expect("7", "whole", "{}")
	p.expect("7+", "one", "{}")
	p.expect("7+", "two", "{}")
}
