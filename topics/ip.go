package topics

import "strconv"

// This package imports nothing that knows of a network, and netip.ParseAddr allocates an error for whatever is no
// address, which may be all that a list from the wire holds. These accept exactly what it accepts, zones aside, and
// write what it writes: the tests compare them.

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

// appendIPv6 writes an address as RFC 5952 says: groups in lower case without leading zeros, and the longest run of
// two or more zero groups, the first of several, as "::".
func appendIPv6(b []byte, ip [16]byte) []byte {
	group := func(i int) uint64 { return uint64(ip[2*i])<<8 | uint64(ip[2*i+1]) }
	from, to := -1, -1 // the run
	for i := 0; i < 8; i++ {
		j := i
		for j < 8 && group(j) == 0 {
			j++
		}
		if j-i > max(1, to-from) {
			from, to = i, j
		}
		i = max(i, j)
	}
	for i := 0; i < 8; i++ {
		if i == from {
			b = append(b, ':', ':')
			if i = to; i == 8 {
				break
			}
		} else if i > 0 {
			b = append(b, ':')
		}
		b = strconv.AppendUint(b, group(i), 16)
	}
	return b
}
