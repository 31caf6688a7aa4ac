package zmtp

import (
	"bytes"
	"errors"
	"slices"
	"testing"
)

// Points of low order, which make the same box for every secret key.
var lowOrder = []Key{
	{},
	{1},
	Key([]byte("\xe0\xeb\x7a\x7c\x3b\x41\xb8\xae\x16\x56\xe3\xfa\xf1\x9f\xc4\x6a\xda\x09\x8d\xeb\x9c\x32\xb1\xfd\x86\x62\x05\x16\x5f\x49\xb8\x00")),
	Key([]byte("\x5f\x9c\x95\xbc\xa3\x50\x8c\x24\xb1\xd0\xb1\x55\x9c\x83\xef\x5b\x04\x44\x5c\xc4\x58\x1c\x8e\x86\xd8\x22\x4e\xdd\xd0\x9f\x11\x57")),
	Key([]byte("\xec\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f")),
}

// Whoever knows what a key of low order leads to knows the key of the box as well. No such key is taken for anybody's.
func TestCurveLowOrder(t *testing.T) {
	for _, low := range lowOrder {
		if low.Valid() {
			t.Errorf("%x is valid", low)
		}
		server := newCurveServer(serverKey)
		if _, err := server.Advance(greetingOf("CURVE")); err != nil {
			t.Fatal(err)
		}
		body := append(append([]byte{1, 0}, make([]byte, helloPad)...), low[:]...)
		body = append(body, make([]byte, helloSize-len(body))...)
		if _, err := server.Advance(AppendCommand(nil, "HELLO", body)); !errors.Is(err, errLowOrder) || !errors.Is(err, ErrKey) {
			t.Errorf("HELLO of %x: %v", low, err)
		}

		// A client whose lasting key it is: the box of its vouch is known to all.
		evil := curvePair{
			NewHandshake(&Curve{Own: []KeyPair{serverKey}, Admit: func(Key) bool { return true }}, Params{Side: Server, SocketType: "PUB"}, "SUB"),
			newCurveClient(KeyPair{Public: low, Secret: clientKey.Secret}, serverKey.Public),
		}
		if err, _ := evil.play(untouched); !errors.Is(err, errLowOrder) {
			t.Errorf("INITIATE of %x: %v", low, err)
		}

		// A server whose key for the connection it is.
		client := newCurveClient(clientKey, serverKey.Public)
		hello := client.Opening()[GreetingSize+2+6:]
		key, _ := serverKey.boxKey(Key(hello[2+helloPad:]))
		sent := fresh(longNonce)
		boxed := seal(slices.Clone(sent), append(low[:], make([]byte, cookieSize)...), "WELCOME-", sent, &key)
		client.greeted = true
		if _, err := client.Advance(AppendCommand(nil, "WELCOME", boxed)); !errors.Is(err, errLowOrder) {
			t.Errorf("WELCOME of %x: %v", low, err)
		}
	}
}

func greetingOf(mechanism string) []byte { return AppendGreeting(nil, mechanism) }

// A handshake of which any one bit is changed, outside of what nobody reads, is refused by one of the two.
func TestCurveEveryBit(t *testing.T) {
	said := recorded(t)
	read := func(flight, at int) bool {
		switch {
		case at < GreetingSize && flight < 2: // the signature's padding, the minor version, as-server and the filler
			return at == 0 || at == signatureEnd || at >= mechanismAt && at < mechanismAt+mechanismSize
		case flight == 0 && at >= GreetingSize: // HELLO: the minor version and the padding
			body := at - GreetingSize - 2 - 6
			return body < 1 || body >= 2+helloPad
		}
		return true
	}
	for flight := range said {
		for at := range said[flight] {
			if !read(flight, at) {
				continue
			}
			server, client := newCurvePair().play(func(n int, b []byte) []byte {
				if n == flight {
					b = slices.Clone(b)
					b[at] ^= 1 << (at % 8)
				}
				return b
			})
			if server == nil && client == nil {
				t.Errorf("byte %d of flight %d was changed, and nobody noticed", at, flight)
			}
		}
	}
}

// A handshake that stops anywhere, and one of which a command is missing, is not done.
func TestCurveTruncated(t *testing.T) {
	for flight := range flights {
		for _, part := range []func(int) int{func(n int) int { return 0 }, func(n int) int { return n / 2 }, func(n int) int { return n - 1 }} {
			p := newCurvePair()
			server, client := p.play(func(n int, b []byte) []byte {
				if n == flight {
					return b[:part(len(b))]
				}
				return b
			})
			if server == nil && client == nil {
				t.Errorf("flight %d was cut, and the handshake is done", flight)
			}
		}
	}
	for _, size := range []int{0, 1, 100, initiateMin - 1} { // whole commands that are too short
		for name, h := range map[string]*Handshake{"HELLO": newCurveServer(serverKey), "INITIATE": welcomed(t)} {
			h.greeted = true
			if _, err := h.Advance(AppendCommand(nil, name, make([]byte, size))); !errors.Is(err, ErrCurve) && !errors.Is(err, ErrKey) && !errors.Is(err, errLowOrder) {
				t.Errorf("%s of %d bytes: %v", name, size, err)
			}
		}
	}
}

// welcomed is a server that has sent its WELCOME.
func welcomed(t testing.TB) *Handshake {
	h := newCurveServer(serverKey)
	s := &side{Handshake: h, in: newCurveClient(clientKey, serverKey.Public).Opening()}
	if said, err := s.advance(); len(said) == 0 || err != nil {
		t.Fatal("no WELCOME:", err)
	}
	return h
}

// What one side said is of no use to another connection, nor to the side itself.
func TestCurveReplayed(t *testing.T) {
	old := recorded(t)
	for from := range flights { // each flight of one side, from then on
		server, client := newCurvePair().play(func(flight int, b []byte) []byte {
			if serverSays(flight) == serverSays(from) && flight >= from && flight > greeted {
				return old[flight]
			}
			return b
		})
		if server == nil && client == nil {
			t.Errorf("flights of another handshake from %d on were believed", from)
		}
	}
	// A server that does not know its key can only say back what it hears.
	client := newCurveClient(clientKey, serverKey.Public)
	c := &side{Handshake: client}
	c.in = client.Opening()
	if _, err := c.advance(); !errors.Is(err, ErrCurve) {
		t.Errorf("its own HELLO: %v", err)
	}
	// A HELLO may be sent again by anybody. What it leads to is of no use without C'.
	s := &side{Handshake: newCurveServer(serverKey), in: append(slices.Clone(old[opening]), old[initiate]...)}
	if _, err := s.advance(); !errors.Is(err, ErrCurve) || s.done {
		t.Errorf("HELLO and INITIATE of another connection: %v", err)
	}
}

// A command that comes too early, or twice, ends the handshake.
func TestCurveOrder(t *testing.T) {
	hello := newCurveClient(clientKey, serverKey.Public).Opening()[GreetingSize:]
	boxed := AppendCommand(nil, "READY", make([]byte, 100))
	for name, c := range map[string]struct {
		h    *Handshake
		said []byte
		want error
	}{
		"HELLO twice":          {welcomed(t), hello, ErrCurve},
		"INITIATE first":       {newCurveServer(serverKey), AppendCommand(nil, "INITIATE", make([]byte, 300)), ErrCurve},
		"READY to a server":    {newCurveServer(serverKey), boxed, ErrCurve},
		"READY before WELCOME": {newCurveClient(clientKey, serverKey.Public), boxed, ErrCurve},
		"NULL's READY":         {newCurveServer(serverKey), AppendReady(nil, "SUB"), ErrCurve},
		"a greeting of NULL":   {newCurveClient(clientKey, serverKey.Public), greetingOf("NULL"), ErrMechanism},
		"an ERROR":             {newCurveClient(clientKey, serverKey.Public), AppendCommand(nil, "ERROR", []byte("\x03400")), ErrKey},
		"half an ERROR":        {newCurveClient(clientKey, serverKey.Public), AppendCommand(nil, "ERROR", []byte("\x0940")), ErrKey},
		"an ERROR to a server": {newCurveServer(serverKey), AppendCommand(nil, "ERROR", []byte("\x03400")), ErrCurve},
		"no command at all":    {newCurveServer(serverKey), AppendFrame(nil, FlagCommand, nil), ErrCurve},
		"a message":            {newCurveServer(serverKey), AppendMessage(nil, []byte("0")), ErrReady},
		"a HELLO of version 2": {newCurveServer(serverKey), bytes.Replace(hello, []byte("HELLO\x01"), []byte("HELLO\x02"), 1), ErrCurve},
	} {
		c.h.greeted = name != "a greeting of NULL"
		if _, err := c.h.Advance(c.said); !errors.Is(err, c.want) {
			t.Errorf("%s: %v; want %v", name, err, c.want)
		}
	}
}

// A vouch has to be for this server.
func TestCurveVouchForAnother(t *testing.T) {
	other := GenerateKey()
	h := newCurveServer(serverKey)
	s := &side{Handshake: h}
	short := GenerateKey()
	key, _ := short.boxKey(serverKey.Public)
	body := append(append([]byte{1, 0}, make([]byte, helloPad)...), short.Public[:]...)
	body = append(body, 0, 0, 0, 0, 0, 0, 0, 1)
	body = seal(body, make([]byte, helloZeros), "CurveZMQHELLO---", body[len(body)-shortNonce:], &key)
	s.in = append(greetingOf("CURVE"), AppendCommand(nil, "HELLO", body)...)
	said, err := s.advance()
	if err != nil {
		t.Fatal(err)
	}
	boxed := said[2+8:]
	plain, ok := unbox(boxed[longNonce:], "WELCOME-", boxed[:longNonce], &key)
	if !ok {
		t.Fatal("the WELCOME cannot be opened")
	}
	theirs := Key(plain[:KeySize])
	between, _ := short.boxKey(theirs)
	vouching, _ := clientKey.boxKey(theirs)
	for _, c := range []struct {
		name   string
		vouch  []byte
		number byte
		want   error
	}{
		{"another server", append(short.Public[:], other.Public[:]...), 2, ErrKey},
		{"another key for the connection", append(other.Public[:], serverKey.Public[:]...), 2, ErrKey},
		{"the number of the HELLO", append(short.Public[:], serverKey.Public[:]...), 1, ErrKey},
		{"nothing wrong", append(short.Public[:], serverKey.Public[:]...), 2, nil},
	} {
		again := *h.session.(*curveServer) // each tries the same state
		long := fresh(longNonce)
		inner := seal(append(clientKey.Public[:], long...), c.vouch, "VOUCH---", long, &vouching)
		inner = append(inner, appendProperty(nil, TypeProperty, "SUB")...)
		body := append(slices.Clone(plain[KeySize:]), 0, 0, 0, 0, 0, 0, 0, c.number)
		body = seal(body, inner, "CurveZMQINITIATE", body[len(body)-shortNonce:], &between)
		if _, _, err := again.Take(nil, AppendCommand(nil, "INITIATE", body)[MaxHead:]); !errors.Is(err, c.want) {
			t.Errorf("%s: %v; want %v", c.name, err, c.want)
		}
	}
}

// After the handshake, the short-lived secrets and the cookie's key are gone.
func TestCurveForgets(t *testing.T) {
	server, client := established(t)
	s, c := server.(*curveServer), client.(*curveClient)
	if s.short.Secret != (Secret{}) || c.short.Secret != (Secret{}) || s.short.ready != nil || c.short.ready != nil || s.cookie != [KeySize]byte{} || s.curve != nil || s.used != nil {
		t.Error("a secret of the handshake is still there")
	}
}

// The server's short-lived key is the same for a moment, and then forgotten, with the vouches. No two sessions have the
// same key.
func TestCurveRecent(t *testing.T) {
	curve := &Curve{Own: []KeyPair{serverKey}, Admit: admitClient}
	session := func(client KeyPair) *curveServer {
		p := curvePair{NewHandshake(curve, Params{Side: Server, SocketType: "PUB"}, "SUB"), newCurveClient(client, serverKey.Public)}
		if a, b := p.play(untouched); a != nil || b != nil {
			t.Fatal(a, b)
		}
		return p.server.Session().(*curveServer)
	}
	a := session(clientKey)
	pair := curve.recent.pair
	b := session(clientKey)
	if curve.recent.pair != pair || len(curve.recent.vouches) != 1 {
		t.Errorf("another key within a moment, or %d vouches", len(curve.recent.vouches))
	}
	if a.key == b.key {
		t.Error("two sessions have one key")
	}
	vouches := curve.recent.vouches
	curve.recent.forget()
	if curve.recent.pair.Secret != (Secret{}) || curve.recent.vouches != nil || vouches[clientKey.Public] != [KeySize]byte{} {
		t.Error("it is not forgotten")
	}
	if _, err := curve.recent.vouchKey(&pair, clientKey.Public); err != nil || curve.recent.vouches != nil {
		t.Error("a vouch of the key before is kept:", err)
	}
	if next := curve.recent.get(Key{1}); next == pair {
		t.Error("the same key again")
	} else if curve.recent.get(Key{2}) != next {
		t.Error("another client gets another key")
	} else if curve.recent.get(Key{1}) == next {
		t.Error("a client's key meets the server's twice")
	}
	c := session(clientKey)
	if c.key == b.key {
		t.Error("two sessions have one key")
	}
	liar := KeyPair{Public: clientKey.Public, Secret: GenerateKey().Secret} // whose key's vouches are known
	p := curvePair{NewHandshake(curve, Params{Side: Server, SocketType: "PUB"}, "SUB"), newCurveClient(liar, serverKey.Public)}
	if err, _ := p.play(untouched); !errors.Is(err, ErrKey) {
		t.Errorf("a liar: %v", err)
	}
}

func messages(frames ...[]byte) (b []byte) {
	for i, f := range frames {
		b = append(b, AppendMessage(nil, []byte("topic"), f, []byte{byte(i)})...)
		b = AppendCommand(b, "PING", []byte("\x00\x00x"))
	}
	return b
}
