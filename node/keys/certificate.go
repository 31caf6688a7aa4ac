package keys

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"hearsay/node/files"
	"hearsay/node/link/zmtp"
)

const (
	maxFile = 64 << 10 // bytes of a file with keys: a certificate has under 1 KiB

	// PublicExt and SecretExt are what the files of a pair are called, after its name.
	PublicExt = ".key"
	SecretExt = ".key_secret"
)

// certificate is one pair as a file has it.
type certificate struct {
	public, secret string // texts; secret is empty in a public one
}

// parse reads the certificates in a file. What is not of a curve section is passed over, as czmq does.
func parse(text []byte) (all []certificate, err error) {
	var c *certificate
	text = bytes.TrimPrefix(text, []byte("\ufeff")) // which editors of Windows put there
	for i, line := range strings.Split(string(text), "\n") {
		bare := strings.TrimSpace(line)
		switch {
		case bare == "" || bare[0] == '#':
		case line[0] != ' ' && line[0] != '\t': // a section
			if c = nil; section(bare) == "curve" {
				all = append(all, certificate{})
				c = &all[len(all)-1]
			}
		case c != nil:
			if err := c.take(bare); err != nil {
				return nil, fmt.Errorf("line %d: %w", i+1, err)
			}
		}
	}
	if len(all) == 0 {
		return nil, errors.New("no section \"curve\": make one with 'hearsay keygen'")
	}
	if len(all) > zmtp.MaxOwn {
		return nil, fmt.Errorf("%d keys, at most %d", len(all), zmtp.MaxOwn)
	}
	return all, nil
}

// section is the name of a line that stands at the margin.
func section(line string) string {
	name, _, _ := strings.Cut(line, "#")
	name, _, _ = strings.Cut(name, "=")
	return strings.TrimSpace(name)
}

// take reads "name = value" of a curve section.
func (c *certificate) take(line string) error {
	name, value, ok := strings.Cut(line, "=")
	if !ok {
		return errors.New("not NAME = VALUE")
	}
	var field *string
	switch strings.TrimSpace(name) {
	case "public-key":
		field = &c.public
	case "secret-key":
		field = &c.secret
	default:
		return nil
	}
	if *field != "" {
		return fmt.Errorf("a second %s in one section", strings.TrimSpace(name))
	}
	value, err := unquote(strings.TrimSpace(value))
	if err != nil {
		return fmt.Errorf("%s: %w", strings.TrimSpace(name), err)
	}
	*field = value
	return nil
}

// unquote reads a value of ZPL: in quotes of either kind, or bare up to a comment. Z85 has '#' among its characters, so
// a key in quotes may hold one.
func unquote(value string) (string, error) {
	if value == "" {
		return "", errors.New("no value")
	}
	if q := value[0]; q == '"' || q == '\'' {
		end := strings.IndexByte(value[1:], q)
		if end < 0 {
			return "", errors.New("a quote is not closed")
		}
		return value[1 : 1+end], nil
	}
	bare, _, _ := strings.Cut(value, " ")
	return bare, nil
}

// readPairs reads a file with secret keys.
func readPairs(path string) ([]zmtp.KeyPair, error) {
	certs, err := readCertificates(path)
	if err != nil {
		return nil, err
	}
	var pairs []zmtp.KeyPair
	for i, c := range certs {
		if c.secret == "" {
			return nil, fmt.Errorf("%s: key %d has no secret-key: give the file that ends with %s", path, i+1, SecretExt)
		}
		p, err := zmtp.ParseKeyPair(c.public, c.secret)
		if err != nil {
			return nil, fmt.Errorf("%s: key %d: %w", path, i+1, err)
		}
		pairs = append(pairs, p)
	}
	return pairs, nil
}

// readPublic reads a file with public keys. Secret ones in it are not looked at.
func readPublic(path string) ([]zmtp.Key, error) {
	certs, err := readCertificates(path)
	if err != nil {
		return nil, err
	}
	var keys []zmtp.Key
	for i, c := range certs {
		k, err := zmtp.ParseKey(c.public)
		if err == nil && !k.Valid() {
			err = errors.New("nobody's key")
		}
		if err != nil {
			return nil, fmt.Errorf("%s: key %d: public-key: %w", path, i+1, err)
		}
		keys = append(keys, k)
	}
	return keys, nil
}

func readCertificates(path string) ([]certificate, error) {
	text, err := files.Read(path, maxFile)
	if err != nil {
		return nil, err
	}
	defer clear(text)
	certs, err := parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return certs, nil
}

// format writes a certificate as pyzmq does; secret says whether with the secret key.
func format(p *zmtp.KeyPair, name string, secret bool, now time.Time) []byte {
	var b bytes.Buffer
	kind, warning := "Public", "#   Exchange securely, or use a secure mechanism to verify the contents\n#   of this file after exchange. Store public certificates in your home\n#   directory, in the .curve subdirectory.\n"
	if secret {
		kind, warning = "**Secret**", "#   DO NOT PROVIDE THIS FILE TO OTHER USERS nor change its permissions.\n"
	}
	fmt.Fprintf(&b, "#   ****  Generated on %s by hearsay  ****\n#   ZeroMQ CURVE %s Certificate\n%s\n", now.Format(time.DateTime), kind, warning)
	fmt.Fprintf(&b, "metadata\n    name = %q\ncurve\n    public-key = \"%s\"\n", name, p.Public)
	if secret {
		fmt.Fprintf(&b, "    secret-key = \"%s\"\n", p.Secret.Text())
	}
	return b.Bytes()
}

// Generate makes a pair and writes it to two files of a directory: NAME.key, which is for all, and NAME.key_secret,
// which only its owner can read. Neither may be there already. It returns the public key.
func Generate(dir, name string) (public zmtp.Key, err error) {
	p := zmtp.GenerateKey()
	defer p.Forget()
	now := time.Now()
	secret := format(&p, name, true, now)
	defer clear(secret)
	secretPath, publicPath := filepath.Join(dir, name+SecretExt), filepath.Join(dir, name+PublicExt)
	if _, err := os.Lstat(publicPath); err == nil {
		return public, fmt.Errorf("%s is there already", publicPath)
	}
	if err := create(secretPath, secret, 0o600); err != nil {
		return public, err
	}
	if err := create(publicPath, format(&p, name, false, now), 0o644); err != nil {
		_ = os.Remove(secretPath)
		return public, err
	}
	return p.Public, nil
}

// create writes a file that is not there yet.
func create(path string, text []byte, mode os.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s is there already", path)
	}
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if e := f.Sync(); err == nil {
		err = e
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		_ = os.Remove(path)
	}
	return err
}
