package doctor

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"hearsay/node/web"
	"hearsay/topics"
)

// Who is kept out of a locked mesh sees an open port and nothing behind it. The doctor has the keys of the node, if it is
// given them, and else the node's own word.

const (
	giveDoctor = "give the doctor the files that the node has: --mesh-key FILE, or --key FILE and --authorized-keys DIR"
	openLock   = "open" // what a node without a key says of its lock
	lockNode   = "start this node with the key of that mesh: --mesh-key FILE, or --key FILE and --authorized-keys DIR"
)

// judgeKeys: whether the node is locked, and if it is, the doctor has its key; all files of it can be read, and by nobody else those with secrets.
func judgeKeys(f *Facts) (out []Finding) {
	if f.KeysUnread != nil {
		out = append(out, fault("mend or remove that file: until then the doctor looks behind no lock, and a node that reads it takes no change", "%v", f.KeysUnread))
	}
	if f.Status != nil {
		for _, u := range f.Status.Unreadable {
			out = append(out, fault("mend or remove that file: what was withdrawn since is good still", "%s as before %s, since no change holds until all files can be read: %s", u.Of, u.Since.Format(time.RFC3339), u.Why))
		}
	}
	for _, path := range f.Exposed {
		out = append(out, warning("chmod 600 "+path, "%s holds a secret, and others than its owner may read or change it", path))
	}
	return append(append(out, judgeLock(f)...), judgeRefused(f)...)
}

// judgeRefused: who knocks with keys that do not fit is seen by the node alone. It matters while they do.
func judgeRefused(f *Facts) []Finding {
	if f.Status == nil {
		return nil
	}
	var parts []string
	for _, r := range []struct{ counter, came string }{
		{"link_refused_keyed", "with a key, though it is open"}, {"link_refused_no_key", "without a key"}, {"link_refused_wrong_key", "with another key"}, {"link_refused_unauthorized", "with a key that is not let in"},
	} {
		if n := f.Status.Counters[r.counter]; n > 0 {
			parts = append(parts, fmt.Sprintf("%s %s", plural(int(n), "connection"), r.came))
		}
	}
	if len(parts) == 0 {
		return nil
	}
	if len(f.Status.Refused) == 0 {
		return []Finding{ok("%s has refused, since its start, and nobody lately: %s", f.Status.Name, strings.Join(parts, ", "))}
	}
	do := "give those that are to be members the key, and run the doctor there"
	if f.Status.Lock == openLock {
		do = "start this node with their key, if it is to be of their mesh"
	}
	out := []Finding{warning(do, "%s has refused, since its start: %s", f.Status.Name, strings.Join(parts, ", "))}
	const few = 10
	for _, r := range f.Status.Refused[:min(few, len(f.Status.Refused))] {
		out = append(out, warning("", "%s knocked %s, %s ago last: %s", r.Address, times(int(r.Count)), f.at(r.Last).Round(time.Second), r.Why))
	}
	if more := len(f.Status.Refused) - few; more > 0 {
		out = append(out, warning("", "and %s: its log names them (peer refused)", fmt.Sprintf("%d more", more)))
	}
	return out
}

// times is how often.
func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

func judgeLock(f *Facts) []Finding {
	switch v := best(f.Self.Discovery); {
	case v.Outcome == Locked:
		return []Finding{warning(giveDoctor, "%s is locked, and the doctor has no key: of what is behind locks it has the node's word alone", f.Self.Name)}
	case v.Outcome == Unlocked:
		return []Finding{fault("start the node with it, or call the doctor without", "the doctor was given a key, and %s at %s is open", f.Self.Name, v.Endpoint)}
	case v.Outcome.ofKeys():
		return []Finding{fault(giveDoctor, "the key that the doctor was given is not that of %s: %s %s", f.Self.Name, v.Endpoint, v.says())}
	case v.Outcome == Spoke && f.Keys == MeshKey:
		return []Finding{ok("%s is locked with a key that all members share", f.Self.Name)}
	case v.Outcome == Spoke && f.Keys == NodeKeys:
		return []Finding{ok("%s is locked with a key of its own", f.Self.Name)}
	case v.Outcome == Spoke:
		return []Finding{ok("%s is open: who reaches its ports may read, publish and be a member", f.Self.Name)}
	case f.Status != nil && f.Status.Lock != "":
		return []Finding{ok("%s says that its lock is: %s", f.Self.Name, f.Status.Lock)}
	}
	return nil
}

// isLocked reports whether the node is, as far as its own port shows.
func (f *Facts) isLocked() (locked, known bool) {
	switch v := best(f.Self.Discovery); {
	case v.Outcome == Unlocked:
		return false, true
	case v.Outcome.ofKeys():
		return true, true
	case v.Outcome == Spoke || f.Status == nil:
		return f.Keys != NoKeys, true
	}
	return false, false
}

// hasKeys reports whether the doctor has the keys of the node: else what it was told behind a lock says nothing.
func (f *Facts) hasKeys() bool { return f.Keys != NoKeys && !best(f.Self.Discovery).Outcome.ofKeys() }

// judgeKey judges a visit to somebody by keys, if they are between them. m is what the node says of it, nil: nothing.
func judgeKey(f *Facts, v Visit, what string, who topics.Name, m *web.Member) (found Finding, is bool) {
	locked, known := f.isLocked()
	switch open := v.Outcome == Unlocked || v.Outcome == Spoke && f.Keys == NoKeys; {
	case v.Outcome != Spoke && !v.Outcome.ofKeys():
		return found, false
	case m != nil && m.State == "alive" && len(m.Via) == 0 && v.Outcome != Spoke:
		return ok("%s: %s is locked, and the node hears it", what, v.Endpoint), true
	case open && known && locked:
		return fault(fmt.Sprintf("start %s with the key of this mesh, if it is to be of it", who), "%s: no key: %s is open, and this node is locked", what, v.Endpoint), true
	case v.Outcome == Spoke && f.Keys != NoKeys && locked && !f.hasKeys():
		return fault(f.keyRemedy(WrongKey, who), "%s: wrong key: %s opens to the doctor's key, which is not that of %s", what, v.Endpoint, f.Self.Name), true
	case v.Outcome == Spoke && (f.Keys == NoKeys || locked || !known):
		return found, false
	case known && !locked:
		return fault(lockNode, "%s: no key: %s is locked, and this node is open", what, v.Endpoint), true
	case f.hasKeys():
		return fault(f.keyRemedy(v.Outcome, who), "%s: %s: %s %s", what, keyWord(v.Outcome), v.Endpoint, v.says()), true
	case m != nil && strings.HasPrefix(m.Failure, keyWord(Unlocked)) && f.Status != nil && f.Status.Lock == openLock:
		return fault(lockNode, "%s: %s", what, m.Failure), true
	case m != nil && keyOutcome(m.Failure) != Unvisited:
		return fault(f.keyRemedy(keyOutcome(m.Failure), who), "%s: %s", what, m.Failure), true
	}
	return warning(giveDoctor, "%s: %s is locked: the doctor has no key to see more", what, v.Endpoint), true
}

// keyOutcomes are the words in which a node says of a dial that keys were between them, and of a visit.
var keyOutcomes = []struct {
	word string
	as   Outcome
}{{"no key", Unlocked}, {"wrong key", WrongKey}, {"not let in", NotLetIn}, {"unauthorized", KeyUnknown}}

// keyOutcome is what a visit would have come to where a dial of the node failed as it says; Unvisited: it was not for keys.
func keyOutcome(failure string) Outcome {
	for _, k := range keyOutcomes {
		if strings.HasPrefix(failure, k.word) {
			return k.as
		}
	}
	return Unvisited
}

func keyWord(o Outcome) string {
	for _, k := range keyOutcomes {
		if k.as == o {
			return k.word
		}
	}
	return "no key"
}

// keyRemedy is what to do about keys that keep this node and another apart.
func (f *Facts) keyRemedy(o Outcome, who topics.Name) string {
	self := cmp.Or(f.Self.Name, "this node")
	switch {
	case o == Unlocked:
		return fmt.Sprintf("start %s with the key of this mesh, if it is to be of it", who)
	case o == KeyUnknown:
		return fmt.Sprintf("copy the public key of %s into --authorized-keys here, as %s.key; 'hearsay keygen --name %s' makes one", who, who, who)
	case o == NotLetIn:
		return fmt.Sprintf("copy the public key of this node into --authorized-keys on %s, as %s.key", who, self)
	case f.Keys == MeshKey:
		return fmt.Sprintf("give both one --mesh-key: copy the file of this node to %s, or that of %s here", who, who)
	case f.Keys == NodeKeys:
		return fmt.Sprintf("copy the public key that belongs to --key of %s into --authorized-keys here, as %s.key", who, who)
	}
	return fmt.Sprintf("give both one --mesh-key; with --key, copy the public key of %s into --authorized-keys here, as %s.key", who, who)
}
