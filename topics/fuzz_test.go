package topics

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

func FuzzParseName(f *testing.F) {
	v := vectors[nameVectors](f, "names.json")
	for _, c := range v.Valid {
		f.Add(c.bytes(f))
	}
	for _, r := range v.Invalid {
		if in := r.bytes(f); len(in) <= MaxList {
			f.Add(in)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		n, err := ParseNameBytes(b)
		n2, err2 := ParseName(string(b))
		if (err == nil) != (err2 == nil) || n != n2 {
			t.Fatalf("bytes %q, %v; string %q, %v", n, err, n2, err2)
		}
		if err != nil {
			return
		}
		if string(n) != string(b) {
			t.Fatalf("%q became %q", b, n)
		}
		checkAccepted(t, n)
	})
}

// The readers of addresses accept what net/netip accepts, and read it alike.
func FuzzParseAddress(f *testing.F) {
	v := vectors[nameVectors](f, "names.json")
	for _, c := range v.Valid {
		f.Add(strings.Trim(c.In, "[]"))
	}
	for _, r := range v.Invalid {
		f.Add(strings.Trim(r.In, "[]"))
	}
	f.Fuzz(func(t *testing.T, s string) {
		addr, err := netip.ParseAddr(s)
		is4, is6 := err == nil && addr.Is4(), err == nil && addr.Is6() && addr.Zone() == ""
		if ip, ok := parseIPv4(s); ok != is4 || ok && ip != addr.As4() {
			t.Fatalf("%q: IPv4 %v %v, netip %v, %v", s, ip, ok, addr, err)
		}
		if ip, ok := parseIPv6(s); ok != is6 || ok && ip != addr.As16() {
			t.Fatalf("%q: IPv6 %v %v, netip %v, %v", s, ip, ok, addr, err)
		} else if ok && !addr.Is4In6() && string(appendIPv6(nil, ip)) != addr.String() {
			t.Fatalf("%q: %s, netip prints %s", s, appendIPv6(nil, ip), addr)
		}
	})
}

func FuzzParseList(f *testing.F) {
	for _, c := range listVectors(f) {
		if in := c.bytes(f); len(in) <= 2*MaxList {
			f.Add(in)
		}
	}
	var in Interner // remembers from input to input, as a node does
	f.Fuzz(func(t *testing.T, b []byte) {
		names, bad, err := ParseList(b, nil)
		again, badAgain, errAgain := in.ParseList(b, nil)
		if !slices.Equal(names, again) || bad != badAgain || (err == nil) != (errAgain == nil) {
			t.Fatalf("fresh %q, %d, %v; used %q, %d, %v", names, bad, err, again, badAgain, errAgain)
		}
		want, wantBad, ok := slowParseList(string(b))
		if !slices.Equal(names, want) || bad != wantBad || (err == nil) != ok {
			t.Fatalf("got %q, %d, %v, want %q, %d, %v", names, bad, err, want, wantBad, ok)
		}
		if err != nil {
			return
		}
		out := AppendList(nil, names)
		back, bad, err := ParseList(out, nil)
		if !slices.Equal(back, names) || bad != 0 || err != nil || len(out) > len(b) {
			t.Fatalf("%q was written as %q and read as %q, %d, %v", names, out, back, bad, err)
		}
	})
}

// slowParseList is what a list means, without regard to cost.
func slowParseList(s string) (names []Name, bad int, ok bool) {
	if len(s) > MaxList {
		return nil, 0, false
	}
	seen := map[Name]bool{}
	for i, entry := range strings.Split(s, ",") {
		n, err := ParseName(entry)
		switch {
		case i == 0 && err != nil:
			return nil, 0, false
		case len(names) == MaxNames || err != nil:
			bad++
		case !seen[n.Key()]:
			seen[n.Key()] = true
			names = append(names, n)
		}
	}
	return names, bad, true
}

func FuzzHeader(f *testing.F) {
	v := vectors[headerVectors](f, "headers.json")
	for _, c := range v.Valid {
		f.Add(c.bytes(f))
	}
	for _, r := range v.Invalid {
		if in := r.bytes(f); len(in) <= 2*MaxHeader {
			f.Add(in)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if h, ok := scanHeader(b); ok {
			var want Header
			if err := json.Unmarshal(b, &want); err != nil || h != want {
				t.Fatalf("%q: scanned %+v, encoding/json reads %+v, %v", b, h, want, err)
			}
		}
		h, err := ParseHeader(b)
		if err != nil {
			if h != (Header{}) {
				t.Fatalf("%v, and yet %+v", err, h)
			}
			return
		}
		if err := h.Validate(); err != nil || len(b) > MaxHeader {
			t.Fatalf("%q was accepted: %v", b, err)
		}
		checkHeader(t, h)
	})
}

func FuzzEnvelope(f *testing.F) {
	v := vectors[envelopeVectors](f, "envelopes.json")
	for _, c := range v.Valid {
		f.Add(c.bytes(f))
	}
	for _, r := range v.Invalid {
		f.Add(r.bytes(f))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if e, ok := scanEnvelope(string(b)); ok {
			var want Envelope
			if err := json.Unmarshal(b, &want); err != nil || e != want {
				t.Fatalf("%q: scanned %+v, encoding/json reads %+v, %v", b, e, want, err)
			}
		}
		e, err := ParseEnvelope(b)
		if err != nil {
			if e != (Envelope{}) {
				t.Fatalf("%v, and yet %+v", err, e)
			}
			return
		}
		if err := e.Validate(); err != nil || len(b) > MaxEnvelope || strings.ContainsAny(e.UID+string(e.Origin), " \n\x00") {
			t.Fatalf("%q was accepted: %v", b, err)
		}
		if n := len(AppendEnvelope(nil, e)); n > MaxEnvelope {
			t.Fatalf("%q is written in %d bytes", b, n)
		}
		checkEnvelope(t, e)
	})
}

func FuzzHello(f *testing.F) {
	for _, s := range []string{"", "0", "hello", "hello/", "hello/node_1", "hello/[::1]:99", "hello/a,b", "hello/blue/a", "hello/blue/", "mesh", "2/hello/a", "2/a", "3"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := ParseHello(b)
		kind := KindOf(b)
		if (kind == KindHello) != bytes.HasPrefix(b, []byte(HelloPrefix)) || err == nil && kind != KindHello {
			t.Fatalf("%q: kind %v, hello %+v, %v", b, kind, h, err)
		}
		if name, ok := Channel(string(b)); ok {
			if topic, err := ChannelTopic(name); err != nil || topic != string(b) || kind != KindChannel {
				t.Fatalf("%q: channel %q, topic %q, %v, kind %v", b, name, topic, err, kind)
			}
		}
		if err != nil {
			return
		}
		if h.Topic() != string(b) || h.Mesh != "" && CheckMesh(h.Mesh) != nil {
			t.Fatalf("%q became %q", b, h.Topic())
		}
		if h.Mesh == "" || h.Name != "" {
			checkAccepted(t, h.Name)
		}
	})
}
