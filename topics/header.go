package topics

import (
	"encoding/json"
	"math"
	"strconv"
)

// Header is the third frame of a beat.
type Header struct {
	Version     int    `json:"v"`                   // 1
	Incarnation int64  `json:"inc"`                 // when the sender started, Unix ms
	Seq         uint64 `json:"seq"`                 // counts the sender's beats from 1
	Beat        int    `json:"beat"`                // ms between its beats
	List        uint64 `json:"list"`                // number of the list that stands, counted from 1
	Pulse       bool   `json:"pulse,omitempty"`     // only the own name is here; list number List still stands
	Strict      bool   `json:"strict,omitempty"`    // I list only what I hear
	Complete    bool   `json:"complete,omitempty"`  // this is all I hear
	Leaving     bool   `json:"leaving,omitempty"`   // this is goodbye
	Degraded    bool   `json:"degraded,omitempty"`  // I hear too few or run too late to be trusted
	Replay      bool   `json:"replay,omitempty"`    // I said this before, and say it again to you alone
	Listeners   int    `json:"listeners,omitempty"` // how many nodes say they listen to me
	Last        string `json:"last,omitempty"`      // numbers of the last messages: see AppendLast and CutLast
	At          int64  `json:"at,omitempty"`        // when this was said, Unix ms by the sender's clock; 0: not said
	Program     string `json:"program,omitempty"`   // what the sender runs, and its version
	Tags        Tags   `json:"tags,omitempty"`      // what the sender says of itself
	Mesh        string `json:"mesh,omitempty"`      // label of the sender's mesh; "": it has none
	Told        uint64 `json:"told,omitempty"`      // number of the telling that stands; 0: none does
	Twin        string `json:"twin,omitempty"`      // NAME@ADDRESS of a second process under a member's name, see MakeTwin; "": none is known
}

// Validate returns the first Rule that a header breaks, or nil. Version is 1 to 2^31-1, Incarnation 0 to MaxTime,
// Seq and List 0 to MaxInt (0: not counted), Beat MinBeat to MaxBeat, Listeners 0 to 2^31-1; a pulse
// has a List. Last is what AppendLast makes, of at most MaxLast bytes, and a header that has it has an Incarnation.
// At is 0 to MaxTime. Program has at most MaxProgram bytes, Tags are what MakeTags makes, and Mesh is empty or what
// CheckMesh accepts. Told is 0 to MaxInt. Twin is empty or what MakeTwin makes.
func (h Header) Validate() error {
	switch {
	case h.Version < 1 || h.Version > math.MaxInt32:
		return RuleVersion
	case h.Incarnation < 0 || h.Incarnation > MaxTime:
		return RuleIncarnation
	case h.Seq > MaxInt:
		return RuleSeq
	case h.Beat < MinBeat || h.Beat > MaxBeat:
		return RuleBeat
	case h.List > MaxInt:
		return RuleList
	case h.Pulse && h.List == 0:
		return RulePulse
	case h.Listeners < 0 || h.Listeners > math.MaxInt32:
		return RuleListeners
	case h.Last != "" && (h.Incarnation == 0 || !isLast(h.Last)):
		return RuleLast
	case h.At < 0 || h.At > MaxTime:
		return RuleAt
	case !isProgram(h.Program):
		return RuleProgram
	case !isTags(string(h.Tags)):
		return RuleTags
	case h.Mesh != "" && !isMesh(h.Mesh):
		return RuleMesh
	case h.Told > MaxInt:
		return RuleTold
	case h.Twin != "" && !isTwin(h.Twin):
		return RuleTwin
	}
	return nil
}

// AppendHeader appends the JSON of a header that Validate accepts to dst: one line, fields in the order of
// the struct, false and absent ones left out.
func AppendHeader(dst []byte, h Header) []byte {
	dst = strconv.AppendInt(append(dst, `{"v":`...), int64(h.Version), 10)
	dst = strconv.AppendInt(append(dst, `,"inc":`...), h.Incarnation, 10)
	dst = strconv.AppendUint(append(dst, `,"seq":`...), h.Seq, 10)
	dst = strconv.AppendInt(append(dst, `,"beat":`...), int64(h.Beat), 10)
	dst = strconv.AppendUint(append(dst, `,"list":`...), h.List, 10)
	dst = appendFlag(dst, `,"pulse":true`, h.Pulse)
	dst = appendFlag(dst, `,"strict":true`, h.Strict)
	dst = appendFlag(dst, `,"complete":true`, h.Complete)
	dst = appendFlag(dst, `,"leaving":true`, h.Leaving)
	dst = appendFlag(dst, `,"degraded":true`, h.Degraded)
	dst = appendFlag(dst, `,"replay":true`, h.Replay)
	if h.Listeners != 0 {
		dst = strconv.AppendInt(append(dst, `,"listeners":`...), int64(h.Listeners), 10)
	}
	if h.Last != "" {
		dst = appendString(append(dst, `,"last":`...), h.Last)
	}
	if h.At != 0 {
		dst = strconv.AppendInt(append(dst, `,"at":`...), h.At, 10)
	}
	if h.Program != "" {
		dst = appendString(append(dst, `,"program":`...), h.Program)
	}
	if h.Tags != "" {
		dst = appendString(append(dst, `,"tags":`...), string(h.Tags))
	}
	if h.Mesh != "" {
		dst = appendString(append(dst, `,"mesh":`...), h.Mesh)
	}
	if h.Told != 0 {
		dst = strconv.AppendUint(append(dst, `,"told":`...), h.Told, 10)
	}
	if h.Twin != "" {
		dst = appendString(append(dst, `,"twin":`...), h.Twin)
	}
	return append(dst, '}')
}

func appendFlag(dst []byte, field string, set bool) []byte {
	if set {
		dst = append(dst, field...)
	}
	return dst
}

// ParseHeader reads a beat header. Fields it does not know are ignored, in every version. The error wraps the
// Rule that was broken (RuleSize, RuleJSON or one of Validate) and shows the input, quoted and cut.
func ParseHeader(b []byte) (Header, error) {
	if len(b) > MaxHeader {
		return Header{}, broken("header", b, RuleSize)
	}
	h, ok := scanHeader(b)
	if !ok {
		var err error
		if h, err = decode[Header](b); err != nil {
			return Header{}, broken("header", b, err)
		}
	}
	if err := h.Validate(); err != nil {
		return Header{}, broken("header", b, err)
	}
	return h, nil
}

// decode reads one JSON object.
func decode[T any](b []byte) (v T, err error) {
	if err := json.Unmarshal(b, &v); err != nil {
		return v, jsonError{err}
	}
	return v, nil
}

// jsonError is a broken RuleJSON with the decoder's word on what was wrong.
type jsonError struct{ cause error }

func (e jsonError) Error() string { return RuleJSON.Error() + ": " + quote(e.cause.Error()) }
func (e jsonError) Unwrap() error { return RuleJSON }
