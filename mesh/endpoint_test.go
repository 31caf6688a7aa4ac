package mesh

import "testing"

func TestEndpoint(t *testing.T) {
	for _, e := range []struct {
		endpoint, host string
		port           int
	}{{"10.0.0.1:20000", "10.0.0.1", 20000}, {"[::1]:20100", "::1", 20100}} {
		host, port, ok := splitEndpoint(e.endpoint)
		if host != e.host || port != e.port || !ok || joinEndpoint(host, port) != e.endpoint {
			t.Errorf("%s: %q, %d, %v", e.endpoint, host, port, ok)
		}
	}
	for _, bad := range []string{"", "10.0.0.1", "host:", "host:x"} {
		if host, _, ok := splitEndpoint(bad); ok || host != bad {
			t.Errorf("%q was taken for an endpoint of %q", bad, host)
		}
	}
}
