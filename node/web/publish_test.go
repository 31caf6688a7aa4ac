package web

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"hearsay/node"
)

// posted publishes a body, and returns the answer.
func posted(t *testing.T, base, query, body string) (got Published) {
	t.Helper()
	answer, text := ask(t, http.MethodPost, base+"/v1/messages"+query, []byte(body))
	if err := json.Unmarshal(text, &got); err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %s", query, answer.Status, text)
	}
	return got
}

// heardBodies are the bodies of so many messages.
func heardBodies(t *testing.T, n *node.Node, count int) string {
	t.Helper()
	var all []string
	for len(all) < count {
		some := make([]node.Message, count)
		k, err := n.Receive(t.Context(), some)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range some[:k] {
			all = append(all, string(m.Body))
		}
	}
	return strings.Join(all, "|")
}

// Over HTTP a client publishes lines, what is written as base64, and when there is somebody to hear it, as in the shell.
func TestPublishAsInTheShell(t *testing.T) {
	t.Parallel()
	n := startNode(t, node.Config{MaxMessage: 12})
	_, base := startServer(t, n, Options{})
	for _, c := range []struct {
		query, body, want string
		messages, bytes   int
	}{
		{"", "as it\nis\n", "as it\nis\n", 1, 9},
		{"?body_format=raw&lines=false", "x\ny", "x\ny", 1, 3},
		{"?lines=true", "one\r\n\ntwo\n3", "one|two|3", 3, 7},
		{"?body_format=base64", "AP8KGw==\n", "\x00\xff\n\x1b", 1, 4},
		{"?body_format=base64", "MTIzNDU2Nzg5MDEy", "123456789012", 1, 12}, // the largest: longer as it is written
		{"?body_format=base64&lines=true", "AP8K\n\nGw==\n", "\x00\xff\n|\x1b", 2, 4},
	} {
		got := posted(t, base, c.query, c.body)
		if got.Messages != c.messages || got.Bytes != c.bytes {
			t.Errorf("%s: %+v; want %d messages of %d bytes", c.query, got, c.messages, c.bytes)
		}
		if heard := heardBodies(t, n, c.messages); heard != c.want {
			t.Errorf("%s: %q; want %q", c.query, heard, c.want)
		}
	}
	if got := posted(t, base, "?lines=true", "\n\n"); got.Messages != 0 || got.Bytes != 0 {
		t.Errorf("of empty lines: %+v", got)
	}
	for _, c := range []struct {
		query, body, reason string
		status              int
	}{
		{"?body_format=hex", "", "bad_request", 400},
		{"?lines=many", "", "bad_request", 400},
		{"?wait=-1", "", "bad_request", 400},
		{"?wait=1&timeout=5", "", "bad_request", 400},
		{"?body_format=base64", "no base64", "bad_request", 400},
		{"?body_format=base64&lines=true", "AAAA\nno base64", "bad_request", 400}, // nothing is published
		{"?body_format=base64", "MTIzNDU2Nzg5MDEyMw==", "too_large", 413},
		{"?wait=1&timeout=50ms", "alone", "too_few_peers", 503},
	} {
		answer, body := ask(t, http.MethodPost, base+"/v1/messages"+c.query, []byte(c.body))
		refused(t, c.query, answer, body, c.status, c.reason)
	}
	posted(t, base, "", "last")
	if heard := heardBodies(t, n, 1); heard != "last" {
		t.Errorf("what was refused was published: %q", heard)
	}
}

// What waits for members is published when messages reach them.
func TestPublishWaitsForMembers(t *testing.T) {
	t.Parallel()
	_, b, _, base := pair(t, Options{})
	posted(t, base, "?wait=1&timeout=1m", "to somebody")
	if heard := heardBodies(t, b, 1); heard != "to somebody" {
		t.Errorf("heard %q", heard)
	}
}
