package link

import "encoding/binary"

// Run is a row of whole messages as they came over one connection, still in ZMTP frames, every head of
// which the guard has checked. zmq4 carries a run as one frame, so what it costs per message is paid once.
type Run []byte

// Next cuts the first message off the run and returns its frames, which alias the run, in dst[:0]'s memory.
// It returns nil at the run's end.
func (r *Run) Next(dst [][]byte) [][]byte {
	b := *r
	if len(b) == 0 {
		return nil
	}
	dst = dst[:0]
	for {
		flags, size, n := frameHead(b)
		dst = append(dst, b[n:n+int(size):n+int(size)])
		b = b[n+int(size):]
		if flags&flagMore == 0 {
			*r = b
			return dst
		}
	}
}

// Len counts the messages in the run.
func (r Run) Len() int {
	count := 0
	for len(r) > 0 {
		flags, size, n := frameHead(r)
		r = r[n+int(size):]
		if flags&flagMore == 0 {
			count++
		}
	}
	return count
}

// zmq4 sees every run as a message of two frames: the postmark (who it came from) and the run.
const postmarkSize = 8

func appendPostmarked(dst []byte, id ID, runSize int) []byte {
	dst = append(dst, flagMore, postmarkSize)
	dst = binary.BigEndian.AppendUint64(dst, uint64(id))
	if runSize <= shortFrame {
		return append(dst, 0, byte(runSize))
	}
	dst = append(dst, flagLong)
	return binary.BigEndian.AppendUint64(dst, uint64(runSize))
}
