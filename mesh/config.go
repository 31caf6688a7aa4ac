package mesh

import (
	"fmt"
	"time"

	"hearsay/topics"
)

// Config is what a machine is told at the start. A zero duration or count takes the value of LAN.
type Config struct {
	Self        topics.Name   // own name, as published
	Incarnation int64         // when this process started, Unix ms
	Mesh        string        // label of the mesh; "": it has none. Nodes of other labels are strangers
	Seeds       []topics.Name // dialled for ever; Self among them is skipped
	Profile     Profile       // what this node says of itself
	Seed        uint64        // of the random source: the same events give the same effects

	Beat       time.Duration // between two beats; a round takes as long
	Interval   time.Duration // between two whole lists to listeners without a name, and of naive peers
	Refresh    time.Duration // between two whole lists otherwise
	Debounce   time.Duration // how long a change of the list waits for others
	HelloGrace time.Duration // how long a listener may take to say its name before it is taken for naive
	SeedRetry  time.Duration // first wait after a failed dial of a seed; doubles up to SeedCap
	SeedCap    time.Duration // longest wait between dials of a seed never heard, or while nobody is heard
	BackOff    time.Duration // first wait after a failed dial of a candidate, and after a second eviction
	BackOffCap time.Duration // longest wait between probes of anybody
	HalfLife   time.Duration // of the penalty
	Tombstone  time.Duration // how long a goodbye is remembered
	Forget     time.Duration // how long a peer never heard again is remembered
	MaxPeers   int           // entries in the peer table, all states together
	FullMesh   int           // members up to which this node listens to all of them; 0: however many there are
}

// LAN suits machines in one place: a dead link shows within four seconds, a busy machine may stall for two.
func LAN() Config {
	return Config{
		Beat:       time.Second,
		Interval:   2500 * time.Millisecond, // what naive nodes use
		Refresh:    30 * time.Second,        // repairs a lost list at a thirtieth of the pulses' cost
		Debounce:   20 * time.Millisecond,   // several links come up within a few ms of each other
		HelloGrace: 300 * time.Millisecond,  // a hello follows its subscription at once; two round trips across an ocean
		SeedRetry:  100 * time.Millisecond,  // containers start within a second of each other
		SeedCap:    5 * time.Second,         // 720 dials an hour of one name, while it is all we have
		BackOff:    10 * time.Second,        // as the Kubernetes back-off starts
		BackOffCap: 300 * time.Second,       // as it ends: 12 dials an hour of a dead name
		HalfLife:   10 * time.Minute,        // between Kubernetes' reset (10 min) and BGP's (15 min)
		Tombstone:  10 * time.Minute,        // lists that still name it are gone by then
		Forget:     24 * time.Hour,          // a machine switched off overnight is still known in the morning
		MaxPeers:   4096,                    // four lists of 1,024 names
	}
}

// duration is a field of Config with its name and bounds.
type duration struct {
	name     string
	value    *time.Duration
	min, max time.Duration
}

func (c *Config) durations() []duration {
	return []duration{
		{"Beat", &c.Beat, topics.MinBeat * time.Millisecond, time.Minute},
		{"Interval", &c.Interval, topics.MinBeat * time.Millisecond, time.Hour},
		{"Refresh", &c.Refresh, topics.MinBeat * time.Millisecond, time.Hour},
		{"Debounce", &c.Debounce, time.Millisecond, 10 * time.Second},
		{"HelloGrace", &c.HelloGrace, 10 * time.Millisecond, time.Minute},
		{"SeedRetry", &c.SeedRetry, time.Millisecond, time.Minute},
		{"SeedCap", &c.SeedCap, 10 * time.Millisecond, time.Hour},
		{"BackOff", &c.BackOff, 10 * time.Millisecond, time.Hour},
		{"BackOffCap", &c.BackOffCap, 100 * time.Millisecond, 24 * time.Hour},
		{"HalfLife", &c.HalfLife, time.Second, 24 * time.Hour},
		{"Tombstone", &c.Tombstone, time.Second, 24 * time.Hour},
		{"Forget", &c.Forget, time.Minute, 365 * 24 * time.Hour},
	}
}

// maxTable bounds MaxPeers: a table twice as large as ever simulated.
const maxTable = 1 << 16

// Validate returns the first thing wrong with a Config, by field, value and bound. Zero durations and counts
// are not wrong, since New fills them in.
func (c Config) Validate() error {
	if _, err := topics.ParseName(string(c.Self)); err != nil {
		return fmt.Errorf("mesh: Config.Self: %w", err)
	}
	for _, s := range c.Seeds {
		if _, err := topics.ParseName(string(s)); err != nil {
			return fmt.Errorf("mesh: Config.Seeds: %w", err)
		}
	}
	if c.Mesh != "" {
		if err := topics.CheckMesh(c.Mesh); err != nil {
			return fmt.Errorf("mesh: Config.Mesh: %w", err)
		}
	}
	if c.Incarnation < 1 || c.Incarnation > topics.MaxTime {
		return fmt.Errorf("mesh: Config.Incarnation %d: want 1 to %d", c.Incarnation, int64(topics.MaxTime))
	}
	if err := c.Profile.validate(); err != nil {
		return fmt.Errorf("mesh: Config.Profile: %w", err)
	}
	if c.MaxPeers < 0 || c.MaxPeers > maxTable {
		return fmt.Errorf("mesh: Config.MaxPeers %d: want 0 to %d", c.MaxPeers, maxTable)
	}
	if c.FullMesh != 0 && (c.FullMesh < leastMesh || c.FullMesh > maxTable) {
		return fmt.Errorf("mesh: Config.FullMesh %d: want %d to %d, or 0 for all", c.FullMesh, leastMesh, maxTable)
	}
	for _, d := range c.durations() {
		if v := *d.value; v != 0 && (v < d.min || v > d.max) {
			return fmt.Errorf("mesh: Config.%s %v: want %v to %v", d.name, v, d.min, d.max)
		}
	}
	return c.withDefaults().validateOrder()
}

// validateOrder checks the fields that bound each other.
func (c Config) validateOrder() error {
	for _, o := range []struct {
		low, high string
		a, b      time.Duration
	}{
		{"Beat", "Interval", c.Beat, c.Interval},
		{"Beat", "Refresh", c.Beat, c.Refresh},
		{"Debounce", "Beat", c.Debounce, c.Beat},
		{"SeedRetry", "SeedCap", c.SeedRetry, c.SeedCap},
		{"BackOff", "BackOffCap", c.BackOff, c.BackOffCap},
	} {
		if o.a > o.b {
			return fmt.Errorf("mesh: Config.%s %v: want at most Config.%s %v", o.low, o.a, o.high, o.b)
		}
	}
	return nil
}

func (c Config) withDefaults() Config {
	lan := LAN()
	defaults := lan.durations()
	for i, d := range c.durations() {
		if *d.value == 0 {
			*d.value = *defaults[i].value
		}
	}
	if c.MaxPeers == 0 {
		c.MaxPeers = lan.MaxPeers
	}
	return c
}
