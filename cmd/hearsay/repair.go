package main

import (
	"strconv"
	"time"

	"github.com/urfave/cli/v2"

	"hearsay/node"
	"hearsay/topics"
)

// What the flags about missed messages are where they are not given.
const (
	defaultRing     = 64 << 20
	defaultRingTime = time.Minute
	defaultTTL      = topics.MaxTTL / 2
)

// readRepair reads the flags about messages that are missed, repaired, replayed and relayed. A zero that a person wrote is
// not the zero of node.Config, which is the default.
func readRepair(c *cli.Context, cfg *node.Config) (err error) {
	cfg.RingBytes, cfg.RingTime = c.Int("ring-bytes"), c.Duration("ring-time")
	if bytes := cfg.RingBytes; bytes < node.MinRingBytes || bytes > node.MaxRingBytes {
		return usagef("--ring-bytes %d: must be %d to %d bytes", bytes, node.MinRingBytes, node.MaxRingBytes)
	}
	if age := cfg.RingTime; age < node.MinRingTime || age > node.MaxRingTime {
		return usagef("--ring-time %v: must be %v to %v", age, node.MinRingTime, node.MaxRingTime)
	}
	switch ttl := c.Int("ttl"); {
	case ttl < 0 || ttl > topics.MaxTTL:
		return usagef("--ttl %d: must be 0 to %d", ttl, topics.MaxTTL)
	case ttl == 0:
		cfg.TTL = -1
	default:
		cfg.TTL = ttl
	}
	cfg.ReplayCount, cfg.ReplayTime, err = parseReplay(c.String("replay"))
	return err
}

// parseReplay reads how much of the past is asked for: a count, a time, or nothing.
func parseReplay(text string) (count int, within time.Duration, err error) {
	if text == "" {
		return 0, 0, nil
	}
	if count, err = strconv.Atoi(text); err == nil && count >= 0 {
		return count, 0, nil
	}
	within, err = time.ParseDuration(text)
	if err != nil || within < time.Millisecond || within > node.MaxRingTime {
		return 0, 0, usagef("--replay %.40q: must be a number of messages, such as 100, or a time of 1ms to %v, such as 30s", text, node.MaxRingTime)
	}
	return 0, within, nil
}
