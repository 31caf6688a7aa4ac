package keys

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"hearsay/node/files"
	"hearsay/node/link/zmtp"
	"hearsay/topics"
)

// ReadersDir is the sub-directory of those who may subscribe and are no members.
const ReadersDir = "readers"

// maxKeys bounds the public keys of a directory.
const maxKeys = 2 * topics.MaxNames

// Ring is who may meet whom. It never changes, and its methods may be called from any goroutine.
type Ring struct {
	own    []zmtp.KeyPair // the first is spoken
	shared bool           // they are everybody's
	answer *zmtp.Curve

	self    topics.Name                // key of the name
	members map[topics.Name][]zmtp.Key // by the key of their name, as their files have them
	names   map[zmtp.Key][]topics.Name // keys of the names that may be said with a key
	readers map[zmtp.Key]struct{}

	exposed string
	others  []topics.Name // who has the first own key in the directory, where self has not
}

// Format shows nothing: fmt would find its way to the secrets.
func (*Ring) Format(f fmt.State, _ rune) { fmt.Fprint(f, "(keys)") }

// Config says where keys are. Mesh, or Own and Authorized together, are given; all empty: there are none.
type Config struct {
	Mesh       string // file with the pairs that all members share
	Own        string // file with this node's own pairs
	Authorized string // directory with everybody's public keys
}

// Locked reports whether there are keys at all.
func (c Config) Locked() bool { return c != Config{} }

// Lock says how a node with these keys is locked: "open", "mesh key" or "own keys".
func (c Config) Lock() string {
	switch {
	case c.Mesh != "":
		return "mesh key"
	case c.Locked():
		return "own keys"
	}
	return "open"
}

// Validate says what cannot be meant.
func (c Config) Validate() error {
	switch {
	case c.Mesh != "" && (c.Own != "" || c.Authorized != ""):
		return errors.New("a mesh key and own keys exclude each other")
	case c.Own == "" && c.Authorized != "":
		return errors.New("a directory of authorized keys needs a key of this node's own")
	case c.Own != "" && c.Authorized == "":
		return errors.New("a key of this node's own needs a directory of authorized keys")
	}
	return nil
}

// ReadError says what of a Config has no keys.
type ReadError struct {
	Of  string // its field
	err error
}

func (e *ReadError) Error() string { return "keys: " + e.err.Error() }

func (e *ReadError) Unwrap() error { return e.err }

// read makes a ring of what is on the disk now. self is the node's name.
func (c Config) read(self topics.Name) (*Ring, error) {
	pairs, err := readPairs(cmp.Or(c.Mesh, c.Own))
	switch {
	case err != nil && c.Mesh != "":
		return nil, &ReadError{"Mesh", err}
	case err != nil:
		return nil, &ReadError{"Own", err}
	}
	if c.Mesh != "" {
		r := Mesh(pairs...)
		r.exposed = c.exposed()
		return r, nil
	}
	members, readers, err := readDirectory(c.Authorized)
	if err != nil {
		return nil, &ReadError{"Authorized", err}
	}
	r := Own(self, pairs, members, readers)
	r.exposed = c.exposed()
	return r, nil
}

// exposed names the file with secrets if others than its owner may read it.
func (c Config) exposed() string {
	if path := cmp.Or(c.Mesh, c.Own); files.Exposed(path) {
		return path
	}
	return ""
}

// Exposed names the file with secrets that others could read when it was read: others than its owner, and the group of
// one of root's. It is "" if they could not, or the system cannot say.
func (r *Ring) Exposed() string { return r.exposed }

// Mesh is the ring of a mesh whose members share pairs, of which they speak with the first.
func Mesh(pairs ...zmtp.KeyPair) *Ring {
	r := &Ring{own: slices.Clone(pairs), shared: true}
	return r.done()
}

// Own is the ring of a node with pairs of its own. members are public keys by the name of their holders, readers those
// of others who may subscribe.
func Own(self topics.Name, pairs []zmtp.KeyPair, members map[topics.Name][]zmtp.Key, readers []zmtp.Key) *Ring {
	r := &Ring{
		own: slices.Clone(pairs), self: self.Key(),
		members: make(map[topics.Name][]zmtp.Key, len(members)),
		names:   make(map[zmtp.Key][]topics.Name),
		readers: make(map[zmtp.Key]struct{}, len(readers)),
	}
	for name, keys := range members {
		r.members[name.Key()] = append(r.members[name.Key()], keys...)
	}
	var own []zmtp.Key
	for _, p := range pairs {
		own = append(own, p.Public)
	}
	if len(own) > 0 {
		r.others = r.holders(own[0])
	}
	r.members[r.self] = own // whatever the directory says of it
	for name, keys := range r.members {
		for _, k := range keys {
			r.names[k] = append(r.names[k], name)
		}
	}
	for _, k := range readers {
		r.readers[k] = struct{}{}
	}
	return r.done()
}

// holders are the names other than self that the directory has a key of, unless self is one.
func (r *Ring) holders(key zmtp.Key) (names []topics.Name) {
	if slices.Contains(r.members[r.self], key) {
		return nil
	}
	for name, all := range r.members {
		if slices.Contains(all, key) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Others are the names that the directory has the own key of, where it is not that of the own name: most likely the file of
// another node was copied, and those that know it let nobody in by this name.
func (r *Ring) Others() []topics.Name { return r.others }

func (r *Ring) done() *Ring {
	r.answer = &zmtp.Curve{Own: r.own, Admit: r.Admits}
	return r
}

// Answer is the mechanism for those who dial this node.
func (r *Ring) Answer() *zmtp.Curve { return r.answer }

// ErrUnknown says that the directory has no key of a name.
var ErrUnknown = errors.New("unauthorized: no key of it is known here")

// To returns the mechanisms to dial a name with, one for each of its keys: the first is tried first.
func (r *Ring) To(name topics.Name) (ways []*zmtp.Curve, err error) {
	spoken := r.own[:1]
	if r.shared {
		return []*zmtp.Curve{{Own: spoken, Server: spoken[0].Public}}, nil
	}
	for _, k := range r.members[name.Key()] {
		ways = append(ways, &zmtp.Curve{Own: spoken, Server: k})
	}
	if len(ways) == 0 {
		return nil, ErrUnknown
	}
	return ways, nil
}

// Admits reports whether the holder of a key is let in, as a member or as a reader.
func (r *Ring) Admits(key zmtp.Key) bool {
	_, reads := r.readers[key]
	return reads || r.Member(key)
}

// Member reports whether a key is a member's.
func (r *Ring) Member(key zmtp.Key) bool {
	if r.shared {
		return r.has(key)
	}
	return len(r.names[key]) > 0
}

// has reports whether a key is among this node's own.
func (r *Ring) has(key zmtp.Key) bool {
	found := false
	for i := range r.own {
		found = r.own[i].Public.Equal(key) || found
	}
	return found
}

// Members are the keys of the names that have one, this node's own included; nil where names are not bound to keys.
func (r *Ring) Members() []topics.Name {
	if r.shared {
		return nil
	}
	return slices.Collect(maps.Keys(r.members))
}

// May reports whether the holder of a key may be called by a name.
func (r *Ring) May(key zmtp.Key, name topics.Name) bool {
	if r.shared {
		return r.has(key)
	}
	return slices.Contains(r.names[key], name.Key())
}

// NameOf is the one name that may be said with a key; "" where there are several, or any.
func (r *Ring) NameOf(key zmtp.Key) topics.Name {
	if names := r.names[key]; len(names) == 1 {
		return names[0]
	}
	return ""
}

// ByName reports whether names are bound to keys.
func (r *Ring) ByName() bool { return !r.shared }

// Keeps reports whether a connection may go on, in which this side speaks with one key and the other with another.
func (r *Ring) Keeps(own, other zmtp.Key) bool { return r.has(own) && r.Admits(other) }

// Prefers reports whether a dial of a name would be made with these keys first.
func (r *Ring) Prefers(name topics.Name, own, other zmtp.Key) bool {
	ways, err := r.To(name)
	return err == nil && ways[0].Own[0].Public == own && ways[0].Server == other
}

// Meets says whether a node with this ring, which dials a name and may say another of itself, is let in by one with the
// ring to: as a handshake between the two would. Nil stands for no keys.
func (r *Ring) Meets(to *Ring, name topics.Name) (own, other zmtp.Key, err error) {
	switch {
	case r == nil && to == nil:
		return own, other, nil
	case r == nil || to == nil:
		return own, other, zmtp.ErrMechanism
	}
	ways, err := r.To(name)
	if err != nil {
		return own, other, err
	}
	for _, way := range ways {
		if to.has(way.Server) {
			own, other = way.Own[0].Public, way.Server
			if !to.Admits(own) {
				return own, other, fmt.Errorf("%w: %s", zmtp.ErrUnauthorized, own)
			}
			return own, other, nil
		}
	}
	return own, other, zmtp.ErrKey
}

// readDirectory reads everybody's public keys.
func readDirectory(dir string) (members map[topics.Name][]zmtp.Key, readers []zmtp.Key, err error) {
	members = make(map[topics.Name][]zmtp.Key)
	count := 0
	err = eachKey(dir, func(path, base string) error {
		name, err := topics.ParseName(base)
		if err != nil {
			return fmt.Errorf("%q: the file is called after no node: %w", path, err)
		}
		keys, err := readPublic(path)
		if count += len(keys); err == nil && count > maxKeys {
			err = fmt.Errorf("%s: more than %d keys", dir, maxKeys)
		}
		members[name] = keys
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	sub := filepath.Join(dir, ReadersDir)
	if _, err := os.Stat(sub); errors.Is(err, os.ErrNotExist) {
		return members, nil, nil
	}
	err = eachKey(sub, func(path, _ string) error {
		keys, err := readPublic(path)
		if readers = append(readers, keys...); err == nil && count+len(readers) > maxKeys {
			err = fmt.Errorf("%s: more than %d keys", dir, maxKeys)
		}
		return err
	})
	return members, readers, err
}

// eachKey calls f for each file of a directory that is called ANYTHING.key. One whose name cannot be printed ends it.
func eachKey(dir string, f func(path, base string) error) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return files.Unnamed(dir, err)
	}
	for _, e := range entries {
		base, ok := strings.CutSuffix(e.Name(), PublicExt)
		if !ok || strings.HasPrefix(base, ".") || base == "" {
			continue
		}
		if !printable(base) {
			return fmt.Errorf("%s: %q: a file with keys has a name that can be printed", dir, e.Name())
		}
		if err := f(filepath.Join(dir, e.Name()), base); err != nil {
			return err
		}
	}
	return nil
}

// printable reports whether a name may stand in a line of a log as it is.
func printable(name string) bool {
	return utf8.ValidString(name) && !strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) })
}
