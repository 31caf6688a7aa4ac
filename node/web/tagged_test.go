package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"hearsay/node"
	"hearsay/node/nodetest"
	"hearsay/topics"
)

// fetch returns the status and the text of an answer.
func fetch(t *testing.T, url string) (int, string) {
	t.Helper()
	answer, body := ask(t, http.MethodGet, url, nil)
	return answer.StatusCode, string(body)
}

// Tags that were chosen are labels, of the node itself too; values are bounded however often peers change them.
func TestTagsAsLabels(t *testing.T) {
	t.Parallel()
	b := startNode(t, node.Config{Tags: map[string]string{"role": "db", "az": "2"}})
	a := startNode(t, node.Config{Seeds: []string{string(b.Name())}, Tags: map[string]string{"role": "web"}})
	hears(t, a, b)
	_, base := startServer(t, a, Options{MetricTags: []string{"role", "no.such-key"}})
	for _, want := range []string{
		fmt.Sprintf(`hearsay_tags{peer="%s",tag_no_such_key="",tag_role="web"} 1`, a.Name()),
		fmt.Sprintf(`hearsay_tags{peer="%s",tag_no_such_key="",tag_role="db"} 1`, b.Name()),
	} {
		nodetest.Eventually(t, func() error {
			if _, text := fetch(t, base+"/metrics"); !strings.Contains(text, want+"\n") {
				return fmt.Errorf("no %s", want)
			}
			return nil
		})
	}
	_, plain := startServer(t, a, Options{})
	if _, text := fetch(t, plain+"/metrics"); strings.Contains(text, "hearsay_tags") {
		t.Error("nobody chose a tag")
	}
	bounded, others := newTagged([]string{"role"}), 0
	for i := range 2 * maxTagValues {
		if bounded.labels("p", topics.Tags(fmt.Sprintf("role=%d", i)))[1] == otherValue {
			others++
		}
	}
	if others != maxTagValues || bounded.labels("p", "role=0")[1] != "0" || bounded.labels("p", "")[1] != "" {
		t.Errorf("%d of %d are others", others, 2*maxTagValues)
	}
}

func TestCheckMetricTags(t *testing.T) {
	t.Parallel()
	for keys, want := range map[string]string{
		"role,az": "", "role=web": "must be the key", "Role": "a key is 1 to 32 bytes", "a.b,a-b": "would both be the label tag_a_b", "role,role": "would both be",
		"a,b,c,d,e,f,g,h,i": "9 tags: must be at most 8",
	} {
		if err := CheckMetricTags(strings.Split(keys, ",")); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", keys, err)
		}
	}
}

// Members are asked for by tag and state.
func TestMembersAreFiltered(t *testing.T) {
	t.Parallel()
	b := startNode(t, node.Config{Tags: map[string]string{"role": "db", "az": "2"}})
	a := startNode(t, node.Config{Seeds: []string{string(b.Name())}})
	hears(t, a, b)
	_, base := startServer(t, a, Options{})
	for query, want := range map[string]int{
		"?tag=role%3Ddb": 1, "?tag=role": 1, "?tag=role&tag=az%3D2": 1, "?tag=role%3Dweb": 0, "?tag=role&tag=az%3D1": 0, "?state=alive": 1, "?state=left": 0,
		"?state=left&state=alive&tag=az": 1, "?tag=role%3D": 0,
	} {
		var all Members
		status, text := fetch(t, base+"/v1/members"+query)
		if err := json.Unmarshal([]byte(text), &all); err != nil || status != http.StatusOK || len(all.Members) != want || all.Self.Name != a.Name() {
			t.Errorf("%s: %d, %v, %s", query, status, err, text)
		}
	}
	for _, query := range []string{"?tag=", "?tag=Role", "?tag=a,b", "?state=fine"} {
		if status, text := fetch(t, base+"/v1/members"+query); status != http.StatusBadRequest || !strings.Contains(text, "bad_request") {
			t.Errorf("%s: %d, %s", query, status, text)
		}
	}
}
