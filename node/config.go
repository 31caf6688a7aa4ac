package node

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"time"

	"hearsay/topics"
)

// Config says who a node is, whom it knows, and what it tolerates. Only Hostname is needed; every other zero
// field takes the default named beside it.
type Config struct {
	Hostname string   // this node's name, by which others reach it
	Seeds    []string // names to start from, HOST or HOST:PORT; none: wait to be found

	Bind          string // literal address to listen on and to dial from; "": every address
	DiscoveryPort int    // 20000; a node on another port carries it in its name
	MessagePort   int    // always DiscoveryPort + 10000, which is its default

	Beat     time.Duration // between signs of life: 1 s; 100 ms to 1 min
	Interval time.Duration // between whole lists while naive nodes are about: 2.5 s; 100 ms to 10 min

	Channels   []string // named channels to receive; plain messages always are
	MaxMessage int      // bytes of a message body, in and out: 1 MiB; 1 byte to 64 MiB
	Queue      int      // messages waiting for the application: 1,024; 1 to 1,048,576

	StateDir string // directory in which known peers are remembered; "": they are not

	Resolver Resolver     // nil: the system's
	Logger   *slog.Logger // nil: nothing is logged
}

// Resolver looks up the addresses of a hostname, each time it is dialled. *net.Resolver is one.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Bounds of Config.
const (
	MinBeat, MaxBeat         = 100 * time.Millisecond, time.Minute
	MinInterval, MaxInterval = 100 * time.Millisecond, 10 * time.Minute
	MaxMaxMessage            = 64 << 20
	MaxQueue                 = 1 << 20
	MaxSeeds                 = topics.MaxNames
	MaxChannels              = 32
	maxDiscoveryPort         = 65535 - topics.PortStep
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
	def(&c.Interval, defaultInterval)
	def(&c.MaxMessage, topics.MaxMessage)
	def(&c.Queue, defaultQueue)
	if c.Resolver == nil {
		c.Resolver = net.DefaultResolver
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
}

func (c Config) check() (id identity, err error) {
	for _, check := range []func(*identity) error{c.checkNumbers, c.checkBind, c.checkName, c.checkSeeds, c.checkChannels} {
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
	case c.MaxMessage < 1 || c.MaxMessage > MaxMaxMessage:
		return &FieldError{"MaxMessage", c.MaxMessage, fmt.Sprintf("must be 1 to %d bytes", MaxMaxMessage)}
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
	name, err := topics.ParseName(c.Hostname)
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

func (c Config) checkSeeds(id *identity) error {
	if len(c.Seeds) > MaxSeeds {
		return &FieldError{"Seeds", len(c.Seeds), fmt.Sprintf("must be at most %d names", MaxSeeds)}
	}
	for i, seed := range c.Seeds {
		name, err := topics.ParseName(seed)
		if err != nil {
			return &FieldError{fmt.Sprintf("Seeds[%d]", i), seed, err.Error()}
		}
		id.seeds = append(id.seeds, name)
	}
	return nil
}

func (c Config) checkChannels(id *identity) error {
	if len(c.Channels) > MaxChannels {
		return &FieldError{"Channels", len(c.Channels), fmt.Sprintf("must be at most %d", MaxChannels)}
	}
	for i, channel := range c.Channels {
		topic, err := topics.ChannelTopic(channel)
		if err != nil {
			return &FieldError{fmt.Sprintf("Channels[%d]", i), channel, err.Error()}
		}
		id.channels = append(id.channels, topic)
	}
	return nil
}
