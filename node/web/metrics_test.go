package web

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"hearsay/mesh"
	"hearsay/node"
	"hearsay/topics"
)

func TestMetricsAreWhatPrometheusReads(t *testing.T) {
	t.Parallel()
	_, b, _, base := pair(t, Options{Version: "v1"})
	ask(t, "GET", base+"/v1/members", nil)
	ask(t, "GET", base+"/made/up", nil)
	answer, body := ask(t, "GET", base+"/metrics", nil)
	if answer.StatusCode != 200 || !strings.HasPrefix(answer.Header.Get("Content-Type"), "text/plain; version=0.0.4") {
		t.Fatalf("%s, %s", answer.Status, answer.Header.Get("Content-Type"))
	}
	problems, err := promlint.New(bytes.NewReader(body)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	for _, want := range []string{
		fmt.Sprintf(`hearsay_peer_up{peer=%q} 1`, b.Name()),
		`hearsay_peers{state="alive"} 1`, `hearsay_peers{state="quarantined"} 0`, `version="v1"`, `hearsay_ready 1`,
		`hearsay_transitions_total{from="candidate",to="alive",trigger="proven"} 1`, `hearsay_violations_total{kind="flood"} 0`,
		`hearsay_http_requests_total{code="200",route="/v1/members"} 1`, `hearsay_http_requests_total{code="404",route="/"} 1`,
		"go_goroutines ", "process_resident_memory_bytes ",
	} {
		if !strings.Contains(string(body), want) {
			t.Errorf("there is no %s", want)
		}
	}
}

func TestEveryCounterIsAMetric(t *testing.T) {
	t.Parallel()
	stats := startNode(t, node.Config{}).Stats()
	for key := range stats {
		kind := strings.TrimPrefix(key, "link_")
		if counted[key] == nil && !strings.Contains(" violations "+strings.Join(violations, " ")+" ", " "+kind+" ") {
			t.Errorf("%s is counted and not shown", key)
		}
	}
	for key := range counted {
		if _, ok := stats[key]; !ok {
			t.Errorf("%s is shown and not counted", key)
		}
	}
}

func TestNamesThatAnybodyCanMakeUpAreNoLabels(t *testing.T) {
	t.Parallel()
	v := &view{Status: node.Status{Received: map[topics.Name]uint64{}}}
	for i := range 3000 {
		v.Members = append(v.Members, mesh.Member{Name: topics.Name(fmt.Sprint("n", i)), State: mesh.State(1 + i%int(mesh.Left))})
	}
	out := make(chan prometheus.Metric, 20_000)
	v.collectPeers(out)
	close(out)
	peers := 0
	for m := range out {
		text := m.Desc().String()
		if strings.Contains(text, "hearsay_peer_up") {
			peers++
		}
	}
	if peers != maxLabelled {
		t.Errorf("%d peers have metrics, want %d", peers, maxLabelled)
	}
	v.Members = []mesh.Member{{Name: "a", State: mesh.Candidate}, {Name: "b", State: mesh.Left}}
	out = make(chan prometheus.Metric, 10)
	v.collectPeers(out)
	if len(out) > 0 {
		t.Errorf("%d metrics of a candidate and one that left", len(out))
	}
}
