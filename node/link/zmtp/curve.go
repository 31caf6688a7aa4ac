package zmtp

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/crypto/nacl/secretbox"
)

// Curve is the mechanism that authenticates both sides and encrypts all traffic (RFC 26, CurveZMQ). The side that was
// dialled is the server: the other one has to know its key beforehand.
//
//	client                               server
//	HELLO     C', Box[zeros](C' -> S)
//	          Box[S', cookie](S -> C')   WELCOME
//	INITIATE  cookie, Box[C, vouch, metadata](C' -> S')
//	          Box[metadata](S' -> C')    READY
//
// C and S are keys that last, and S' is that of one second (recent), as is C' for a client that has Calls; else it is
// that of one connection. The latter two are overwritten at the end of their time. The vouch, Box[C', S](C -> S'), shows
// that who has C' has C as well.
type Curve struct {
	Own    []KeyPair      // a client speaks with the first, a server answers to all; MaxOwn at most
	Server Key            // of a client: the server's key
	Calls  *Calls         // of a client: what it shares with other handshakes; nil: nothing
	Admit  func(Key) bool // of a server: reports whether a client's key is let in; it is called from many goroutines

	recent recent
}

// MaxOwn bounds the keys that a server tries on a HELLO, each some 35 µs.
const MaxOwn = 8

// Errors of a handshake with CURVE.
var (
	// ErrKey says that the other side's box cannot be opened: it has another key than it should, or means another.
	ErrKey = errors.New("wrong key")

	// ErrUnauthorized says that the other side has a key, and is not let in with it.
	ErrUnauthorized = errors.New("key not authorized")

	// ErrCurve says that the other side does not speak CURVE as it should.
	ErrCurve = errors.New("malformed CURVE handshake")
)

// Keyed is a session that knows the keys of both sides, once the handshake is done.
type Keyed interface {
	Keys() (own, peer Key)
}

// Name is CURVE.
func (c *Curve) Name() string { return "CURVE" }

// Open begins the handshake of one connection.
func (c *Curve) Open(p Params) Session {
	s := curveSession{curve: c, params: p}
	if p.Side == Client {
		calling, short := c.Calls.begin()
		s.short = short
		return &curveClient{curveSession: s, calling: calling}
	}
	return &curveServer{curveSession: s} // its key is made when a HELLO has been good
}

// Sizes of what a handshake consists of, in bytes. The nonces of boxes are a prefix of ours and what is sent.
const (
	boxExtra   = secretbox.Overhead
	shortNonce = 8
	longNonce  = 16

	helloZeros  = 64
	helloPad    = 72
	helloSize   = 2 + helloPad + KeySize + shortNonce + helloZeros + boxExtra // after the name
	cookieSize  = longNonce + 2*KeySize + boxExtra
	welcomeSize = longNonce + KeySize + cookieSize + boxExtra
	vouchSize   = longNonce + 2*KeySize + boxExtra
	initiateMin = cookieSize + shortNonce + KeySize + vouchSize + boxExtra
	readyMin    = shortNonce + boxExtra
)

// curveSession is what both sides have in common.
type curveSession struct {
	params Params
	curve  *Curve // nil when the handshake is done
	own    Key    // that this side spoke with
	other  Key    // the other's
	short  KeyPair
	peer   string
	key    [KeySize]byte // of boxes between the short-lived keys; of a client that says HELLO, between its own and S

	seals, opens [KeySize]byte // of the streams of both directions, once the handshake is done

	sent uint64 // short nonce of the last box sent; the writer's own, once the handshake is done
	came uint64 // of the last one that came; the reader's own
}

// Format shows none of the keys.
func (s *curveSession) Format(f fmt.State, _ rune) { fmt.Fprint(f, hidden) }

func (s *curveSession) First(dst []byte) []byte { return dst }
func (s *curveSession) Peer() string            { return s.peer }
func (s *curveSession) Keys() (own, peer Key)   { return s.own, s.other }

// done makes the keys of what is said from now on, and forgets what only the handshake needed.
func (s *curveSession) done(from, to string) {
	s.seals, s.opens = streamKey(&s.key, from), streamKey(&s.key, to)
	s.short.Forget()
	s.curve = nil
}

// next is the short nonce of the next box, as it is sent.
func (s *curveSession) next(dst []byte) []byte {
	s.sent++
	return binary.BigEndian.AppendUint64(dst, s.sent)
}

// rises takes in a short nonce that came, and reports whether it is over all before.
func (s *curveSession) rises(b []byte) bool {
	n := binary.BigEndian.Uint64(b)
	if n <= s.came {
		return false
	}
	s.came = n
	return true
}

// nonce joins a prefix and what is sent: 24 bytes.
func nonce(prefix string, sent []byte) (n [24]byte) {
	copy(n[copy(n[:], prefix):], sent)
	return n
}

// seal appends a box.
func seal(dst, plain []byte, prefix string, sent []byte, key *[KeySize]byte) []byte {
	n := nonce(prefix, sent)
	return secretbox.Seal(dst, plain, &n, key)
}

// unbox opens one.
func unbox(box []byte, prefix string, sent []byte, key *[KeySize]byte) ([]byte, bool) {
	n := nonce(prefix, sent)
	return secretbox.Open(nil, box, &n, key)
}

func fresh(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return b
}

// metadata is what READY and INITIATE say of a side.
func (s *curveSession) metadata() []byte {
	return appendProperty(nil, TypeProperty, s.params.SocketType)
}

// take cuts n bytes off.
func take(b *[]byte, n int) []byte {
	head := (*b)[:n:n]
	*b = (*b)[n:]
	return head
}

// curveClient is the side that dialled.
type curveClient struct {
	curveSession
	calling  *calling // nil when the handshake is done
	welcomed bool
}

func (c *curveClient) Awaits() string {
	if c.welcomed {
		return "READY"
	}
	return "WELCOME"
}

func (c *curveClient) First(dst []byte) []byte {
	if len(c.curve.Own) == 0 {
		return dst // there is nothing to say, and nothing will come
	}
	c.own, c.other = c.curve.Own[0].Public, c.curve.Server
	var err error
	if c.key, err = c.calling.helloKey(&c.short, c.other); err != nil {
		return dst
	}
	body := append(make([]byte, 0, helloSize), 1, 0)
	body = append(body, make([]byte, helloPad)...)
	body = append(body, c.short.Public[:]...)
	body = c.next(body)
	body = seal(body, make([]byte, helloZeros), "CurveZMQHELLO---", body[len(body)-shortNonce:], &c.key)
	return AppendCommand(dst, "HELLO", body)
}

func (c *curveClient) Take(dst, command []byte) (answer []byte, done bool, err error) {
	name, body, ok := ParseCommand(command)
	switch {
	case !ok:
		return dst, false, ErrCurve
	case name == "ERROR":
		return dst, false, c.refused(body)
	case name == "WELCOME" && !c.welcomed:
		answer, err = c.welcome(dst, body)
		return answer, false, err
	case name == "READY" && c.welcomed:
		return dst, true, c.ready(body)
	}
	return dst, false, fmt.Errorf("%w: command %.16q", ErrCurve, name)
}

// refused is what an ERROR says.
func (c *curveClient) refused(body []byte) error {
	why := ErrKey
	if c.welcomed {
		why = ErrUnauthorized
	}
	if len(body) == 0 || int(body[0]) != len(body)-1 {
		return fmt.Errorf("%w: malformed ERROR", why)
	}
	return fmt.Errorf("%w: the other side says %.40q", why, body[1:])
}

func (c *curveClient) welcome(dst, body []byte) ([]byte, error) {
	if len(body) != welcomeSize {
		return dst, fmt.Errorf("%w: WELCOME of %d bytes", ErrCurve, len(body))
	}
	sent := take(&body, longNonce)
	plain, ok := unbox(body, "WELCOME-", sent, &c.key)
	if !ok {
		return dst, fmt.Errorf("%w: WELCOME cannot be opened", ErrKey)
	}
	short := Key(take(&plain, KeySize))
	if !c.calling.meets(short) {
		return dst, fmt.Errorf("%w: WELCOME with a key that came before", ErrCurve)
	}
	var err error
	if c.key, err = c.short.boxKey(short); err != nil {
		return dst, err
	}
	vouchKey, err := c.curve.Own[0].boxKey(short)
	if err != nil {
		return dst, err
	}
	defer clear(vouchKey[:])
	c.welcomed = true

	vouch := fresh(longNonce)
	inner := append(append([]byte{}, c.own[:]...), vouch...)
	inner = seal(inner, append(append([]byte{}, c.short.Public[:]...), c.other[:]...), "VOUCH---", vouch, &vouchKey)
	inner = append(inner, c.metadata()...)
	answer := append(make([]byte, 0, initiateMin+len(inner)), plain...) // the cookie
	answer = c.next(answer)
	answer = seal(answer, inner, "CurveZMQINITIATE", answer[len(answer)-shortNonce:], &c.key)
	return AppendCommand(dst, "INITIATE", answer), nil
}

func (c *curveClient) ready(body []byte) error {
	if len(body) < readyMin {
		return fmt.Errorf("%w: READY of %d bytes", ErrCurve, len(body))
	}
	sent := take(&body, shortNonce)
	plain, ok := unbox(body, "CurveZMQREADY---", sent, &c.key)
	if !ok || !c.rises(sent) {
		return fmt.Errorf("%w: READY cannot be opened", ErrKey)
	}
	peer, err := parseProperties(plain)
	if err != nil {
		return err
	}
	c.peer = peer
	c.calling = nil
	c.done(messageFromClient, messageFromServer)
	return nil
}

// curveServer is the side that was dialled.
type curveServer struct {
	curveSession
	used   *KeyPair      // of Curve.Own: what the HELLO was for
	cookie [KeySize]byte // key of the one cookie of this handshake
}

func (s *curveServer) Awaits() string {
	if s.used != nil {
		return "INITIATE"
	}
	return "HELLO"
}

func (s *curveServer) Take(dst, command []byte) (answer []byte, done bool, err error) {
	name, body, ok := ParseCommand(command)
	switch {
	case !ok:
		return dst, false, ErrCurve
	case name == "HELLO" && s.used == nil:
		answer, err = s.hello(dst, body)
		return answer, false, err
	case name == "INITIATE" && s.used != nil:
		answer, err = s.initiate(dst, body)
		return answer, err == nil, err
	}
	return dst, false, fmt.Errorf("%w: command %.16q", ErrCurve, name)
}

// hello answers with the short-lived key of the moment, which has not met the client's. The cookie's key is kept with it:
// so a cookie is good for one handshake, and for as long as that may last.
func (s *curveServer) hello(dst, body []byte) ([]byte, error) {
	if len(body) != helloSize || body[0] != 1 {
		return dst, fmt.Errorf("%w: HELLO of %d bytes", ErrCurve, len(body))
	}
	take(&body, 2+helloPad)
	client := Key(take(&body, KeySize))
	sent := take(&body, shortNonce)
	key, err := s.meant(client, sent, body)
	if err != nil {
		return dst, err
	}
	defer clear(key[:])
	s.rises(sent)
	s.own = s.used.Public
	s.short = s.curve.recent.get(client)
	copy(s.cookie[:], fresh(KeySize))

	inner := append([]byte{}, s.short.Public[:]...)
	baked := fresh(longNonce)
	inner = append(inner, baked...)
	known := append(append([]byte{}, client[:]...), s.short.Secret[:]...)
	inner = seal(inner, known, "COOKIE--", baked, &s.cookie)
	clear(known)
	body = fresh(longNonce)
	body = seal(body, inner, "WELCOME-", body, &key)
	return AppendCommand(dst, "WELCOME", body), nil
}

// meant finds which of this side's keys a HELLO is for.
func (s *curveServer) meant(client Key, sent, box []byte) (key [KeySize]byte, err error) {
	for i := range s.curve.Own[:min(len(s.curve.Own), MaxOwn)] {
		own := &s.curve.Own[i]
		if key, err = own.boxKey(client); err != nil {
			return key, err
		}
		plain, ok := unbox(box, "CurveZMQHELLO---", sent, &key)
		if ok && subtle.ConstantTimeCompare(plain, make([]byte, helloZeros)) == 1 {
			s.used = own
			return key, nil
		}
		clear(key[:])
	}
	return key, fmt.Errorf("%w: HELLO is for another key", ErrKey)
}

func (s *curveServer) initiate(dst, body []byte) ([]byte, error) {
	if len(body) < initiateMin {
		return dst, fmt.Errorf("%w: INITIATE of %d bytes", ErrCurve, len(body))
	}
	baked := take(&body, longNonce)
	known, ok := unbox(take(&body, cookieSize-longNonce), "COOKIE--", baked, &s.cookie)
	clear(s.cookie[:])
	if !ok {
		return dst, fmt.Errorf("%w: another cookie", ErrCurve)
	}
	defer clear(known)
	client := Key(known[:KeySize])
	defer s.short.Forget()
	if subtle.ConstantTimeCompare(known[KeySize:], s.short.Secret[:]) != 1 {
		return dst, fmt.Errorf("%w: another cookie", ErrCurve)
	}
	var err error
	if s.key, err = s.short.boxKey(client); err != nil {
		return dst, err
	}
	sent := take(&body, shortNonce)
	plain, ok := unbox(body, "CurveZMQINITIATE", sent, &s.key)
	if !ok || !s.rises(sent) {
		return dst, fmt.Errorf("%w: INITIATE cannot be opened", ErrKey)
	}
	s.other = Key(take(&plain, KeySize))
	if err := s.vouched(take(&plain, vouchSize), client); err != nil {
		return dst, err
	}
	if s.peer, err = parseProperties(plain); err != nil {
		return dst, err
	}
	if s.curve.Admit == nil || !s.curve.Admit(s.other) {
		return dst, fmt.Errorf("%w: %s", ErrUnauthorized, s.other)
	}
	answer := s.next(nil)
	answer = seal(answer, s.metadata(), "CurveZMQREADY---", answer, &s.key)
	s.done(messageFromServer, messageFromClient)
	s.used = nil
	return AppendCommand(dst, "READY", answer), nil
}

// vouched checks that the client's lasting key stands behind its short-lived one, and meant this server.
func (s *curveServer) vouched(vouch []byte, client Key) error {
	key, err := s.curve.recent.vouchKey(&s.short, s.other)
	if err != nil {
		return err
	}
	defer clear(key[:])
	sent := take(&vouch, longNonce)
	plain, ok := unbox(vouch, "VOUCH---", sent, &key)
	if !ok {
		return fmt.Errorf("%w: the vouch cannot be opened", ErrKey)
	}
	want := append(append(make([]byte, 0, 2*KeySize), client[:]...), s.used.Public[:]...)
	if subtle.ConstantTimeCompare(plain, want) != 1 {
		return fmt.Errorf("%w: the vouch is for others", ErrKey)
	}
	return nil
}
