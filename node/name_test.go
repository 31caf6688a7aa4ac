package node

import (
	"strings"
	"testing"
)

func TestNamesThatPeopleWrite(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"tcp://host:20000":        "no scheme is wanted, nor a path: write host:20000",
		"tcp://10.0.0.1:20000":    "write 10.0.0.1:20000",
		"tcp://[fd00::1]:20000/":  "write [fd00::1]:20000",
		"http://host":             "write host$",
		"HTTPS://host:8080/v1/":   "write host$",
		"http://[fd00::1]:8080/a": "write [fd00::1]$",
		"zmq://":                  "write HOST or HOST:PORT",
		"tcp://*:20000":           "write HOST or HOST:PORT",
		"tcp://host:99999":        "write HOST or HOST:PORT",
		"://host":                 "write host$",
		"fd00::1":                 "in brackets: [fd00::1]$",
		"fd00::1:20000":           "in brackets: [fd00::1]:20000$",
		"fd00::1]:20000":          "in brackets: [fd00::1]:20000$",
		"[fd00::1":                "in brackets: [fd00::1]$",
		"[fd00::1:20001":          "in brackets: [fd00::1]:20001$",
		"[fd00::1]20000":          "a port stands behind a colon: [fd00::1]:20000$",
		"fd00::1:99999":           "a port is 1 to 55535",
		"[fd00::1]:99999":         "a port is 1 to 55535",
		"fe80::1":                 "IPv6 link-local address names no node",
		"fd00::1%eth0":            "has no zone",
		"fe80::1%eth0:20000":      "IPv6 link-local address names no node",
		"a:b:c":                   "a port is 1 to 55535",
		"host:99999":              "a port is 1 to 55535",
		"host:":                   "a port is 1 to 55535",
		"a b":                     "a host has only letters",
		"":                        "not empty",
	} {
		name, err := ParseName(text)
		if err == nil || !strings.Contains(err.Error()+"$", want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
		if name != "" || err != nil && text != "" && strings.Contains(err.Error(), `"`) {
			t.Errorf("%q: %q, %v", text, name, err)
		}
	}
	for _, text := range []string{"node_1", "node_1:20001", "[fd00::1]:9", "127.0.0.1"} {
		if name, err := ParseName(text); err != nil || string(name) != text {
			t.Errorf("%q: %q, %v", text, name, err)
		}
	}
}
