package zmtp

import (
	"crypto/ecdh"
	"crypto/rand"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"golang.org/x/crypto/salsa20/salsa" //nolint:staticcheck // deprecated for new designs; this one is NaCl's of 2009
)

// KeySize is the bytes of a key, KeyText those of its text in Z85 (rfc.zeromq.org/spec/32).
const (
	KeySize = 32
	KeyText = KeySize / 4 * 5
)

// Key is a public key of CURVE.
type Key [KeySize]byte

// String is the key's text in Z85.
func (k Key) String() string { return z85(k[:]) }

// Equal compares in constant time.
func (k Key) Equal(other Key) bool { return subtle.ConstantTimeCompare(k[:], other[:]) == 1 }

// ParseKey reads a key's text in Z85.
func ParseKey(text string) (k Key, err error) {
	err = parseZ85(k[:], text)
	return k, err
}

// Secret is a secret key. However it is printed, it does not show, unless it is in a field that fmt may not ask: what has one
// such, as Curve and Calls do, shows nothing itself.
type Secret [KeySize]byte

const hidden = "(secret)"

func (*Curve) Format(f fmt.State, _ rune) { fmt.Fprint(f, "(curve)") }
func (*Calls) Format(f fmt.State, _ rune) { fmt.Fprint(f, "(calls)") }

func (Secret) String() string               { return hidden }
func (Secret) GoString() string             { return hidden }
func (Secret) Format(f fmt.State, _ rune)   { fmt.Fprint(f, hidden) }
func (Secret) LogValue() slog.Value         { return slog.StringValue(hidden) }
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// Text is the key in Z85, for the file that keeps it.
func (s *Secret) Text() string { return z85(s[:]) }

// KeyPair is a public key and its secret.
type KeyPair struct {
	Public Key
	Secret Secret

	ready *ecdh.PrivateKey // the same secret, for many uses; nil: it is made for each
}

// Format shows the public key alone.
func (p KeyPair) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "{%s %s}", p.Public, hidden) }

// GenerateKey makes a pair of which nobody knows.
func GenerateKey() (p KeyPair) {
	_, _ = rand.Read(p.Secret[:]) // never fails: the program ends first
	p.ready = p.Secret.private()
	p.Public = Key(p.ready.PublicKey().Bytes())
	return p
}

// ErrKeyPair says that a secret key is not that of a public one.
var ErrKeyPair = errors.New("the secret key does not belong to the public key")

// ParseKeyPair reads both keys' texts, and checks that they belong together.
func ParseKeyPair(public, secret string) (p KeyPair, err error) {
	if p.Public, err = ParseKey(public); err != nil {
		return KeyPair{}, fmt.Errorf("public key: %w", err)
	}
	if err = parseZ85(p.Secret[:], secret); err != nil {
		return KeyPair{}, fmt.Errorf("secret key: %w", err)
	}
	p.ready = p.Secret.private()
	if !p.Public.Equal(Key(p.ready.PublicKey().Bytes())) {
		p.Forget()
		return KeyPair{}, ErrKeyPair
	}
	return p, nil
}

// Forget overwrites the secret. Copies that were made of it stay, that of crypto/ecdh until its memory is used again.
func (p *KeyPair) Forget() {
	clear(p.Secret[:])
	p.ready = nil
}

// private is the key as crypto/ecdh has it. It has computed the public one as well, which takes as long as a use.
func (s *Secret) private() *ecdh.PrivateKey {
	private, err := ecdh.X25519().NewPrivateKey(s[:])
	if err != nil {
		panic("zmtp: " + err.Error()) // any 32 bytes are one
	}
	return private
}

// errLowOrder is what a public key leads to with which every secret key makes the same box.
var errLowOrder = fmt.Errorf("%w: it is of low order", ErrKey)

// boxKey is the key of boxes between the two: crypto_box_beforenm of NaCl, which nacl/box does too, but takes twice as
// long for a secret that is used more than once.
func (p *KeyPair) boxKey(public Key) (key [KeySize]byte, err error) {
	private := p.ready
	if private == nil {
		private = p.Secret.private()
	}
	other, err := ecdh.X25519().NewPublicKey(public[:])
	if err != nil {
		return key, err
	}
	shared, err := private.ECDH(other)
	if err != nil {
		return key, errLowOrder // its only error
	}
	copy(key[:], shared)
	clear(shared)
	salsa.HSalsa20(&key, new([16]byte), &key, &salsa.Sigma)
	return key, nil
}

// Valid reports whether a key can be anybody's.
func (k Key) Valid() bool {
	key, err := (&KeyPair{Secret: Secret{1}}).boxKey(k)
	clear(key[:])
	return err == nil
}

const z85Digits = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"

func z85(b []byte) string {
	var text strings.Builder
	for ; len(b) > 0; b = b[4:] {
		v := binary.BigEndian.Uint32(b)
		for _, unit := range []uint32{85 * 85 * 85 * 85, 85 * 85 * 85, 85 * 85, 85, 1} {
			text.WriteByte(z85Digits[v/unit%85])
		}
	}
	return text.String()
}

// parseZ85 never shows the text: it may be a secret.
func parseZ85(dst []byte, text string) error {
	if len(text) != len(dst)/4*5 {
		return fmt.Errorf("%d characters instead of %d", len(text), len(dst)/4*5)
	}
	for i := 0; len(text) > 0; i, text = i+4, text[5:] {
		var v uint64
		for _, c := range []byte(text[:5]) {
			d := strings.IndexByte(z85Digits, c)
			if d < 0 {
				return errors.New("a character that Z85 has not")
			}
			v = 85*v + uint64(d)
		}
		if v > 1<<32-1 {
			return errors.New("five characters of Z85 over 2^32")
		}
		binary.BigEndian.PutUint32(dst[i:], uint32(v))
	}
	return nil
}
