package main

import (
	"io"
	"strconv"
	"testing"
	"time"

	"hearsay/node"
	"hearsay/node/nodetest"
)

// Standard input that gives nothing, or half a line, does not hold pub when it is interrupted.
func TestPubIsInterrupted(t *testing.T) {
	t.Parallel()
	n := startNode(t, node.Config{})
	addr := show(t, n)
	for _, lines := range []bool{false, true} {
		in, out := io.Pipe()
		p := begin(t, in, "pub", "--addr", addr, "--lines="+strconv.FormatBool(lines))
		if _, err := io.WriteString(out, "half"); err != nil { // it is read by now
			t.Fatal(err)
		}
		p.stop()
		select {
		case <-p.ended:
		case <-time.After(nodetest.Patience):
			t.Errorf("--lines=%t: does not end", lines)
		}
		out.Close()
		if status := p.end(t); status != 0 || p.out.String() != "" {
			t.Errorf("--lines=%t: status %d, %v, %s", lines, status, p.err, &p.out)
		}
	}
}

// pub says which members its message was not handed to.
func TestPubSaysToWhomItWasNotHanded(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]string{
		`{"published_bytes":1}`: "",
		`{"published_bytes":1,"not_handed_to":0,"not_handed_to_names":[]}`:                                  "",
		`{"published_bytes":1,"not_handed_to":1,"not_handed_to_names":["node_1"]}`:                          "; not handed directly to 1 member: node_1 (are this node's ports open for them?)",
		`{"published_bytes":1,"not_handed_to":12,"not_handed_to_names":["node_1","node\u001b_2"]}`:          "; not handed directly to 12 members: node_1, node\\x1b_2, and 10 more (are this node's ports open for them?)",
		`{"published_bytes":1,"not_handed_to":1,"not_handed_to_names":["a"],"conflict":"another\u001b is"}`: `; no member takes it for this node's: another\x1b is`,
		"no JSON": "",
		`{"published_bytes":1,"handed_to":2,"not_handed_to":0}`:                                "",
		`{"published_bytes":1,"handed_to":0,"not_handed_to":0}`:                                "; no member is reached: the node hears nobody",
		`{"published_bytes":1,"members":1,"handed_to":0,"not_handed_to":0}`:                    "; no member is reached yet: messages begin to flow to 1 member (--wait 1 waits for that)",
		`{"published_bytes":1,"handed_to":0,"not_handed_to":1,"not_handed_to_names":["dead"]}`: "; no member is reached: not handed to 1 member: dead ('hearsay members' says why)",
	} {
		if got := notHanded([]byte(answer)); got != want {
			t.Errorf("%s: %q, want %q", answer, got, want)
		}
	}
}
