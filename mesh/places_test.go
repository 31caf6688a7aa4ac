package mesh

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"hearsay/topics"
)

// Who looks for services is told of all that were heard and did not leave, with their tags, and which of them are alive: one
// that is silent is not, though it is still a member.
func TestPlaces(t *testing.T) {
	t.Parallel()
	r := newRig(t, Config{Seeds: []topics.Name{"nobody"}})
	a, b, c := r.puppet("a"), r.puppet("b"), r.puppet("c")
	a.header.Tags = "role=web"
	r.hear(a, b, c)
	c.header.Leaving = true
	b.mute = true
	nobody := r.puppet("nobody")
	nobody.fail = Refused
	r.pass(4 * time.Second)
	r.want("b", Suspect)
	r.want("c", Left)
	r.want("nobody", Candidate)
	b.hang = true
	for r.m.peers["b"].reach.link != nil {
		r.step(LinkDown{r.m.peers["b"].reach.link.id, "broken"})
	}
	for tries := 0; len(r.m.peers["b"].reach.flying(DiscoveryPort)) == 0 && tries < 20; tries++ {
		r.pass(time.Second)
	}
	r.up(r.underWay("b"), "10.0.0.77:20000") // says nothing yet: it may be somebody else
	var got []string
	for _, p := range r.m.Places() {
		got = append(got, fmt.Sprintf("%s at %s says %q, alive %v", p.Name, p.Addr, p.Tags, p.Alive))
	}
	want := `a at 10.0.0.1:20000 says "role=web", alive true; b at 10.0.0.2:20000 says "", alive false`
	if text := strings.Join(got, "; "); text != want {
		t.Errorf("%s\nwant %s", text, want)
	}
}
