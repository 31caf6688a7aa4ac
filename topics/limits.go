package topics

// Limits of the wire. A reader refuses what is larger, and nobody writes it.
const (
	MaxName     = 253      // bytes of a host (RFC 1123, RFC 1035 section 2.3.4)
	MaxLabel    = 63       // bytes of one label of it
	MaxList     = 64 << 10 // bytes of a comma list
	MaxNames    = 1024     // names taken out of one list
	MaxTold     = 64 << 10 // bytes of the records of one telling; names of them are as many as those of a list
	MaxHeader   = 1 << 10  // bytes of a beat header
	MaxEnvelope = 1 << 10  // bytes of a message envelope
	MaxMessage  = 1 << 20  // bytes of a message body, by default
	MaxChannel  = 128      // bytes of a channel's name
	MaxFrames   = 8        // frames of one message

	MaxPort    = 65535 - PortStep // of a name: the message port must be a port too
	MinBeat    = 10               // ms between two beats, as a header may say
	MaxBeat    = 60 * 60 * 1000   // ms: an hour
	MaxUID     = 64               // bytes of a message's identity
	MaxAsk     = 60 * 60 * 1000   // ms that somebody waits for replies: an hour
	MaxFail    = 96               // bytes of why a reply is none: an envelope with the longest of everything fits
	MaxWay     = 15               // names in the way of a record: half of what a message may be relayed
	MaxTTL     = 32               // hops of a relayed message
	MaxType    = 128              // bytes of a media type
	MaxProgram = 48               // bytes of a program with its version
	MaxTags    = 160              // bytes of all tags of a node: a header with the longest of everything fits
	MaxMesh    = 32               // bytes of a mesh's label: it stands in every beat of that mesh
	MaxTwin    = 80               // bytes of a second process under a name: longer names are told of by nobody
	MaxLast    = 320              // bytes of the numbers in a header: two of the longest channels, or some twenty short ones

	// MaxInt bounds every integer of a header and an envelope: the largest that a double holds exactly with
	// all its predecessors (2^53 - 1), so that JSON in any language carries it.
	MaxInt = 1<<53 - 1

	// MaxTime is the last millisecond of the year 9999 (UTC), in Unix ms: the largest incarnation and SentAt.
	MaxTime = 253402300799999
)

// maxText is the longest spelling of a name: a host and ":55535".
const maxText = MaxName + 6
