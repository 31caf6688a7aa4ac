package topics

// text lets the checks run on a string and on bytes from the wire without copying.
type text interface{ ~string | ~[]byte }

// checkName is the grammar of names. It does not allocate and takes time linear in at most maxText bytes.
func checkName[T text](s T) Rule {
	switch {
	case len(s) == 0:
		return RuleEmpty
	case len(s) > maxText:
		return RuleLong
	case s[0] == '[':
		return checkBracketed(s)
	}
	host, port, hasPort := cut(s, ':')
	if rule := checkHost(host); rule != RuleNone {
		return rule
	}
	if hasPort {
		return checkPort(port)
	}
	return RuleNone
}

// checkHost checks a hostname or an IPv4 address.
func checkHost[T text](s T) Rule {
	switch {
	case len(s) > MaxName:
		return RuleLong
	case len(s) == 0 || !isAlnum(s[0]):
		return RuleFirst // libzmq's connect throws on "_a", ":1" and "-a"
	}
	for i := range len(s) {
		if c := s[i]; !isAlnum(c) && c != '-' && c != '_' && c != '.' {
			return RuleChar
		}
	}
	label, rest, more := cut(s, '.')
	for {
		if rule := checkLabel(label); rule != RuleNone {
			return rule
		}
		if !more {
			return checkNumber(s, label)
		}
		label, rest, more = cut(rest, '.')
	}
}

func checkLabel[T text](s T) Rule {
	switch {
	case len(s) == 0:
		return RuleLabelEmpty
	case len(s) > MaxLabel:
		return RuleLabelLong
	case s[0] == '-' || s[len(s)-1] == '-':
		return RuleHyphen
	}
	return RuleNone
}

// checkNumber refuses what a resolver could read as an IPv4 address that is not plainly one, such as "127.1",
// "0x7f.1", "010.0.0.1" or "2130706433": aliases under which one node would be many. A host whose last label
// is a number is an address or nothing (the WHATWG URL standard draws the same line), except where the
// whole host is a number too large for an address: a container's ID of twelve hexadecimal digits is its
// hostname, and one in 280 has no letter in it.
func checkNumber[T text](host, last T) Rule {
	if !isNumber(last) {
		return RuleNone
	}
	if len(host) == len(last) && !fitsIPv4(host) {
		return RuleNone
	}
	ip, ok := parseIPv4(host)
	if !ok {
		return RuleNumber
	}
	if ip == [4]byte{} || ip == [4]byte{255, 255, 255, 255} || ip[0]>>4 == 14 {
		return RuleAddress
	}
	return RuleNone
}

// isNumber reports whether a label is decimal digits, or "0x" and hexadecimal ones (or none).
func isNumber[T text](s T) bool {
	if len(s) >= 2 && s[0] == '0' && s[1]|0x20 == 'x' {
		for i := 2; i < len(s); i++ {
			if !isHex(s[i]) {
				return false
			}
		}
		return true
	}
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return true
}

// fitsIPv4 reports whether inet_aton may read one number as an address: whether its value, as decimal or, after
// a leading 0, as octal, fits 32 bits. Hexadecimal always counts as fitting.
func fitsIPv4[T text](s T) bool {
	if len(s) >= 2 && s[1]|0x20 == 'x' {
		return true
	}
	return fits32(s, 10) || s[0] == '0' && fits32(s, 8)
}

// fits32 reports whether decimal digits, read in that base, are a number below 2^32. A digit that the base
// does not have makes it no number.
func fits32[T text](s T, base uint64) bool {
	var v uint64
	for i := range len(s) {
		d := uint64(s[i] - '0')
		if d >= base {
			return false
		}
		if v = v*base + d; v > 0xffffffff {
			return false
		}
	}
	return true
}

// checkPort checks what follows the colon.
func checkPort[T text](s T) Rule {
	if len(s) == 0 || len(s) > 5 || s[0] == '0' {
		return RulePort
	}
	v := 0
	for i := range len(s) {
		if !isDigit(s[i]) {
			return RulePort
		}
		v = v*10 + int(s[i]-'0')
	}
	if v > MaxPort {
		return RulePort
	}
	return RuleNone
}

// checkBracketed checks "[IPV6]" and "[IPV6]:PORT".
func checkBracketed[T text](s T) Rule {
	host, rest, ok := cut(s[1:], ']')
	if !ok {
		return RuleIPv6
	}
	if _, _, zone := cut(host, '%'); zone {
		return RuleZone
	}
	ip, ok := parseIPv6(host)
	if !ok {
		return RuleIPv6
	}
	if rule := checkIPv6(ip); rule != RuleNone {
		return rule
	}
	switch {
	case len(rest) == 0:
		return RuleNone
	case rest[0] != ':':
		return RulePort
	}
	return checkPort(rest[1:])
}

// checkIPv6 refuses addresses that lead to no node. A link-local one needs a zone, which means something on
// one host only.
func checkIPv6(ip [16]byte) Rule {
	switch {
	case ip == [16]byte{}:
		return RuleAddress
	case ip[0] == 0xff: // multicast
		return RuleAddress
	case ip[0] == 0xfe && ip[1]>>6 == 2: // fe80::/10
		return RuleAddress
	case [12]byte(ip[:12]) == [12]byte{10: 0xff, 11: 0xff}:
		return RuleMapped
	}
	return RuleNone
}

// cut is strings.Cut for both kinds of text.
func cut[T text](s T, sep byte) (before, after T, found bool) {
	for i := range len(s) {
		if s[i] == sep {
			return s[:i], s[i+1:], true
		}
	}
	return s, s[len(s):], false
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isAlnum(c byte) bool { return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'z' }

func isHex(c byte) bool { return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'f' }
