package mesh

import (
	"strconv"
	"strings"
)

// An endpoint is "ADDRESS:PORT", an IPv6 address in brackets. The machine only takes it apart and compares it.

func joinEndpoint(host string, port int) string { return hostText(host) + ":" + strconv.Itoa(port) }

// hostText is an address as it stands before a port, and in a name.
func hostText(host string) string {
	if strings.Contains(host, ":") {
		return "[" + host + "]"
	}
	return host
}

// splitEndpoint returns the address, without brackets, and the port; ok is false where there is no port.
func splitEndpoint(endpoint string) (host string, port int, ok bool) {
	colon := strings.LastIndexByte(endpoint, ':')
	if colon < 0 {
		return endpoint, 0, false
	}
	port, err := strconv.Atoi(endpoint[colon+1:])
	if err != nil {
		return endpoint, 0, false
	}
	return strings.Trim(endpoint[:colon], "[]"), port, true
}

// hostOf is the address of an endpoint without its port.
func hostOf(endpoint string) string {
	host, _, _ := splitEndpoint(endpoint)
	return host
}
