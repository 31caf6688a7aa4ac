package node

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"hearsay/topics"
)

// ParseName is topics.ParseName for what a person wrote. An error says what to write, and leaves it to the caller to say
// what was written: a URL, and an IPv6 address without brackets, are told for what they are.
func ParseName(s string) (topics.Name, error) {
	if err := bareIPv6(s); err != nil {
		return "", err
	}
	if scheme, rest, found := strings.Cut(s, "://"); found {
		return "", fmt.Errorf("no scheme is wanted, nor a path: write %s", withoutScheme(scheme, rest))
	}
	name, err := topics.ParseName(s)
	if err != nil {
		return "", ruleOf(err)
	}
	return name, nil
}

// bareIPv6 is what is wrong with what is meant as an IPv6 address, and has not both of its brackets, or a port right behind
// them; nil: it is none. Only an address that may be written is shown as one.
func bareIPv6(s string) error {
	if _, err := topics.ParseName(s); err == nil || strings.Count(s, ":") < 2 {
		return nil
	}
	host, port, cut := strings.Cut(s, "]")
	host = strings.TrimPrefix(host, "[")
	addr, err := netip.ParseAddr(host)
	if colon := strings.LastIndexByte(host, ':'); colon >= 0 && !cut && (err != nil || strings.Contains(addr.Zone(), ":")) {
		host, port = host[:colon], host[colon+1:]
		addr, _ = netip.ParseAddr(host)
	}
	if !addr.Is6() { // nor is what could not be read
		return nil
	}
	want := "[" + addr.WithZone("").String() + "]"
	if port = strings.TrimPrefix(port, ":"); port != "" {
		want += ":" + port
	}
	switch _, err := topics.ParseName(want); {
	case err != nil:
		return ruleOf(err)
	case addr.Zone() != "":
		return topics.RuleZone
	}
	if cut && s[0] == '[' {
		return fmt.Errorf("a port stands behind a colon: %s", want)
	}
	return fmt.Errorf("an IPv6 address is written in brackets: %s", want)
}

// ruleOf is the rule that an error of package topics wraps: what broke it is said by whom the error goes to.
func ruleOf(err error) error {
	var rule topics.Rule
	if errors.As(err, &rule) {
		return rule
	}
	return err
}

// withoutScheme is what a URL may have been meant to say. The port of one of HTTP is no port for lists.
func withoutScheme(scheme, rest string) string {
	host, _, _ := strings.Cut(rest, "/")
	if name, err := topics.ParseName(host); err == nil && name.HasPort() && strings.HasPrefix(strings.ToLower(scheme), "http") {
		host = strings.TrimSuffix(host, fmt.Sprintf(":%d", name.Port()))
	}
	if _, err := topics.ParseName(host); err != nil {
		return "HOST or HOST:PORT"
	}
	return host
}
