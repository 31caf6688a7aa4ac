package main

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hearsay/node/nodetest"
)

// talking runs two nodes that are shown both.
func talking(t *testing.T) (one, two string) {
	t.Helper()
	a, b, addr := pair(t)
	other := show(t, b)
	must(t, "wait", "--members", "2", "--addr", addr)
	must(t, "wait", "--members", "2", "--addr", other)
	return string(a.Name()), string(b.Name())
}

// answered asks until somebody answers, as who has just begun to is not known yet.
func answered(t *testing.T, want string, args ...string) {
	t.Helper()
	nodetest.Eventually(t, func() error {
		p := begin(t, strings.NewReader(""), args...)
		if status := p.end(t); status != 0 || p.out.String() != want {
			return fmt.Errorf("hearsay %s: status %d, %v\n%q, want %q", strings.Join(args, " "), status, p.err, p.out.String(), want)
		}
		return nil
	})
}

// A command answers requests: of all, of the first, of one alone; bodies are any bytes in both directions.
func TestReqAndReply(t *testing.T) {
	t.Parallel()
	one, two := talking(t)
	fails(t, exitFailed, "nobody answers", "req", "--addr", one, "time")
	begin(t, nil, "reply", "--addr", two, "--exec", `echo "$HEARSAY_PEER $HEARSAY_CHANNEL $HEARSAY_EVENT: $(cat)"`, "time")
	answered(t, two+" "+one+" time request: what is it\n", "req", "--addr", one, "time", "what", "is", "it")
	second := begin(t, nil, "reply", "--addr", one, "--exec", `printf "here"`, "time")
	nodetest.Eventually(t, func() error {
		out := must(t, "req", "--addr", one, "time", "x")
		if !strings.Contains(out, one+" here\n") || !strings.Contains(out, two+" ") {
			return fmt.Errorf("%q", out)
		}
		return nil
	})
	if out := must(t, "req", "--addr", one, "--first", "time", "x"); strings.Count(out, "\n") != 1 {
		t.Errorf("the first is %q", out)
	}
	fails(t, exitFailed, "too few answer", "req", "--addr", one, "--quorum", "3", "time", "x")
	if out := must(t, "req", "--addr", one, "--quorum", "2", "--json", "time", "x"); !strings.Contains(out, `"complete":true`) {
		t.Error(out)
	}
	second.stop()
	second.end(t)

	begin(t, nil, "reply", "--addr", two, "--exec", "cat")
	binary := filepath.Join(t.TempDir(), "binary")
	if err := os.WriteFile(binary, []byte("\x00\xff\n\x1b"), 0o600); err != nil {
		t.Fatal(err)
	}
	answered(t, base64.StdEncoding.EncodeToString([]byte("\x00\xff\n\x1b"))+"\n", "req", "--addr", one, "--to", two, "--file", binary, "--body-format", "base64")
	answered(t, "4\n\x00\xff\n\x1b\n", "req", "--addr", one, "--to", two, "--file", binary, "--body-format", "raw")
	fails(t, exitFailed, "nobody answers at "+two+` on "no"`, "req", "--addr", one, "--to", two, "--channel", "no", "x")
	fails(t, exitFailed, "is no member", "req", "--addr", one, "--to", "node_9", "x")
}

// A command that fails is a reply that names that; who does not reply in time is named.
func TestReqThatFails(t *testing.T) {
	t.Parallel()
	one, two := talking(t)
	p := begin(t, nil, "reply", "--addr", two, "--exec", "echo why >&2; exit 3", "bad")
	says := func(words string) {
		t.Helper()
		nodetest.Eventually(t, func() error {
			q := begin(t, strings.NewReader("x"), "req", "--addr", one, "bad")
			if status := q.end(t); status != exitFailed || !strings.Contains(q.log.String(), words) {
				return fmt.Errorf("status %d, %v: %s", status, q.err, &q.log)
			}
			return nil
		})
	}
	says(two + ": exit status 3\nwhy")
	p.log.shows(t, "command failed: exit status 3: why")
	begin(t, nil, "reply", "--addr", two, "--exec", "sleep 600", "--timeout", "100ms", "slow")
	nodetest.Eventually(t, func() error {
		q := begin(t, strings.NewReader("x"), "req", "--addr", one, "slow")
		if q.end(t); !strings.Contains(q.log.String(), "killed after 100ms") {
			return fmt.Errorf("%v: %s", q.err, &q.log)
		}
		return nil
	})
	mute := begin(t, nil, "reply", "--addr", two, "--exec", "sleep 600", "mute")
	nodetest.Eventually(t, func() error {
		status, _, err := run(t, "req", "--addr", one, "--timeout", "300ms", "mute")
		if status != exitTimeout || !strings.Contains(err.Error(), "silent: "+two) {
			return fmt.Errorf("status %d, %v", status, err)
		}
		return nil
	})
	mute.stop()
	mute.end(t) // and kills the command
}

func TestReqThatIsWrong(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"req": "takes a CHANNEL", "req --first --all x": "one of them", "req --quorum 0 x": "must be 1", "req --timeout 1h x": "must be 1ms to",
		"req --channel c x": "is for --to", "req --format {uuid} x": "there is no", "reply": "takes --exec", "reply --exec true a b": "one CHANNEL",
		"reply --exec true --at-once 0": "must be 1 to", "reply --exec true --timeout 0s": "must be more",
	} {
		fails(t, exitUsage, want, strings.Fields(args)...)
	}
}

// What is too large for the node is refused before it is sent, and the reason told.
func TestWhatIsTooLarge(t *testing.T) {
	t.Parallel()
	_, _, addr := pair(t)
	large := strings.Repeat("x", 4<<20)
	for _, args := range [][]string{{"pub"}, {"req", "time"}} {
		args = append([]string{args[0], "--addr", addr}, args[1:]...)
		p := begin(t, strings.NewReader(large), args...)
		if status := p.end(t); status != exitFailed || !strings.Contains(fmt.Sprint(p.err), "takes at most 1048576 bytes, and this one has 4194304") {
			t.Errorf("%s: status %d, %v", args[0], status, p.err)
		}
	}
}
