package mesh

import "testing"

// What is said of a dial that failed fits what is known of the peer, and of the port.
func TestCausesFit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		of   failure
		want string
	}{
		{failure{why: Refused, addr: "a:1"}, "a:1 refuses connections: no node runs there"},
		{failure{why: Refused, addr: "a:1"}.ofRunning(), "a:1 refuses connections: it has another --bind, or a firewall is between"},
		{failure{why: TimedOut, addr: "a:1"}.ofRunning(), "a:1 does not answer: timed out"},
		{failure{why: BadPeer, addr: "a:1"}.ofRunning(), "a:1 answers, but not as a ZeroMQ publisher: another program has that port, or it has no connection to spare"},
		{failure{addr: "a:1", is: "delta"}, "a:1 is delta"},
		{failure{addr: "a:1", is: "delta"}.ofRunning(), "a:1 is delta"},
		{failure{silent: true, addr: "[fd00::1]:20000"}, "[fd00::1]:20000 answers, but sends no lists: it hangs"},
		{failure{silent: true, addr: "[fd00::1]:30000"}, "[fd00::1]:30000 answers, but sends no lists: is that a discovery port?"},
	} {
		if got := c.of.String(); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
