package topics

import (
	"errors"
	"net"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

type nameVectors struct {
	Valid []struct {
		input
		Key       Name   `json:"key"`
		Host      string `json:"host"`
		Port      int    `json:"port"`
		HasPort   bool   `json:"has_port"`
		IP        bool   `json:"ip"`
		Discovery string `json:"discovery"`
		Message   string `json:"message"`
	} `json:"valid"`
	Invalid []refused `json:"invalid"`
}

func TestNameVectors(t *testing.T) {
	v := vectors[nameVectors](t, "names.json")
	for _, want := range v.Valid {
		in := want.bytes(t)
		n, err := ParseName(string(in))
		if err != nil {
			t.Error(err)
			continue
		}
		if string(n) != string(in) || n.Key() != want.Key || n.Host() != want.Host || n.Port() != want.Port ||
			n.HasPort() != want.HasPort || n.IsIP() != want.IP ||
			n.DiscoveryAddr() != want.Discovery || n.MessageAddr() != want.Message {
			t.Errorf("%q: key %q, host %q, port %d %v, ip %v, addresses %q %q", n, n.Key(), n.Host(), n.Port(),
				n.HasPort(), n.IsIP(), n.DiscoveryAddr(), n.MessageAddr())
		}
		checkAccepted(t, n)
	}
	for _, r := range v.Invalid {
		in := r.bytes(t)
		_, err := ParseName(string(in))
		wantRule(t, in, err, r.Rule)
		_, err = ParseNameBytes(in)
		wantRule(t, in, err, r.Rule)
	}
}

// nameForm is the grammar once more, in another way: what it does not match must never be accepted.
var nameForm = regexp.MustCompile(`^(?:[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?)*|\[[0-9A-Fa-f:.]{2,45}\])(?::[1-9][0-9]{0,4})?$`)

// checkAccepted holds for every name that ParseName lets through.
func checkAccepted(t testing.TB, n Name) {
	t.Helper()
	if !nameForm.MatchString(string(n)) || strings.ContainsAny(string(n), ", \x00\t\r\n") {
		t.Fatalf("%q was accepted", n)
	}
	key := n.Key()
	if _, err := ParseName(string(key)); err != nil {
		t.Fatalf("key of %q: %v", n, err)
	}
	if key.Key() != key {
		t.Fatalf("key of %q is %q, whose key is %q", n, key, key.Key())
	}
	if key.Port() != n.Port() || key.IsIP() != n.IsIP() || !strings.EqualFold(key.Host(), n.Host()) && n.Host()[0] != '[' && !n.IsIP() {
		t.Fatalf("%q and its key %q lead elsewhere", n, key)
	}
	for addr, port := range map[string]int{n.DiscoveryAddr(): n.Port(), n.MessageAddr(): n.Port() + PortStep} {
		h, p, err := net.SplitHostPort(addr)
		if err != nil || h != n.Host() || p != strconv.Itoa(port) || port < 1 || port > 65535 {
			t.Fatalf("%q: address %q: %v", n, addr, err)
		}
	}
	checkAddress(t, n)
}

// checkAddress compares with net/netip: an IP literal is one that it reads alike, and a hostname is none.
func checkAddress(t testing.TB, n Name) {
	t.Helper()
	addr, err := netip.ParseAddr(n.Host())
	if n.IsIP() != (err == nil) {
		t.Fatalf("%q: IsIP %v, netip: %v", n, n.IsIP(), err)
	}
	if err != nil {
		return
	}
	if n.Key().Host() != addr.String() {
		t.Fatalf("%q: key %q, netip prints %q", n, n.Key(), addr)
	}
	if addr.IsUnspecified() || addr.IsMulticast() || addr.Is4In6() || addr.Zone() != "" || addr.Is6() && addr.IsLinkLocalUnicast() {
		t.Fatalf("%q names no node", n)
	}
}

// Every pattern of zero groups, each group one digit or four.
func TestIPv6IsWrittenAsNetipWritesIt(t *testing.T) {
	t.Parallel()
	for zeros := range 1 << 8 {
		for _, group := range [][2]byte{{0, 1}, {0xAB, 0xCD}, {0x0F, 0}} {
			var ip [16]byte
			for i := range 8 {
				if zeros>>i&1 == 0 {
					copy(ip[2*i:], group[:])
				}
			}
			addr := netip.AddrFrom16(ip)
			if got := string(appendIPv6(nil, ip)); !addr.Is4In6() && got != addr.String() {
				t.Errorf("%s, netip prints %s", got, addr)
			}
		}
	}
}

func TestLocalhost(t *testing.T) {
	for name, want := range map[Name]bool{
		"localhost": true, "LocalHost:20001": true, "a.localhost": true, "localhost.localdomain": true,
		"mylocalhost": false, "localhost.example": false, "127.0.0.1": false, "[::1]": false,
	} {
		if got := name.IsLocalhost(); got != want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func TestErrorsShowTheInputQuotedAndCut(t *testing.T) {
	_, err := ParseName("a b\n" + strings.Repeat("x", 100))
	if got, want := err.Error(), `name "a b\nxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"... (104 bytes): a host has only letters, digits, '-', '_' and '.'`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if !errors.Is(err, RuleChar) {
		t.Error("the rule is not wrapped")
	}
}

func TestMethodsDoNotPanicOnAnyString(t *testing.T) {
	for _, s := range []string{"", "[", "[]", "]", ":", "[:", "[]:", "a:b:c", "[x]:y", "[::1", "\xff", "[%]"} {
		n := Name(s)
		_, _, _, _, _ = n.Key(), n.Host(), n.Port(), n.HasPort(), n.IsIP()
		_, _ = n.DiscoveryAddr(), n.MessageAddr()
	}
}

func TestNamesFromTheWireDoNotAllocateOnFailure(t *testing.T) {
	for _, r := range vectors[nameVectors](t, "names.json").Invalid {
		in := r.bytes(t)
		if n := testing.AllocsPerRun(10, func() { _, _ = ParseNameBytes(in) }); n != 0 {
			t.Errorf("%s: %v allocations", quote(in), n)
		}
	}
}

func TestKeyOfAFoldedNameDoesNotAllocate(t *testing.T) {
	for _, n := range []Name{"node_1", "10.0.0.1", "node_1:20010", "[2001:db8::1]", "node_1:20000"} {
		if got := testing.AllocsPerRun(10, func() { _ = n.Key() }); got != 0 {
			t.Errorf("%q: %v allocations", n, got)
		}
	}
}
