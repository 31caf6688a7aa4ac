package doctor

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"syscall"

	"github.com/miekg/dns"
)

// Asked is what came of asking the node's DNS.
type Asked struct {
	Network string // udp or tcp
	Failed  string // why there was no answer that is of use; "": there was
}

// askNames asks the node's DNS for its own domain. A loopback address of another machine cannot be asked.
func askNames(ctx context.Context, f *Facts) (out []Asked) {
	if f.Status == nil || f.Status.DNS == nil {
		return nil
	}
	at, err := netip.ParseAddrPort(f.Status.DNS.Addr)
	node, _, _ := net.SplitHostPort(f.Addr)
	host, _ := netip.ParseAddr(node)
	local := node == "localhost" || f.here(host.Unmap())
	if err != nil || at.Addr().IsLoopback() && !local {
		return nil
	}
	if at.Addr().IsUnspecified() {
		if !local {
			return nil // it may have many addresses, of which this is not known to be one
		}
		at = netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), at.Port())
	}
	for _, network := range []string{"udp", "tcp"} {
		out = append(out, Asked{network, askFor(ctx, network, net.JoinHostPort(at.Addr().String(), strconv.Itoa(int(at.Port()))), dns.Fqdn(f.Status.DNS.Domain))})
	}
	return out
}

// askFor asks for the authority of a domain, and says what is wrong with the answer.
func askFor(ctx context.Context, network, at, domain string) string {
	client := dns.Client{Net: network, Timeout: answerTime}
	m, _, err := client.ExchangeContext(ctx, new(dns.Msg).SetQuestion(domain, dns.TypeSOA), at)
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refuses"
	case isTimeout(err):
		return "does not answer: timed out"
	case err != nil:
		return "does not answer: " + err.Error()
	case m.Rcode != dns.RcodeSuccess:
		return "answers " + dns.RcodeToString[m.Rcode]
	case len(m.Answer) == 0:
		return "does not have " + strings.TrimSuffix(domain, ".")
	}
	return ""
}

// judgeNames: what the node was told to answer over DNS is answered.
func judgeNames(f *Facts) (out []Finding) {
	if f.Status == nil || f.Status.DNS == nil {
		return nil
	}
	s := f.Status.DNS
	for _, a := range f.Names {
		if a.Failed != "" {
			out = append(out, fault("let port "+portOf(s.Addr)+" be reached over UDP and TCP from here; the log of the node may say more",
				"%s over %s %s", s.Addr, strings.ToUpper(a.Network), a.Failed))
		}
	}
	if s.Dropped > 0 {
		out = append(out, warning("ask through a resolver that remembers answers, such as systemd-resolved or dnsmasq",
			"%s dropped %s of addresses that ask too often", s.Addr, plural(int(min(s.Dropped, 1<<30)), "question")))
	}
	if len(out) == 0 && len(f.Names) > 0 {
		out = append(out, ok("%s answers for %s in %s", s.Addr, plural(s.Names, "name"), s.Domain))
	}
	return out
}

func portOf(endpoint string) string {
	_, port, _ := net.SplitHostPort(endpoint)
	return port
}
