package link

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"hearsay/node/link/zmtp"
)

// What is hostile to a publisher is so under either mechanism: the same tables go through both.

// spoken is one mechanism, and how a test's own client speaks it.
type spoken struct {
	cfg  Config
	join func(*testing.T, *peer) zmtp.Session // greets and shakes hands
	well func(testing.TB, *Link)
}

// underBoth runs a test with NULL and with CURVE.
func underBoth(t *testing.T, f func(*testing.T, spoken)) {
	for name, s := range map[string]spoken{
		"NULL": {Config{}, func(t *testing.T, p *peer) zmtp.Session {
			if err := p.shake("SUB"); err != nil {
				t.Fatal(err)
			}
			return zmtp.Null.Open(zmtp.Params{})
		}, well},
		"CURVE": {Config{Keys: locked}, func(t *testing.T, p *peer) zmtp.Session { return flights(t, p, 9, meshKey) }, wellLocked},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f(t, s)
		})
	}
}

// greeted is what was to be said after a greeting of NULL, said after one of this mechanism, and the reverse.
func (s spoken) greeted(said []byte) []byte {
	const at = 12 // the mechanism's name
	said = bytes.Clone(said)
	if s.cfg.Keys == nil || len(said) < zmtp.GreetingSize {
		return said
	}
	switch rest := said[at:]; {
	case bytes.HasPrefix(rest, []byte("NULL\x00")):
		copy(rest, "CURVE")
	case bytes.HasPrefix(rest, []byte("CURVE\x00")):
		copy(rest, "NULL\x00")
	}
	return said
}

// What a client may do wrong once it is in: what is counted, how often, and whether it ends the connection.
var breaches = map[string]struct {
	says   []byte
	counts string
	times  uint64
	ends   bool
}{
	"4 GiB announced":       {head(0, 1<<32), "too_large", 1, true},
	"2^62 bytes announced":  {head(0, 1<<62), "too_large", 1, true},
	"a large command":       {head(zmtp.FlagCommand, 1<<40), "too_large", 1, true},
	"a long subscription":   {subscription(string(make([]byte, maxControlFrame))), "too_large", 1, true},
	"too many frames":       {zmtp.AppendMessage(nil, bytes.Split(make([]byte, 100), nil)...), "too_many_frames", 1, true},
	"a command in between":  {append([]byte{zmtp.FlagMore, 1, 'x'}, ping...), "bad_frame", 1, true},
	"reserved flags":        {[]byte{0x80, 1, 'x'}, "bad_frame", 1, true},
	"a flood of pings":      {bytes.Repeat(ping, 100*controlBurst), "flood", 1, true},
	"churn":                 {bytes.Repeat(append(cancellation("0"), subscription("0")...), controlBurst), "flood", 1, true},
	"a ping that is none":   {zmtp.AppendCommand(nil, "PING", nil), "strays", 1, false},
	"an unknown command":    {zmtp.AppendCommand(nil, "NONSENSE", nil), "strays", 1, false},
	"an empty command":      {zmtp.AppendFrame(nil, zmtp.FlagCommand, nil), "strays", 1, false},
	"a READY once more":     {zmtp.AppendReady(nil, "SUB"), "strays", 1, false},
	"a message":             {zmtp.AppendMessage(nil, []byte("a message"), []byte("to a publisher")), "strays", 1, false},
	"endless subscriptions": {many("topic %04d", 5000), "subscriptions_ignored", 5000 - uint64(maxTopics/(topicOverhead+10)), false},
}

func many(topic string, n int) (b []byte) {
	for i := range n {
		b = append(b, subscription(fmt.Sprintf(topic, i))...)
	}
	return b
}

func TestBreachesUnderBoth(t *testing.T) {
	t.Parallel()
	underBoth(t, func(t *testing.T, s spoken) {
		for name, c := range breaches {
			t.Run(name, func(t *testing.T) {
				l, addr := attacked(t, s.cfg)
				p := connect(t, addr)
				session := s.join(t, p)
				said := sealedWhole(session, c.says)
				go p.say(said...) // nobody reads the answers
				counts(t, l, c.counts, c.times)
				if c.ends {
					p.hungUp()
				}
				s.well(t, l)
			})
		}
	})
}

// What is no client of a publisher is turned away at once, whatever the publisher speaks.
func TestRejectedUnderBoth(t *testing.T) {
	t.Parallel()
	underBoth(t, func(t *testing.T, s spoken) {
		cfg := s.cfg
		cfg.HandshakeTimeout = time.Hour
		for name, say := range rejected {
			t.Run(name, func(t *testing.T) {
				l, addr := attacked(t, cfg)
				connect(t, addr).say(s.greeted(say)...).hungUp()
				counts(t, l, "handshake_rejects", 1)
				s.well(t, l)
			})
		}
	})
}
