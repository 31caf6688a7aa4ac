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
	if addr, err := netip.ParseAddr(s); err == nil && addr.Is6() {
		return "", fmt.Errorf("an IPv6 address is written in brackets: [%s]", s)
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
