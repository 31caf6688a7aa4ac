package topics

import "bytes"

// A mesh may have a label. Nodes of two labels are strangers, and so are one with a label and one without. The label
// stands in the header of each beat and in each hello; on the topic Mesh a node says it to whom it says nothing else.

// CheckMesh returns nil for a label that a mesh may have, and else an error that wraps RuleMesh and shows the label. A
// label is 1 to MaxMesh bytes of letters, digits, '.', '_' and '-'. Case counts.
func CheckMesh(label string) error {
	if !isMesh(label) {
		return broken("mesh", label, RuleMesh)
	}
	return nil
}

func isMesh[T text](label T) bool {
	if len(label) == 0 || len(label) > MaxMesh {
		return false
	}
	for i := range len(label) {
		if c := label[i]; !isTagKey(c) && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}

// ParseMesh returns the label that a node says on the topic Mesh. It does not allocate on failure: the error is the Rule
// itself.
func ParseMesh(body []byte) (string, error) {
	if !isMesh(body) {
		return "", RuleMesh
	}
	return string(body), nil
}

// Hello is what a listener says of itself with a subscription: who it is, and of which mesh.
type Hello struct {
	Mesh string // "": one without a label
	Name Name   // "": it is no node. Only where there is a Mesh
}

// Topic is what a listener subscribes to in order to say it.
func (h Hello) Topic() string {
	if h.Mesh == "" {
		return HelloPrefix + string(h.Name)
	}
	return HelloPrefix + h.Mesh + "/" + string(h.Name)
}

// ParseHello returns what a listener says with a subscription to this topic. It does not allocate on failure: the
// error is the Rule itself, RuleHello when the topic is another one.
func ParseHello(topic []byte) (h Hello, err error) {
	if !hasPrefix(topic, HelloPrefix) {
		return Hello{}, RuleHello
	}
	name := topic[len(HelloPrefix):]
	if label, rest, found := bytes.Cut(name, []byte("/")); found {
		if !isMesh(label) {
			return Hello{}, RuleMesh
		}
		if len(rest) == 0 {
			return Hello{Mesh: string(label)}, nil
		}
		if rule := checkName(rest); rule != RuleNone {
			return Hello{}, rule
		}
		return Hello{Mesh: string(label), Name: Name(rest)}, nil
	}
	h.Name, err = ParseNameBytes(name)
	return h, err
}
