package main

import (
	"strings"
	"testing"

	"hearsay/node"
)

// What is wrong is told where it can be mended: on the command line, in a variable, or in a file.
func TestErrorsNameTheirOrigin(t *testing.T) {
	for _, c := range []struct{ variable, value, file, args, want string }{
		{"", "", "", "tcp://host:20000", `SEED "tcp://host:20000": no scheme is wanted, nor a path: write host:20000`},
		{"", "", "", "http://host:8080/", `write host`},
		{"", "", "", "a,b", `SEED "a,b": must be one name: several are arguments of their own`},
		{"HEARSAY_SEEDS", "b,tcp://host", "", "", `HEARSAY_SEEDS "tcp://host": no scheme is wanted, nor a path: write host`},
		{"HEARSAY_SEEDS", "a b", "", "", `HEARSAY_SEEDS "a b": must be one name`},
		{"", "", `seeds: ["http://host"]`, "", `hearsay.yaml: seeds "http://host": no scheme is wanted`},
		{"", "", "", "--hostname tcp://host", `--hostname "tcp://host": no scheme is wanted, nor a path: write host`},
		{"HEARSAY_HOSTNAME", "http://host", "", "", `HEARSAY_HOSTNAME "http://host": no scheme`},
		{"HOSTNAME", "http://host", "", "", `HOSTNAME "http://host": no scheme`},
		{"", "", "hostname: http://host", "", `hearsay.yaml: hostname "http://host": no scheme`},
		{"HOSTNAME", "container", "hostname: http://host", "", `hearsay.yaml: hostname "http://host": no scheme`},
		{"HOSTNAME", "http://host", "hostname: a\nbeat: 1ms", "", `hearsay.yaml: beat 1ms: must be 100ms`},
		{"HEARSAY_BEAT", "1s", "beat: 2s", "--beat 1ms", `--beat 1ms: must be 100ms`},
		{"HEARSAY_BEAT", "1ms", "beat: 2s", "", `HEARSAY_BEAT 1ms: must be 100ms`},
		{"", "", "beat: 1ms", "", `hearsay.yaml: beat 1ms: must be 100ms`},
		{"HEARSAY_LOG_LEVEL", "loud", "", "", `HEARSAY_LOG_LEVEL "loud": must be debug`},
		{"", "", "outbox-bytes: 1", "", `hearsay.yaml: outbox-bytes 1: must be`},
		{"HEARSAY_TTL", "99", "", "", `HEARSAY_TTL 99: must be 0 to 32`},
		{"", "", "", "--ttl=99", `--ttl 99: must be 0 to 32`},
	} {
		t.Run(c.variable+c.file+c.args, func(t *testing.T) {
			if c.variable != "" {
				t.Setenv(c.variable, c.value)
			}
			args := []string{"node"}
			if c.variable != "HEARSAY_HOSTNAME" && c.variable != "HOSTNAME" && !strings.Contains(c.file+c.args, "hostname") {
				args = append(args, "--hostname", "a")
			}
			if c.file != "" {
				args = append(args, "--config", config(t, c.file+"\n"))
			}
			fails(t, exitUsage, c.want, append(args, strings.Fields(c.args)...)...)
		})
	}
}

// A file with keys that cannot be read is told with its flag, and is nothing that the command line got wrong.
func TestKeysThatCannotBeReadNameTheirFlag(t *testing.T) {
	dir := t.TempDir()
	must(t, "keygen", "--dir", dir, "--name", "a")
	nothing := dir + "/nothing"
	fails(t, exitFailed, "--mesh-key: keys: open "+nothing, "node", "--hostname", "a", "--mesh-key", nothing)
	fails(t, exitFailed, "--mesh-key: keys: open "+nothing, "ring", "--mesh-key", nothing)
	fails(t, exitFailed, "--key: keys: open "+nothing, "node", "--hostname", "a", "--key", nothing, "--authorized-keys", dir)
	fails(t, exitFailed, "--authorized-keys: keys: open "+nothing, "node", "--hostname", "a", "--key", dir+"/a.key_secret", "--authorized-keys", nothing)
	fails(t, exitFailed, ": mesh-key: keys: open "+nothing, "node", "--hostname", "a", "--config", config(t, "mesh-key: "+nothing+"\n"))
	t.Setenv("HEARSAY_MESH_KEY", nothing)
	fails(t, exitFailed, "HEARSAY_MESH_KEY: keys: open "+nothing, "node", "--hostname", "a")
}

// What the node says cannot be meant came from the command line, too.
func TestWhatTheNodeRefusesIsUsage(t *testing.T) {
	t.Parallel()
	addr := show(t, startNode(t, node.Config{}))
	for _, args := range [][]string{
		{"pub", "--channel", "a b", "x"}, {"req", "a b", "x"}, {"req", "--to", "tcp://a", "x"}, {"reply", "--exec", "date", "a b"},
		{"pub", "--type", "no type", "x"},
	} {
		if status, _, err := run(t, append(args[:1:1], append([]string{"--addr", addr}, args[1:]...)...)...); status != exitUsage {
			t.Errorf("%q: status %d, %v", args, status, err)
		}
	}
	fails(t, exitFailed, "b is no peer of", "forget", "--addr", addr, "b")
}

// Who forgets a name that is mistyped is told which is near.
func TestForgetOfNobody(t *testing.T) {
	t.Parallel()
	a, b, addr := pair(t)
	must(t, "wait", "--members", "2", "--addr", addr)
	name := string(b.Name()) + "x" // no address any more, and near both
	fails(t, exitFailed, name+" is no peer of "+string(a.Name())+", did you mean 127.", "forget", "--addr", addr, name)
	fails(t, exitFailed, "NOBODY is no peer of "+string(a.Name())+": 'hearsay members' has those that are", "forget", "--addr", addr, "NOBODY")
}
