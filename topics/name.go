package topics

import (
	"strconv"
	"strings"
)

// Name is a valid node name as its owner spells it: a hostname or an IP literal, with a port where several
// nodes share an address. Two Names lead to one node when their Keys are equal.
//
// Make one with ParseName. The methods do not panic on other strings, but what they return then means nothing.
type Name string

// ParseName checks a name against the grammar in the package documentation. The error wraps the Rule that
// was broken and shows the input, quoted and cut.
func ParseName(s string) (Name, error) {
	if rule := checkName(s); rule != RuleNone {
		return "", broken("name", s, rule)
	}
	return Name(s), nil
}

// ParseNameBytes is ParseName for names from the wire. It does not allocate on failure: the error is the Rule
// itself.
func ParseNameBytes(b []byte) (Name, error) {
	if rule := checkName(b); rule != RuleNone {
		return "", rule
	}
	return Name(b), nil
}

// Key is the form of a name by which names are compared: lower case, IPv6 as RFC 5952 writes it, and no port
// where it is the default one. It is a valid Name itself, and its own Key.
func (n Name) Key() Name {
	host, port := n.split()
	if port == defaultPort {
		port = ""
	}
	if n.bracketed() {
		return n.keyIPv6(host, port)
	}
	if len(host) < len(n) && port == "" {
		return Name(strings.ToLower(host))
	}
	return Name(strings.ToLower(string(n)))
}

// defaultPort is DiscoveryPort as a name spells it.
const defaultPort = "20000"

func (n Name) keyIPv6(host, port string) Name {
	ip, ok := parseIPv6(host)
	if !ok {
		return n
	}
	var buf [maxText]byte
	b := append(buf[:0], '[')
	b = appendIPv6(b, ip)
	b = append(b, ']')
	if port != "" {
		b = append(append(b, ':'), port...)
	}
	if string(b) == string(n) {
		return n
	}
	return Name(b)
}

// Host is the name without its port, and without the brackets of an IPv6 address: what a resolver takes.
func (n Name) Host() string {
	host, _ := n.split()
	return host
}

// Port is the discovery port: the one in the name, or DiscoveryPort.
func (n Name) Port() int {
	_, port := n.split()
	if port == "" {
		return DiscoveryPort
	}
	p, _ := strconv.Atoi(port)
	return p
}

// HasPort reports whether the name is written with a port, be it the default one. Such a name must not be
// published where a naive node can read it: it would append a second port.
func (n Name) HasPort() bool {
	_, port := n.split()
	return port != ""
}

// IsIP reports whether the name is an IPv4 or IPv6 literal, which needs no resolver.
func (n Name) IsIP() bool {
	if n.bracketed() {
		return true
	}
	_, ok := parseIPv4(n.Host())
	return ok
}

// IsLocalhost reports whether the name leads each machine to itself: it is localhost, or ends in it (RFC 6761).
func (n Name) IsLocalhost() bool {
	host := strings.ToLower(n.Host())
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || host == "localhost.localdomain"
}

// DiscoveryAddr is where the node's discovery publisher listens, as net.Dial takes it.
func (n Name) DiscoveryAddr() string { return n.addr(n.Port()) }

// MessageAddr is where the node's message publisher listens, as net.Dial takes it.
func (n Name) MessageAddr() string { return n.addr(n.Port() + PortStep) }

func (n Name) addr(port int) string {
	host, _ := n.split()
	if n.bracketed() {
		return "[" + host + "]:" + strconv.Itoa(port)
	}
	return host + ":" + strconv.Itoa(port)
}

func (n Name) bracketed() bool { return len(n) > 0 && n[0] == '[' }

// split cuts a name that was checked. port is empty where there is none.
func (n Name) split() (host, port string) {
	s := string(n)
	if n.bracketed() {
		host, port, _ = strings.Cut(s[1:], "]")
		return host, strings.TrimPrefix(port, ":")
	}
	host, port, _ = strings.Cut(s, ":")
	return host, port
}
