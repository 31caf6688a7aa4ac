package multicast

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"

	"hearsay/topics"
)

// MaxBeacon is the most bytes that a beacon has.
const MaxBeacon = 512

// Beacon is what a node says of itself to a group.
type Beacon struct {
	Version     int         `json:"hearsay"`        // 1
	Name        topics.Name `json:"name"`           // as it stands first in its lists
	Incarnation int64       `json:"inc,omitempty"`  // when it started, Unix ms; 0: not said
	Mesh        string      `json:"mesh,omitempty"` // label of its mesh; "": it has none
}

// The rules that a beacon may break, beside those of topics.
var (
	errSize        = fmt.Errorf("a beacon has at most %d bytes", MaxBeacon)
	errJSON        = errors.New("a beacon is one JSON object with fields of the specified types")
	errVersion     = errors.New("hearsay is 1 to 2^31-1")
	errIncarnation = errors.New("inc is a time in Unix ms, 0 to the year 9999")
)

// Parse reads a beacon. What it does not know is ignored, in every version.
func Parse(packet []byte) (b Beacon, err error) {
	if len(packet) > MaxBeacon {
		return Beacon{}, errSize
	}
	if !bytes.HasPrefix(bytes.TrimLeft(packet, " \t\r\n"), []byte("{")) {
		return Beacon{}, errJSON
	}
	if err := json.Unmarshal(packet, &b); err != nil {
		return Beacon{}, errJSON
	}
	if err := b.validate(); err != nil {
		return Beacon{}, err
	}
	return b, nil
}

func (b Beacon) validate() error {
	if b.Version < 1 || b.Version > math.MaxInt32 {
		return errVersion
	}
	if b.Incarnation < 0 || b.Incarnation > topics.MaxTime {
		return errIncarnation
	}
	if b.Mesh != "" {
		if err := topics.CheckMesh(b.Mesh); err != nil {
			return err
		}
	}
	_, err := topics.ParseName(string(b.Name))
	return err
}

// Append appends a valid beacon as it goes over the wire.
func Append(dst []byte, b Beacon) []byte {
	dst = strconv.AppendInt(append(dst, `{"hearsay":`...), int64(b.Version), 10)
	dst = append(append(append(dst, `,"name":"`...), b.Name...), '"')
	if b.Incarnation != 0 {
		dst = strconv.AppendInt(append(dst, `,"inc":`...), b.Incarnation, 10)
	}
	if b.Mesh != "" {
		dst = append(append(append(dst, `,"mesh":"`...), b.Mesh...), '"')
	}
	return append(dst, '}')
}
