package topics

import (
	"fmt"
	"strconv"
)

// Rule is a rule of the wire that an input broke. Every error of this package is a Rule or wraps exactly one:
//
//	var rule topics.Rule
//	if errors.As(err, &rule) { dropped[rule]++ }
type Rule uint8

// The rules, in the order in which they are tested within their group.
const (
	RuleNone Rule = iota // no rule broken; never an error

	RuleEmpty      // names
	RuleLong       //
	RuleFirst      //
	RuleChar       //
	RuleLabelEmpty //
	RuleLabelLong  //
	RuleHyphen     //
	RuleNumber     //
	RuleZone       //
	RuleIPv6       //
	RuleMapped     //
	RuleAddress    //
	RulePort       //

	RuleListLong   // lists
	RuleListSender //

	RuleSize        // headers and envelopes
	RuleJSON        //
	RuleVersion     //
	RuleIncarnation // headers
	RuleSeq         //
	RuleBeat        //
	RuleList        //
	RulePulse       //
	RuleListeners   //
	RuleLast        //
	RuleProgram     //
	RuleTags        //
	RuleMesh        //
	RuleTold        // and records
	RuleTwin        //
	RuleUID         // envelopes; a bad sender breaks a rule of names
	RuleTTL         //
	RuleAt          //
	RuleNumbered    //
	RuleType        //
	RuleExpires     //
	RuleAsk         //
	RuleRe          //
	RuleFail        //

	RuleChannel  // topics
	RuleHello    //
	RuleRelay    //
	RuleQuestion //
	RuleDirect   //

	numRules
)

// rules holds the identifier of each rule, which the golden vectors use and metrics may, and its text.
var rules = [numRules]struct{ id, text string }{
	RuleNone: {"none", "no rule broken"},

	RuleEmpty:      {"empty", "a name is not empty"},
	RuleLong:       {"long", "a host has at most 253 bytes"},
	RuleFirst:      {"first", "a name starts with a letter, a digit or a bracket"},
	RuleChar:       {"char", "a host has only letters, digits, '-', '_' and '.'"},
	RuleLabelEmpty: {"label-empty", "no label is empty and no dot ends a name"},
	RuleLabelLong:  {"label-long", "a label has at most 63 bytes"},
	RuleHyphen:     {"hyphen", "no label starts or ends with a hyphen"},
	RuleNumber:     {"number", "a host that ends in a number is an IPv4 address in plain dotted decimal"},
	RuleZone:       {"zone", "an IPv6 address in a name has no zone"},
	RuleIPv6:       {"ipv6", "brackets hold an IPv6 address"},
	RuleMapped:     {"mapped", "an IPv4 address is not written as IPv6"},
	RuleAddress:    {"address", "an unspecified, broadcast, multicast or IPv6 link-local address names no node"},
	RulePort:       {"port", "a port is 1 to 55535 in plain decimal"},

	RuleListLong:   {"list-long", "a list has at most 65536 bytes"},
	RuleListSender: {"list-sender", "a list starts with the valid name of its sender"},

	RuleSize:        {"size", "a header or an envelope has at most 1024 bytes"},
	RuleJSON:        {"json", "one JSON object with fields of the specified types"},
	RuleVersion:     {"version", "v is 1 to 2^31-1"},
	RuleIncarnation: {"incarnation", "inc is a time in Unix ms, 0 to the year 9999"},
	RuleSeq:         {"seq", "seq is 0 to 2^53-1"},
	RuleBeat:        {"beat", "beat is 10 to 3600000 ms"},
	RuleList:        {"list", "list is 0 to 2^53-1"},
	RulePulse:       {"pulse", "a pulse names the list that stands, 1 or more"},
	RuleListeners:   {"listeners", "listeners is 0 to 2^31-1"},
	RuleLast:        {"last", "last is NUMBER:TOPIC and so on, of a header that has inc"},
	RuleProgram:     {"program", "program is at most 48 bytes of printable ASCII without quotes, backslash, <, > and &"},
	RuleTags:        {"tags", "tags are KEY=VALUE joined by commas, keys of a-z 0-9 . _ - in ascending order, values also of A-Z : / + @, at most 160 bytes"},
	RuleMesh:        {"mesh", "a mesh's label is 1 to 32 bytes of letters, digits, '.', '_' and '-'"},
	RuleTold:        {"told", "told is 0 to 2^53-1, and what is told has at most 65536 bytes"},
	RuleTwin:        {"twin", "twin is NAME@ADDRESS of at most 80 bytes, the address an IP literal"},
	RuleUID:         {"uid", "uid is 1 to 64 bytes of printable ASCII without space"},
	RuleTTL:         {"ttl", "ttl is 0 to 32"},
	RuleAt:          {"at", "at is a time in Unix ms, 0 to the year 9999"},
	RuleNumbered:    {"n", "n is 0 to 2^53-1, and an envelope that has it has inc"},
	RuleType:        {"type", "type is a media type of at most 128 bytes of printable ASCII"},
	RuleExpires:     {"exp", "exp is a time in Unix ms, 0 to the year 9999, and no request and no reply has it"},
	RuleAsk:         {"ask", "ask is 0 to 3600000 ms, and an envelope that has it has no re"},
	RuleRe:          {"re", "re is at most 64 bytes of printable ASCII without space"},
	RuleFail:        {"fail", "fail is at most 96 bytes of printable ASCII without quotes and backslash, of an envelope that has re"},

	RuleChannel: {"channel", "a channel is 1 to 128 bytes of printable ASCII without space and comma"},
	RuleHello:   {"hello", "a hello is a subscription to hello/NAME"},

	RuleRelay:    {"relay", "a relayed message is on 3/ORIGIN/TOPIC or 3/*/ORIGIN/TOPIC"},
	RuleQuestion: {"question", "a question is 5/ORIGIN/INC/RANGE/TOPIC"},
	RuleDirect:   {"direct", "a message to one node is on 6/NAME/ or 6/NAME/CHANNEL"},
}

// Error says what the rule demands.
func (r Rule) Error() string {
	if r >= numRules {
		return "rule " + strconv.Itoa(int(r))
	}
	return rules[r].text
}

// ID is a short constant word for the rule, such as "label-long".
func (r Rule) ID() string {
	if r >= numRules {
		return strconv.Itoa(int(r))
	}
	return rules[r].id
}

// maxQuote bounds, in bytes, how much of an input an error shows.
const maxQuote = 64

// broken makes the error that says which rule the input broke. The input may be hostile, so it is quoted in
// ASCII and cut.
func broken[T text](what string, input T, rule error) error {
	return fmt.Errorf("%s %s: %w", what, quote(input), rule)
}

func quote[T text](s T) string {
	if len(s) <= maxQuote {
		return strconv.QuoteToASCII(string(s))
	}
	return strconv.QuoteToASCII(string(s[:maxQuote])) + "... (" + strconv.Itoa(len(s)) + " bytes)"
}
