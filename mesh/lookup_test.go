package mesh

import (
	"testing"
	"time"
)

func TestLookupWait(t *testing.T) {
	c := LAN()
	for _, l := range []struct {
		about string
		asked asked
		names int
		want  time.Duration
	}{
		{"at first", asked{}, 1, 100 * time.Millisecond},
		{"without a new address", asked{stale: 3}, 1, 800 * time.Millisecond},
		{"while peers are heard", asked{stale: 30}, 1, 30 * time.Second},
		{"while nobody is", asked{stale: 30, alone: true}, 1, 5 * time.Second},
		{"one address, again at once", asked{stale: 2, single: true, alone: true}, 1, 100 * time.Millisecond / 32},
		{"one address, after a row", asked{stale: 15, single: true, alone: true}, 1, 100 * time.Millisecond},
		{"one address, long since", asked{stale: 16 + 9, single: true}, 1, 30 * time.Second},
		{"one address, somebody missed", asked{stale: 62, single: true, missed: true}, 1, 100 * time.Millisecond / 32},
		{"one address, somebody missed for long", asked{stale: 199, single: true, missed: true}, 1, 5 * time.Second},
		{"many names", asked{stale: 30, alone: true}, 1024, 256 * time.Second},
	} {
		if got := lookupWait(l.asked, l.names, &c); got != l.want {
			t.Errorf("%s: %v, want %v", l.about, got, l.want)
		}
	}
}

func TestFoundWait(t *testing.T) {
	c := LAN()
	for _, f := range []struct {
		tries int
		alone bool
		found int
		want  time.Duration
	}{
		{1, true, 1, 500 * time.Millisecond},
		{9, true, 1, 5 * time.Second},
		{9, true, 1000, 500 * time.Second},
		{1, false, 3, 10 * time.Second},
		{9, false, 3, 300 * time.Second},
		{9, false, 1024, 512 * time.Second},
	} {
		if got := foundWait(f.tries, f.alone, f.found, &c); got != f.want {
			t.Errorf("%+v: %v", f, got)
		}
	}
}

func TestOurs(t *testing.T) {
	o := make(ours)
	o.note("[fd00::1]:20000", time.Second)
	for addr, want := range map[string]bool{"[fd00::1]:20000": true, "fd00::1": true, "[fd00::1]:20001": false, "10.0.0.1": false} {
		if o.has(addr, time.Minute, time.Minute) != want {
			t.Errorf("%s: %v", addr, !want)
		}
	}
	if o.has("fd00::1", time.Second+time.Minute, time.Minute) {
		t.Error("believed for ever")
	}
	o.forget("[fd00::1]:20000")
	for i := range 4 * perSource {
		o.note(joinEndpoint("10.0.0.1", 20000+i), time.Second)
	}
	if len(o) > 2*perSource+1 || o.has("fd00::1", time.Second, time.Minute) {
		t.Errorf("%d held", len(o))
	}
}
