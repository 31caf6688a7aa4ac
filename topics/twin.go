package topics

import "strings"

// MakeTwin is what a header says of a second process that uses a member's name, at an IP address as in a name; "" where that
// is too long to be said, or no address.
func MakeTwin(name Name, addr Name) string {
	if t := string(name) + "@" + string(addr); isTwin(t) {
		return t
	}
	return ""
}

// CutTwin takes apart what a valid header says.
func CutTwin(twin string) (name, addr Name) {
	before, after, _ := strings.Cut(twin, "@")
	return Name(before), Name(after)
}

func isTwin(s string) bool {
	name, addr := CutTwin(s)
	return len(s) <= MaxTwin && checkName(name) == RuleNone && checkName(addr) == RuleNone && addr.IsIP() && !addr.HasPort()
}
