package node

import (
	"unsafe"

	"hearsay/topics"
)

// room is how Config.InboxBytes is divided: most of it is the inbox's, and some is kept for the channel of Messages,
// where each message may be the last one that holds the run that it came in.
type room struct {
	waiting int // bytes in the inbox
	ahead   int // messages in the channel, each of the largest size
}

const (
	// messageSize is what a message takes beside the run that it came in.
	messageSize = int(unsafe.Sizeof(Message{}))

	// parcelCost is what a run takes beside its messages: its place in a row, and those of what it is turned into.
	parcelCost = 192

	// messageCost is the same with the strings of its envelope.
	messageCost = messageSize + topics.MaxEnvelope

	// runCost is what a run of small messages takes, with what they are turned into: 64 KiB, and as much again.
	runCost = 128 << 10
)

// divide leaves a quarter of the bytes to the channel, and no more places than queue. There is one message beside those
// in the channel: that which is handed over. However small the inbox is, one message of the largest size finds room.
func divide(inbox, queue, message int) room {
	largest := max(message+messageCost, runCost)
	ahead := min(queue, inbox/4/largest)
	return room{waiting: max(inbox-(ahead+1)*largest, largest), ahead: ahead}
}

// size is the memory that a parcel keeps until the last of its messages was handed over: of a run all that was made for
// it, for each message what it is turned into, and the places of all that. News count for nothing.
func (p parcel) size() int {
	if p.news != nil {
		return 0
	}
	return cap(p.run) + p.count*messageSize + parcelCost
}
