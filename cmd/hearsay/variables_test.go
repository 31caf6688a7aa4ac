package main

import (
	"slices"
	"strings"
	"testing"

	"hearsay/node/nodetest"
)

// A variable that is mistyped is told of, and one of somebody else is not.
func TestMistypedVariables(t *testing.T) {
	read := []string{"HEARSAY_SEEDS", "HEARSAY_MULTICAST", "HEARSAY_TAG", "HEARSAY_KEY", "HEARSAY_HTTP", "HEARSAY_PPROF", "HEARSAY_NODES", "HEARSAY_BEAT"}
	for name, want := range map[string]string{
		"HEARSAY_SEED": "HEARSAY_SEEDS", "HEARSAY_MULTICATS": "HEARSAY_MULTICAST", "HEARSAY_BEATS": "HEARSAY_BEAT", "HEARSAY_TAGS": "HEARSAY_TAG",
		"HEARSAY_SEEDS": "", "HEARSAY_": "", "SEED": "", "HEARSAY_PORT": "", "HEARSAY_SERVICE_HOST": "", "HEARSAY_SERVICE_PORT": "",
		"HEARSAY_PORT_20000_TCP": "", "HEARSAY_NODE": "", "HEARSAY_LOG": "", "HEARSAY_VERSION": "", "HEARSAY_IMAGE": "", "HEARSAY_HOST": "",
		"HEARSAY_KEY_FILE": "HEARSAY_KEY", "HEARSAY_NODES_FILE": "HEARSAY_NODES", "HEARSAY_OTHER_FILE": "",
	} {
		if got := mistyped(name, read); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// The node says so when it starts, and takes seeds with blanks beside the commas.
func TestVariablesOfANode(t *testing.T) {
	t.Setenv("HEARSAY_MULTICATS", "1")
	t.Setenv("HEARSAY_SEED", "node_9") // a variable of no other command
	t.Setenv("HEARSAY_PORT", "tcp://10.0.0.1:20000")
	addrs := nodetest.Addresses(t, 2)
	t.Setenv("HEARSAY_SEEDS", addrs[1]+", node_2 ,")
	p := begin(t, nil, "node", "--hostname", addrs[0], "--bind", addrs[0])
	p.log.shows(t, "did you mean HEARSAY_MULTICAST?")
	p.log.shows(t, "seeds=\"["+addrs[1]+" node_2]\"")
	if log := p.log.String(); strings.Count(log, "variable not read") != 2 || !strings.Contains(log, `variable=HEARSAY_SEED hint="did you mean HEARSAY_SEEDS?"`) {
		t.Errorf("logged:\n%s", log)
	}
	if got := seedsOf(""); !slices.Equal(got, nil) {
		t.Errorf("no seeds: %q", got)
	}
}
