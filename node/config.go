package node

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"time"

	"hearsay/mesh"
	"hearsay/node/files"
	"hearsay/node/link"
	"hearsay/topics"
)

// Config says who a node is, whom it knows, and what it tolerates. Only Hostname is needed; every other zero
// field takes the default named beside it.
type Config struct {
	Hostname string   // this node's name, by which others reach it
	Seeds    []string // names to start from, HOST or HOST:PORT; none: wait to be found

	// Mesh is the label of the mesh that the node is of: 1 to 32 letters, digits, '.', '_' and '-'; "": it has none. A node
	// meets nobody of another label: where one has a label and another has none, neither. It keeps meshes apart that meet
	// by accident, and is no secret: Keys are.
	Mesh string

	// Keys lock the node: it meets nobody who has none of them, and nothing goes over the network in the clear. The files
	// are read again when they change. Zero: it is open, and meets open nodes.
	Keys Keys

	// Multicast finds nodes on the same network segment without Seeds: this one says there that it is, and listens to those
	// who do. What is heard is a hint where to dial. See package multicast.
	Multicast           bool
	MulticastGroups     []string // GROUP:PORT, one of each family at most; none: 239.77.77.77:20000 and [ff02::7777]:20000
	MulticastInterfaces []string // names of interfaces; none: all that are fit, the loopback one apart

	Bind          string // literal address to listen on and to dial from; "": every address
	DiscoveryPort int    // 20000; a node on another port carries it in its name
	MessagePort   int    // always DiscoveryPort + 10000, which is its default

	Beat     time.Duration // between signs of life: 1 s; 100 ms to 1 min
	Interval time.Duration // between whole lists while naive nodes are about: 2.5 s; 100 ms to 10 min

	// FullMesh is the number of members up to which this node listens to all of them. Where there are more it listens to some
	// twelve, and knows the others by the word of these (mesh.Far): 48; 32 to 4,096. -1: to all, however many there are.
	FullMesh int

	Channels   []string // named channels to receive at first; plain messages always are
	MaxMessage int      // bytes of a message body, in and out: 1 MiB; 1 byte to 64 MiB

	// InboxBytes bounds the memory of all that was received and waits for the application to read Messages, in bytes:
	// 64 MiB; 64 KiB to 1 GiB. It counts messages as they came, their copies, and what goes with them. However small
	// it is, two messages of the largest size find room: one that waits, and one that is handed over.
	InboxBytes int

	// OutboxBytes bounds the memory of all that was published and waits for peers to take it, in bytes: 128 MiB; 4 MiB to
	// 1 GiB. What several peers wait for is held once. A peer that has stopped takes half of it at most.
	OutboxBytes int

	// RingBytes and RingTime bound what is kept of published and of received messages, for those that missed some of them:
	// 64 MiB, 1 MiB to 1 GiB; 60 s, 1 s to 1 h. A quarter of it is for those of others. Where a network carries nothing to a
	// member for 20 s, they are kept for up to 6 min, so that it may ask for them afterwards.
	RingBytes int
	RingTime  time.Duration

	// ReplayCount or ReplayTime ask for what was published before this node came: so many of the last messages of each
	// member on each topic, or those of so long, as far as the member still keeps them. Zero: none. Who leaves a channel and
	// joins it again gets them once more, also those that were delivered before.
	ReplayCount int
	ReplayTime  time.Duration

	// TTL is how many more times messages of this node may be relayed, where nodes do not hear each other: 16; 1 to 32.
	// -1: they are not.
	TTL int

	// Queue is how many messages at most the channel of Messages holds, of those that InboxBytes bounds: 1,024; 1 to
	// 1,048,576. It holds fewer where as many of the largest size would take over a quarter of InboxBytes. The others
	// wait before it.
	Queue int

	OverTCP bool // meet nodes of this process over TCP too; false: through memory

	Program string            // what this program is called, with its version, for those who look at members: at most 48 bytes
	Tags    map[string]string // what the node says of itself, such as role=web; SetTags changes them

	StateDir string // directory in which known peers are remembered; "": they are not

	Resolver Resolver     // nil: the system's
	Logger   *slog.Logger // nil: nothing is logged; its handler may wait, as nothing waits for it

	readFile func(path string, most int64) ([]byte, error) // nil: files.Read; tests have a disk that hangs
	blocked  func(mesh.Dial) bool                          // nil: no dial is; tests have a firewall
	flood    func(<-chan link.Event) <-chan link.Event     // nil: no more comes than the link tells; tests have a flood
	working  chan struct{}                                 // nil: that of all nodes; tests have one that is full
	files    int                                           // 0: the process's limit; tests have few
	places   int                                           // connections a port that are let in; 0: as many as files allow
}

// Resolver looks up the addresses of a hostname, each time it is dialled, and for ever if it is a seed. An error that
// is a *net.DNSError with IsNotFound says that there are none; any other, that DNS gave no answer. *net.Resolver is
// one.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Bounds of Config.
const (
	MinFullMesh, MaxFullMesh = 32, 4096
	DefaultFullMesh          = 48
	MinBeat, MaxBeat         = 100 * time.Millisecond, time.Minute
	MinInterval, MaxInterval = 100 * time.Millisecond, 10 * time.Minute
	MaxMaxMessage            = 64 << 20
	MinInboxBytes            = 64 << 10 // a run of small messages
	MaxInboxBytes            = 1 << 30
	MinOutboxBytes           = 4 << 20
	MaxOutboxBytes           = 1 << 30
	MinRingBytes             = 1 << 20
	MaxRingBytes             = 1 << 30
	MinRingTime, MaxRingTime = time.Second, time.Hour
	MaxQueue                 = 1 << 20
	MaxSeeds                 = topics.MaxNames
	MaxChannels              = 32
	maxDiscoveryPort         = 65535 - topics.PortStep
	defaultInboxBytes        = 64 << 20
	defaultOutboxBytes       = 128 << 20
	defaultRingBytes         = 64 << 20
	defaultRingTime          = time.Minute
	defaultQueue             = 1024
	defaultBeat              = time.Second
	defaultInterval          = 2500 * time.Millisecond
)

// FieldError says which field of a Config is wrong, its value, and what it has to be.
type FieldError struct {
	Field string
	Value any
	Want  string
}

func (e *FieldError) Error() string {
	return fmt.Sprintf("%s %v: %s", e.Field, quoted(e.Value), e.Want)
}

func quoted(v any) any {
	if s, ok := v.(string); ok {
		return fmt.Sprintf("%.80q", s)
	}
	return v
}

func (c Config) withDefaults() Config {
	def(&c.DiscoveryPort, topics.DiscoveryPort)
	def(&c.MessagePort, c.DiscoveryPort+topics.PortStep)
	def(&c.Beat, defaultBeat)
	def(&c.FullMesh, DefaultFullMesh)
	def(&c.Interval, defaultInterval)
	def(&c.MaxMessage, topics.MaxMessage)
	def(&c.InboxBytes, defaultInboxBytes)
	def(&c.OutboxBytes, defaultOutboxBytes)
	def(&c.RingBytes, defaultRingBytes)
	def(&c.RingTime, defaultRingTime)
	def(&c.TTL, defaultTTL)
	def(&c.Queue, defaultQueue)
	if c.Resolver == nil {
		c.Resolver = net.DefaultResolver
	}
	def(&c.files, files.Limit())
	if c.readFile == nil {
		c.readFile = files.Read
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

func def[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Validate returns a *FieldError for the first field that is out of its bounds.
func (c Config) Validate() error {
	_, err := c.withDefaults().check()
	return err
}

// identity is what a valid Config's names come to.
type identity struct {
	name     topics.Name
	seeds    []topics.Name
	channels []string // topics
	profile  mesh.Profile
}

func (c Config) check() (id identity, err error) {
	if err := c.Keys.Validate(); err != nil {
		return identity{}, &FieldError{"Keys", fmt.Sprintf("%+v", c.Keys), err.Error()}
	}
	for _, check := range []func(*identity) error{c.checkNumbers, c.checkBind, c.checkName, c.checkMesh, c.checkSeeds, c.checkChannels, c.checkMulticast, c.checkProfile} {
		if err := check(&id); err != nil {
			return identity{}, err
		}
	}
	return id, nil
}

func (c Config) checkNumbers(*identity) error {
	switch {
	case c.DiscoveryPort < 1 || c.DiscoveryPort > maxDiscoveryPort:
		return &FieldError{"DiscoveryPort", c.DiscoveryPort, fmt.Sprintf("must be 1 to %d", maxDiscoveryPort)}
	case c.MessagePort != c.DiscoveryPort+topics.PortStep:
		return &FieldError{"MessagePort", c.MessagePort, fmt.Sprintf("must be the discovery port + %d, here %d: others look for it there", topics.PortStep, c.DiscoveryPort+topics.PortStep)}
	case c.Beat < MinBeat || c.Beat > MaxBeat:
		return &FieldError{"Beat", c.Beat, fmt.Sprintf("must be %v to %v", MinBeat, MaxBeat)}
	case c.Interval < MinInterval || c.Interval > MaxInterval:
		return &FieldError{"Interval", c.Interval, fmt.Sprintf("must be %v to %v", MinInterval, MaxInterval)}
	case c.FullMesh != -1 && (c.FullMesh < MinFullMesh || c.FullMesh > MaxFullMesh):
		return &FieldError{"FullMesh", c.FullMesh, fmt.Sprintf("must be %d to %d members, or -1 for all", MinFullMesh, MaxFullMesh)}
	case c.MaxMessage < 1 || c.MaxMessage > MaxMaxMessage:
		return &FieldError{"MaxMessage", c.MaxMessage, fmt.Sprintf("must be 1 to %d bytes", MaxMaxMessage)}
	case c.InboxBytes < MinInboxBytes || c.InboxBytes > MaxInboxBytes:
		return &FieldError{"InboxBytes", c.InboxBytes, fmt.Sprintf("must be %d to %d bytes", MinInboxBytes, MaxInboxBytes)}
	case c.OutboxBytes < MinOutboxBytes || c.OutboxBytes > MaxOutboxBytes:
		return &FieldError{"OutboxBytes", c.OutboxBytes, fmt.Sprintf("must be %d to %d bytes", MinOutboxBytes, MaxOutboxBytes)}
	case c.RingBytes < MinRingBytes || c.RingBytes > MaxRingBytes:
		return &FieldError{"RingBytes", c.RingBytes, fmt.Sprintf("must be %d to %d bytes", MinRingBytes, MaxRingBytes)}
	case c.RingTime < MinRingTime || c.RingTime > MaxRingTime:
		return &FieldError{"RingTime", c.RingTime, fmt.Sprintf("must be %v to %v", MinRingTime, MaxRingTime)}
	case c.ReplayCount < 0 || c.ReplayCount > 0 && c.ReplayTime > 0:
		return &FieldError{"ReplayCount", c.ReplayCount, "must not be less than none, nor beside ReplayTime"}
	case c.ReplayTime < 0 || c.ReplayTime > MaxRingTime || c.ReplayTime > 0 && c.ReplayTime < time.Millisecond:
		return &FieldError{"ReplayTime", c.ReplayTime, fmt.Sprintf("must be 1ms to %v", MaxRingTime)}
	case c.TTL < -1 || c.TTL > topics.MaxTTL:
		return &FieldError{"TTL", c.TTL, fmt.Sprintf("must be 1 to %d, or -1 for none", topics.MaxTTL)}
	case c.Queue < 1 || c.Queue > MaxQueue:
		return &FieldError{"Queue", c.Queue, fmt.Sprintf("must be 1 to %d messages", MaxQueue)}
	}
	return nil
}

func (c Config) checkBind(*identity) error {
	if c.Bind == "" {
		return nil
	}
	if _, err := netip.ParseAddr(c.Bind); err != nil {
		return &FieldError{"Bind", c.Bind, "must be a literal IPv4 or IPv6 address of this machine, such as 127.0.0.1"}
	}
	return nil
}

func (c Config) checkName(id *identity) error {
	name, err := ParseName(c.Hostname)
	if err != nil {
		return &FieldError{"Hostname", c.Hostname, err.Error()}
	}
	switch {
	case name.HasPort() && name.Port() != c.DiscoveryPort:
		return &FieldError{"Hostname", c.Hostname, fmt.Sprintf("has another port than the discovery port, %d", c.DiscoveryPort)}
	case !name.HasPort() && c.DiscoveryPort != topics.DiscoveryPort:
		name, err = topics.ParseName(fmt.Sprintf("%s:%d", name, c.DiscoveryPort))
		if err != nil {
			return &FieldError{"Hostname", c.Hostname, err.Error()}
		}
	}
	id.name = name
	return nil
}

func (c Config) checkMesh(*identity) error {
	if c.Mesh == "" {
		return nil
	}
	if topics.CheckMesh(c.Mesh) != nil {
		return &FieldError{"Mesh", c.Mesh, fmt.Sprintf("must be 1 to %d letters, digits, '.', '_' and '-'", topics.MaxMesh)}
	}
	return nil
}

func (c Config) checkSeeds(id *identity) error {
	if len(c.Seeds) > MaxSeeds {
		return &FieldError{"Seeds", len(c.Seeds), fmt.Sprintf("must be at most %d names", MaxSeeds)}
	}
	for i, seed := range c.Seeds {
		name, err := ParseName(seed)
		if err != nil {
			return &FieldError{fmt.Sprintf("Seeds[%d]", i), seed, err.Error()}
		}
		id.seeds = append(id.seeds, name)
	}
	return nil
}

func (c Config) checkProfile(id *identity) error {
	tags, err := topics.MakeTags(c.Tags)
	if err != nil {
		return &FieldError{"Tags", "", err.Error()}
	}
	id.profile = mesh.Profile{Program: c.Program, Tags: tags}
	if err := (topics.Header{Version: 1, Beat: topics.MinBeat, Program: c.Program}).Validate(); err != nil {
		return &FieldError{"Program", c.Program, err.Error()}
	}
	return nil
}

func (c Config) checkChannels(id *identity) error {
	if len(c.Channels) > MaxChannels {
		return &FieldError{"Channels", len(c.Channels), fmt.Sprintf("must be at most %d", MaxChannels)}
	}
	for i, channel := range c.Channels {
		topic, err := channelTopic(channel)
		if err != nil {
			return &FieldError{fmt.Sprintf("Channels[%d]", i), channel, ruleOf(err).Error()}
		}
		id.channels = append(id.channels, topic)
	}
	return nil
}
