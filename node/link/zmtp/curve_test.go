package zmtp

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/curve25519"
)

// curvePair is the two sides of a connection with CURVE, the server first.
type curvePair struct{ server, client *Handshake }

var (
	serverKey = GenerateKey()
	clientKey = GenerateKey()
)

// admitClient lets in the one client of these tests.
func admitClient(k Key) bool { return k == clientKey.Public }

func newCurveServer(own ...KeyPair) *Handshake {
	return NewHandshake(&Curve{Own: own, Admit: admitClient}, Params{Side: Server, SocketType: "PUB", MaxMessage: 1 << 20}, "SUB", "XSUB")
}

func newCurveClient(own KeyPair, server Key) *Handshake {
	return NewHandshake(&Curve{Own: []KeyPair{own}, Server: server}, Params{Side: Client, SocketType: "SUB", MaxMessage: 1 << 20}, "PUB")
}

func newCurvePair() curvePair {
	return curvePair{newCurveServer(serverKey), newCurveClient(clientKey, serverKey.Public)}
}

// side is one end of a handshake that is played: what came and is unread, and whether it is done.
type side struct {
	*Handshake
	in   []byte
	done bool
}

// advance takes in what is there, and returns what it says to that.
func (s *side) advance() (said []byte, err error) {
	for !s.done {
		p, err := s.Advance(s.in)
		if err != nil {
			return said, err
		}
		s.in = s.in[p.Used:]
		said = append(said, p.Reply...)
		s.done = p.Done
		if p.Used == 0 {
			return said, nil
		}
	}
	return said, nil
}

// What either side says, in its order.
const (
	opening  = iota // of the client: greeting and HELLO
	greeted         // of the server: its greeting
	welcome         // of the server
	initiate        // of the client
	ready           // of the server
	flights
)

func serverSays(flight int) bool { return flight != opening && flight != initiate }

// play drives both sides. meddle sees each flight of bytes, and may change it. It returns what either side ended with.
func (p curvePair) play(meddle func(flight int, b []byte) []byte) (server, client error) {
	s, c := &side{Handshake: p.server}, &side{Handshake: p.client}
	s.in, c.in = meddle(opening, c.Opening()), meddle(greeted, s.Opening())
	for flight := welcome; ; flight++ {
		to, from, err := c, s, &server
		if !serverSays(flight) {
			to, from, err = s, c, &client
		}
		said, e := from.advance()
		if e != nil {
			*err = e
			return server, client
		}
		if flight == flights {
			_, client = c.advance()
		}
		switch {
		case s.done && c.done:
			return nil, nil
		case len(said) == 0 && flight >= flights:
			return errTooShort, errTooShort
		}
		if len(said) > 0 {
			said = meddle(flight, said)
		}
		to.in = append(to.in, said...)
	}
}

func untouched(_ int, b []byte) []byte { return b }

func established(t testing.TB) (server, client Session) {
	t.Helper()
	p := newCurvePair()
	if a, b := p.play(untouched); a != nil || b != nil {
		t.Fatal(a, b)
	}
	return p.server.Session(), p.client.Session()
}

// recorded is what is said in one handshake.
func recorded(t testing.TB) (said [][]byte) {
	t.Helper()
	a, b := newCurvePair().play(func(_ int, b []byte) []byte {
		said = append(said, slices.Clone(b))
		return b
	})
	if a != nil || b != nil || len(said) != flights {
		t.Fatal(len(said), a, b)
	}
	return said
}

func TestCurveHandshake(t *testing.T) {
	server, client := established(t)
	if own, peer := server.(Keyed).Keys(); own != serverKey.Public || peer != clientKey.Public {
		t.Errorf("the server has %s and %s", own, peer)
	}
	if own, peer := client.(Keyed).Keys(); own != clientKey.Public || peer != serverKey.Public {
		t.Errorf("the client has %s and %s", own, peer)
	}
	if server.Peer() != "SUB" || client.Peer() != "PUB" {
		t.Errorf("the other sides are %q and %q", server.Peer(), client.Peer())
	}
}

// The sizes of the commands are those of RFC 26, and their frames those of libzmq.
func TestCurveSizes(t *testing.T) {
	var heads [][2]int // flags, size
	_, _ = newCurvePair().play(func(flight int, b []byte) []byte {
		for at := 0; at < len(b); {
			if b[at] == 0xFF {
				at += GreetingSize
				continue
			}
			flags, size, head := Head(b[at:])
			heads = append(heads, [2]int{int(flags), int(size)})
			at += head + int(size)
		}
		return b
	})
	const metadata = 1 + len(TypeProperty) + 4 + 3
	want := [][2]int{{FlagCommand, 200}, {FlagCommand, 168}, {FlagCommand | FlagLong, 257 + metadata}, {FlagCommand, 30 + metadata}}
	if !slices.Equal(heads, want) {
		t.Errorf("got %v; want %v", heads, want)
	}
}

// A server answers to each of its keys, and is known by the one that was meant.
func TestCurveSecondKey(t *testing.T) {
	old := GenerateKey()
	p := curvePair{newCurveServer(serverKey, old), newCurveClient(clientKey, old.Public)}
	if a, b := p.play(untouched); a != nil || b != nil {
		t.Fatal(a, b)
	}
	if own, _ := p.server.Session().(Keyed).Keys(); own != old.Public {
		t.Errorf("spoke with %s", own)
	}
}

func TestCurveRefusals(t *testing.T) {
	stranger := GenerateKey()
	other := GenerateKey()
	liar := KeyPair{Public: clientKey.Public, Secret: stranger.Secret}
	for name, c := range map[string]struct {
		server, client *Handshake
		at             string // which side ends it
		want           error
	}{
		"another server's key": {newCurveServer(serverKey), newCurveClient(clientKey, other.Public), "server", ErrKey},
		"a stranger":           {newCurveServer(serverKey), newCurveClient(stranger, serverKey.Public), "server", ErrUnauthorized},
		"a liar":               {newCurveServer(serverKey), newCurveClient(liar, serverKey.Public), "server", ErrKey},
		"nobody is admitted": {
			NewHandshake(&Curve{Own: []KeyPair{serverKey}}, Params{Side: Server, SocketType: "PUB"}, "SUB"),
			newCurveClient(clientKey, serverKey.Public), "server", ErrUnauthorized,
		},
		"no key of its own": {newCurveServer(), newCurveClient(clientKey, serverKey.Public), "server", ErrKey},
		"a wrong type": {
			newCurveServer(serverKey),
			NewHandshake(&Curve{Own: []KeyPair{clientKey}, Server: serverKey.Public}, Params{Side: Client, SocketType: "REQ"}, "PUB"),
			"server", ErrSocket,
		},
		"NULL meets CURVE": {
			newCurveServer(serverKey), NewHandshake(Null, Params{Side: Client, SocketType: "SUB"}, "PUB"), "server", ErrMechanism,
		},
		"CURVE meets NULL": {
			NewHandshake(Null, Params{Side: Server, SocketType: "PUB"}, "SUB"), newCurveClient(clientKey, serverKey.Public), "server", ErrMechanism,
		},
	} {
		server, client := curvePair{c.server, c.client}.play(untouched)
		got := server
		if c.at == "client" {
			got = client
		}
		if !errors.Is(got, c.want) {
			t.Errorf("%s: server %v, client %v; want %v at the %s", name, server, client, c.want, c.at)
		}
	}
}

func TestCurveTraffic(t *testing.T) {
	server, client := established(t)
	var bodies [][]byte
	for _, size := range []int{0, 1, 200, 221, 222, 223, 254, 255, 256, 1000, 70_000, 1 << 20} {
		bodies = append(bodies, bytes.Repeat([]byte{byte(size)}, size))
	}
	plain := messages(bodies...)
	for name, way := range map[string][2]Session{"to the client": {server, client}, "to the server": {client, server}} {
		for _, piece := range []int{1 << 30, 100_000, 999} {
			kept := slices.Clone(plain)
			sealed := way[0].Seal(nil, plain)
			if !bytes.Equal(plain, kept) {
				t.Fatal("Seal wrote to what it was given")
			}
			if got, err := unsealed(way[1], sealed, piece); err != nil || !bytes.Equal(got, plain) {
				t.Fatalf("%s in pieces of %d: %d bytes, %v; want %d", name, piece, len(got), err, len(plain))
			}
		}
	}
}

// unsealed gives a session so many bytes at a time, as an inbox does.
func unsealed(s Session, sealed []byte, piece int) (got []byte, err error) {
	var buf []byte
	for len(sealed) > 0 || len(buf) > 0 {
		n := min(piece, len(sealed))
		buf, sealed = append(buf, sealed[:n]...), sealed[n:]
		plain, rest, need, err := s.Unseal(buf)
		if err != nil {
			return append(got, plain...), err
		}
		if len(rest) >= need {
			return got, fmt.Errorf("%d bytes are left, and %d are said to be needed", len(rest), need)
		}
		got = append(got, plain...)
		buf = slices.Clone(rest)
		if n == 0 && len(buf) > 0 {
			return got, errTooShort
		}
	}
	return got, nil
}

// Each breach ends the connection, and is counted by its kind.
func TestCurveBreaches(t *testing.T) {
	one := func(s Session) []byte { return s.Seal(nil, AppendMessage(nil, []byte("a message"))) }
	for name, c := range map[string]struct {
		say  func(server Session) []byte
		kind string
	}{
		"twice":            {func(s Session) []byte { b := one(s); return append(b, b...) }, BadBox},
		"in another order": {func(s Session) []byte { a, b := one(s), one(s); return append(b, a...) }, BadBox},
		"a gap":            {func(s Session) []byte { one(s); return one(s) }, ""},
		"a changed byte":   {func(s Session) []byte { b := one(s); b[len(b)-1] ^= 1; return b }, BadBox},
		"a changed number": {func(s Session) []byte { b := one(s); b[2+8+7]++; return b }, BadBox},
		"in clear":         {func(Session) []byte { return AppendMessage(nil, []byte("a message that is long enough for a box")) }, BadBox},
		"short":            {func(Session) []byte { return AppendMessage(nil, []byte("\x07MESSAGE")) }, BadBox},
		"no box":           {func(Session) []byte { return AppendMessage(nil, make([]byte, messageExtra)) }, BadBox},
		"more":             {func(s Session) []byte { b := one(s); b[0] |= FlagMore; return b }, BadFrame},
		"an unknown flag":  {func(s Session) []byte { b := one(s); b[0] |= 64; return b }, BadFrame},
		"as a command":     {func(s Session) []byte { b := one(s); b[0] |= FlagCommand; return b }, ""},
		"too large":        {func(Session) []byte { return head(0, 1<<20+uint64(messageExtra)+1) }, TooLarge},
		"far too large":    {func(Session) []byte { return head(0, 1<<64-1) }, TooLarge},
		"flags in the box": {func(s Session) []byte {
			c := s.(*curveServer)
			out := append([]byte{0, messageExtraByte}, messageName...)
			out = c.next(out)
			return seal(out, []byte{4}, "CurveZMQMESSAGES", out[len(out)-shortNonce:], &c.key)
		}, BadBox},
		"said by the other side": {nil, BadBox},
	} {
		server, client := established(t)
		var said []byte
		if c.say != nil {
			said = c.say(server)
		} else {
			said = one(client) // reflected
		}
		_, err := unsealed(client, said, 1<<30)
		var v *Violation
		switch {
		case c.kind == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.kind != "" && (!errors.As(err, &v) || v.Kind != c.kind):
			t.Errorf("%s: %v; want %s", name, err, c.kind)
		}
	}
}

const messageExtraByte = byte(messageExtra)

// What is sealed shows nothing of what it was but its size.
func TestCurveShowsNothing(t *testing.T) {
	server, _ := established(t)
	sealed := server.Seal(nil, AppendMessage(nil, []byte("0"), []byte("node_2,node_1")))
	if bytes.Contains(sealed, []byte("node")) {
		t.Errorf("%q", sealed)
	}
	if again := server.Seal(nil, AppendMessage(nil, []byte("0"), []byte("node_2,node_1"))); bytes.Contains(again, sealed[20:40]) {
		t.Error("the same message looks the same")
	}
}

// The vectors of RFC 32 and of libzmq's manual.
func TestZ85(t *testing.T) {
	if got := z85([]byte("\x86\x4F\xD2\x6F\xB5\x59\xF7\x5B")); got != "HelloWorld" {
		t.Errorf("got %q", got)
	}
	for public, secret := range map[string]string{
		"Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID": "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs",
		"rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7": "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6",
	} {
		p, err := ParseKeyPair(public, secret)
		if err != nil || p.Public.String() != public || p.Secret.Text() != secret {
			t.Errorf("%s: %v", public, err)
		}
	}
	good := serverKey.Public.String()
	for _, bad := range []string{"", good[1:], good + "0", "~" + good[1:], "%%%%%" + good[5:], strings.Repeat("#", 40), good[:39] + "\xff"} {
		if _, err := ParseKey(bad); err == nil {
			t.Errorf("%q is a key", bad)
		} else if len(bad) > 5 && strings.Contains(err.Error(), bad[5:20]) {
			t.Errorf("the error shows the key: %v", err)
		}
	}
	if _, err := ParseKeyPair(good, clientKey.Secret.Text()); !errors.Is(err, ErrKeyPair) {
		t.Errorf("keys that do not belong together: %v", err)
	}
}

// No way of printing a value shows the secret in it.
// What has secrets of a handshake in it shows nothing of them either, whoever prints it.
func TestShortLivedSecretsAreHidden(t *testing.T) {
	var calls Calls
	server := &Curve{Own: []KeyPair{serverKey}, Admit: admitClient}
	called(t, &calls, server)
	shown := fmt.Sprintf("%v %+v %#v %v %+v %#v", server, server, server, &calls, &calls, &calls)
	for _, secret := range []Secret{server.recent.pair.Secret, calls.now.pair.Secret, serverKey.Secret} {
		if strings.Contains(shown, strings.Trim(fmt.Sprint(secret[:8]), "[]")) {
			t.Errorf("shown: %s", shown)
		}
	}
}

func TestSecretIsHidden(t *testing.T) {
	p := GenerateKey()
	session := newCurveClient(p, serverKey.Public)
	asJSON, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "pair", p, "secret", p.Secret)
	shown := fmt.Sprintf("%v %+v %#v %x %X %q %s %d", p, p, p, p.Secret, p, p, p.Secret, p) + string(asJSON) + log.String()
	shown += fmt.Sprintf("%+v %#v", session.session.(*curveClient).curve, session.session.(*curveClient).curve)
	shown += fmt.Sprintf("%v %+v %#v", session.session, session.session, session)
	for name, secret := range map[string]string{
		"Z85": p.Secret.Text(), "hex": fmt.Sprintf("%x", p.Secret[:]), "HEX": fmt.Sprintf("%X", p.Secret[:]),
		"decimal": strings.Trim(fmt.Sprint(p.Secret[:]), "[]"), "%#v": strings.Trim(fmt.Sprintf("%#v", p.Secret[:8])[7:], "{}"),
	} {
		if strings.Contains(shown, secret) {
			t.Errorf("the secret is shown as %s", name)
		}
	}
	p.Forget()
	if p.Secret != (Secret{}) {
		t.Error("Forget did not")
	}
}

// A public key is what its secret makes of the base point.
func TestGenerateKey(t *testing.T) {
	p := GenerateKey()
	want, err := curve25519.X25519(p.Secret[:], curve25519.Basepoint)
	if err != nil || !bytes.Equal(want, p.Public[:]) || GenerateKey() == p {
		t.Errorf("%x, want %x: %v", p.Public, want, err)
	}
}

// Boxes of messages are made and opened in their place. They are those of NaCl, whatever their size.
func TestCurveBoxesAreOfNaCl(t *testing.T) {
	server, client := established(t)
	s, c := server.(*curveServer), client.(*curveClient)
	sizes := []int{16_320, 20_200, 70_000} // with many blocks of the stream
	for size := range 700 {
		sizes = append(sizes, size)
	}
	for _, size := range sizes {
		body := bytes.Repeat([]byte{byte(size)}, size)
		frame := AppendFrame(nil, FlagMore, body)
		said := s.Seal(nil, frame)
		_, n, head := Head(said)
		message := said[head : head+int(n)]
		plain, ok := unbox(message[messageHead:], messageFromServer, message[len(messageName):messageHead], &c.key)
		if !ok || plain[0] != boxedMore || !bytes.Equal(plain[1:], body) {
			t.Fatalf("%d bytes: NaCl does not open it", size)
		}
		again := append([]byte(messageName), message[len(messageName):messageHead]...)
		again = seal(again, plain, messageFromServer, again[len(messageName):], &s.key)
		if !bytes.Equal(again, message) {
			t.Fatalf("%d bytes: NaCl makes another", size)
		}
		if got, err := unsealed(c, said, 1<<30); err != nil || !bytes.Equal(got, frame) {
			t.Fatalf("%d bytes: %x, %v", size, got, err)
		}
	}
}

func BenchmarkCurve(b *testing.B) {
	server, client := established(b)
	frames := AppendMessage(nil, []byte("1"), make([]byte, 1024), make([]byte, 100))
	b.SetBytes(int64(len(frames)))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, _, err := client.Unseal(server.Seal(nil, frames)); err != nil {
			b.Fatal(err)
		}
	}
}
