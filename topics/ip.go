package topics

// netip.ParseAddr allocates an error for whatever is no address, and lists from the wire may hold little
// else. These two accept exactly what it accepts (the fuzzers compare them), zones aside.

// parseIPv4 reads four decimal numbers of at most 255 without leading zeros.
func parseIPv4[T text](s T) (ip [4]byte, ok bool) {
	field, rest, more := cut(s, '.')
	for i := range ip {
		if ip[i], ok = parseOctet(field); !ok || more != (i < 3) {
			return ip, false
		}
		field, rest, more = cut(rest, '.')
	}
	return ip, true
}

func parseOctet[T text](s T) (byte, bool) {
	if len(s) == 0 || len(s) > 3 || len(s) > 1 && s[0] == '0' {
		return 0, false
	}
	v := 0
	for i := range len(s) {
		if !isDigit(s[i]) {
			return 0, false
		}
		v = v*10 + int(s[i]-'0')
	}
	return byte(v), v <= 255
}

// parseIPv6 reads RFC 4291 section 2.2: eight groups, one run of zeros written "::", the last two groups
// possibly as IPv4.
func parseIPv6[T text](s T) (ip [16]byte, ok bool) {
	n, gap := 0, -1 // bytes read, and where "::" stands in them
	if len(s) >= 2 && s[0] == ':' && s[1] == ':' {
		gap, s = 0, s[2:]
	}
	for len(s) > 0 {
		if n == 16 {
			return ip, false
		}
		group, rest, more := cut(s, ':')
		if _, _, dotted := cut(group, '.'); dotted {
			v4, ok := parseIPv4(group)
			if !ok || more || n > 12 {
				return ip, false
			}
			n += copy(ip[n:], v4[:])
			break
		}
		v, ok := parseGroup(group)
		if !ok || more && len(rest) == 0 {
			return ip, false
		}
		ip[n], ip[n+1] = byte(v>>8), byte(v)
		n += 2
		if s = rest; more && s[0] == ':' {
			if gap >= 0 {
				return ip, false
			}
			gap, s = n, s[1:]
		}
	}
	return expand(ip, n, gap)
}

// expand moves what follows the gap to the end.
func expand(ip [16]byte, n, gap int) ([16]byte, bool) {
	if gap < 0 || n == 16 {
		return ip, n == 16 && gap < 0
	}
	var out [16]byte
	copy(out[:gap], ip[:gap])
	copy(out[16-(n-gap):], ip[gap:n])
	return out, true
}

func parseGroup[T text](s T) (uint16, bool) {
	if len(s) == 0 || len(s) > 4 {
		return 0, false
	}
	var v uint16
	for i := range len(s) {
		switch c := s[i]; {
		case isDigit(c):
			v = v<<4 | uint16(c-'0')
		case isHex(c):
			v = v<<4 | uint16(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return v, true
}
