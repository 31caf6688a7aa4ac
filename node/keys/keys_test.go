package keys

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"hearsay/node/files"
	"hearsay/node/link/zmtp"
	"hearsay/topics"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	public = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"
	secret = "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"
)

// Certificates as czmq and pyzmq write them, and others that may be read.
var readable = map[string]string{
	"czmq": "#   ****  Generated on 2013-05-27 11:21:17 by CZMQ  ****\n#   ZeroMQ CURVE **Secret** Certificate\n" +
		"#   DO NOT PROVIDE THIS FILE TO OTHER USERS nor change its permissions.\n\nmetadata\n    name = \"Somebody\"\n    public-key = \"not this one\"\n" +
		"curve\n    public-key = \"" + public + "\"\n    secret-key = \"" + secret + "\"\n",
	"pyzmq": "#   ****  Generated on 2022-01-01 00:00:00.000000 by pyzmq  ****\n#   ZeroMQ CURVE **Secret** Certificate\n" +
		"#   DO NOT PROVIDE THIS FILE TO OTHER USERS nor change its permissions.\n\nmetadata\ncurve\n    public-key = \"" + public + "\"\n    secret-key = \"" + secret + "\"\n",
	"tabs, CRLF, single quotes": "curve\r\n\tsecret-key = '" + secret + "'  # a comment\r\n\tpublic-key = '" + public + "'\r\n",
	"no quotes":                 "curve # keys\n    public-key=" + public + "\n    secret-key=" + secret + "\n    more = x\nother\n    public-key = z\n",
	"a mark of Windows":         "\ufeffcurve\r\n    public-key = \"" + public + "\"\r\n    secret-key = \"" + secret + "\"\r\n",
	"no newline at the end":     "curve\n public-key = \"" + public + "\"\n secret-key = \"" + secret + "\"",
}

func write(t testing.TB, path, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestReadable(t *testing.T) {
	for name, text := range readable {
		pairs, err := readPairs(write(t, filepath.Join(t.TempDir(), "x"), text))
		if err != nil || len(pairs) != 1 || pairs[0].Public.String() != public || pairs[0].Secret.Text() != secret {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// An error names the file and what is wrong, on one line, and shows no secret.
func TestUnreadable(t *testing.T) {
	good := "curve\n    public-key = \"" + public + "\"\n    secret-key = \"" + secret + "\"\n"
	other := zmtp.GenerateKey()
	for name, c := range map[string]struct{ text, want string }{
		"empty":            {"", "no section"},
		"no curve":         {"metadata\n    x = 1\n", "no section"},
		"public":           {"curve\n    public-key = \"" + public + "\"\n", "no secret-key"},
		"no public":        {"curve\n    secret-key = \"" + secret + "\"\n", "public key: 0 characters"},
		"half a key":       {strings.Replace(good, secret, secret[:30], 1), "secret key: 30 characters"},
		"not Z85":          {strings.Replace(good, secret, "~"+secret[1:], 1), "secret key: a character"},
		"over 2^32":        {strings.Replace(good, secret, "%%%%%"+secret[5:], 1), "secret key: five characters"},
		"another's secret": {strings.Replace(good, public, other.Public.String(), 1), "does not belong"},
		"twice":            {good + "    secret-key = \"" + secret + "\"\n", "line 4: a second secret-key"},
		"no value":         {"curve\n    public-key =\n", "line 2: public-key: no value"},
		"an open quote":    {"curve\n    secret-key = \"" + secret + "\n", "line 2: secret-key: a quote"},
		"no equals sign":   {"curve\n    " + secret + "\n", "line 2: not NAME = VALUE"},
		"nine keys":        {strings.Repeat(good, 9), "9 keys, at most 8"},
		"large":            {good + strings.Repeat("#\n", maxFile), "larger than"},
	} {
		path := write(t, filepath.Join(t.TempDir(), "mesh.key_secret"), c.text)
		_, err := readPairs(path)
		switch {
		case err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path):
			t.Errorf("%s: %v; want %q", name, err, c.want)
		case strings.Contains(err.Error(), secret[6:20]) || strings.Contains(err.Error(), "\n"):
			t.Errorf("%s: shown: %v", name, err)
		}
	}
	if _, err := readPairs(t.TempDir()); err == nil {
		t.Error("a directory is a file with keys")
	}
	zero := strings.Repeat("0", zmtp.KeyText)
	if _, err := readPublic(write(t, filepath.Join(t.TempDir(), "x.key"), strings.Replace(good, public, zero, 1))); err == nil || !strings.Contains(err.Error(), "nobody's key") {
		t.Errorf("a key of low order: %v", err)
	}
}

func TestGenerate(t *testing.T) {
	dir := t.TempDir()
	key, err := Generate(dir, "node_1")
	if err != nil {
		t.Fatal(err)
	}
	pairs, err := readPairs(filepath.Join(dir, "node_1.key_secret"))
	if err != nil || len(pairs) != 1 || pairs[0].Public != key {
		t.Fatal(err)
	}
	publics, err := readPublic(filepath.Join(dir, "node_1.key"))
	if err != nil || !slices.Equal(publics, []zmtp.Key{key}) {
		t.Fatal(publics, err)
	}
	text, _ := os.ReadFile(filepath.Join(dir, "node_1.key"))
	if strings.Contains(string(text), pairs[0].Secret.Text()) {
		t.Error("the public file has the secret")
	}
	info, err := os.Stat(filepath.Join(dir, "node_1.key_secret"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	for _, left := range []string{"node_1.key", "node_1.key_secret"} { // nothing is written over
		again := t.TempDir()
		write(t, filepath.Join(again, left), "mine")
		if _, err := Generate(again, "node_1"); err == nil || !strings.Contains(err.Error(), left+" is there already") {
			t.Errorf("%s: %v", left, err)
		}
		if files, _ := os.ReadDir(again); len(files) != 1 {
			t.Errorf("%s: %d files are there", left, len(files))
		}
	}
}

// directory is a place with keys of these names.
func directory(t testing.TB, names ...string) (dir string, keys map[string]zmtp.Key) {
	t.Helper()
	dir, keys = t.TempDir(), make(map[string]zmtp.Key)
	for _, name := range names {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		key, err := Generate(dir, name)
		if err != nil {
			t.Fatal(err)
		}
		keys[name] = key
	}
	return dir, keys
}

func TestOwnKeys(t *testing.T) {
	dir, key := directory(t, "node_1", "node_2", "Node_3:20001", "readers/screen", ".hidden")
	write(t, filepath.Join(dir, "README"), "no key")
	write(t, filepath.Join(dir, ".broken.key"), "no key")
	_, ring, err := Open(Config{Own: filepath.Join(dir, "node_1.key_secret"), Authorized: dir}, "node_1", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		key            string
		admits, member bool
		may            string
	}{
		{"node_1", true, true, "node_1"},
		{"node_2", true, true, "NODE_2:20000"}, // the same name
		{"Node_3:20001", true, true, "node_3:20001"},
		{"readers/screen", true, false, ""},
		{".hidden", false, false, ""},
	} {
		k := key[c.key]
		if ring.Admits(k) != c.admits || ring.Member(k) != c.member {
			t.Errorf("%s: admitted %v, member %v", c.key, ring.Admits(k), ring.Member(k))
		}
		for _, name := range []string{"node_1", "NODE_2:20000", "node_3:20001", "node_3", "screen", "other"} {
			if got := ring.May(k, topics.Name(name)); got != (name == c.may) {
				t.Errorf("the holder of %s may be %s: %v", c.key, name, got)
			}
		}
	}
	if ring.NameOf(key["node_2"]) != "node_2" || ring.NameOf(key["readers/screen"]) != "" {
		t.Error("a key has another name")
	}
	ways, err := ring.To("NODE_2")
	if err != nil || len(ways) != 1 || ways[0].Server != key["node_2"] || ways[0].Own[0].Public != key["node_1"] {
		t.Errorf("to node_2: %+v, %v", ways, err)
	}
	if _, err := ring.To("other"); !errors.Is(err, ErrUnknown) {
		t.Errorf("to somebody unknown: %v", err)
	}
	if ring.Answer().Admit(key[".hidden"]) || !ring.Answer().Admit(key["readers/screen"]) {
		t.Error("a handshake lets others in than the ring does")
	}
}

// A node is called by its own keys alone: what the directory has under its name may be another's, or out of date.
func TestOwnNameIsOfOwnKeys(t *testing.T) {
	own, other, b := zmtp.GenerateKey(), zmtp.GenerateKey(), zmtp.GenerateKey()
	ring := Own("node_1", []zmtp.KeyPair{own}, map[topics.Name][]zmtp.Key{"NODE_1": {other.Public}, "b": {b.Public}}, nil)
	if ring.Admits(other.Public) || ring.May(other.Public, "node_1") || ring.Member(other.Public) {
		t.Error("another key has this node's name")
	}
	if !ring.Admits(own.Public) || !ring.May(own.Public, "node_1") || !ring.May(b.Public, "b") {
		t.Error("its own has not")
	}
}

// A key that the directory has under other names alone is theirs. One that it has under the own name too, or under none, is not.
func TestOthers(t *testing.T) {
	own, next, other := zmtp.GenerateKey(), zmtp.GenerateKey(), zmtp.GenerateKey()
	for what, c := range map[string]struct {
		members map[topics.Name][]zmtp.Key
		want    string
	}{
		"nobody's":               {nil, "[]"},
		"its own":                {map[topics.Name][]zmtp.Key{"SELF": {own.Public}, "b": {other.Public}}, "[]"},
		"another's":              {map[topics.Name][]zmtp.Key{"self": {other.Public}, "b": {other.Public, own.Public}}, "[b]"},
		"two others'":            {map[topics.Name][]zmtp.Key{"c": {own.Public}, "b": {own.Public}}, "[b c]"},
		"its own, and another's": {map[topics.Name][]zmtp.Key{"self": {own.Public}, "b": {own.Public}}, "[]"},
		"another's, not spoken":  {map[topics.Name][]zmtp.Key{"b": {next.Public}}, "[]"},
	} {
		if got := fmt.Sprint(Own("self", []zmtp.KeyPair{own, next}, c.members, nil).Others()); got != c.want {
			t.Errorf("%s: %s, not %s", what, got, c.want)
		}
	}
}

func TestOwnKeysUnreadable(t *testing.T) {
	for name, c := range map[string]struct{ file, text, want string }{
		"no node's name": {"a b.key", readable["pyzmq"], "called after no node"},
		"two lines":      {"a\nb.key", "junk", `a\nb.key`},
		"no text":        {"a\xff.key", "junk", `a\xff.key`},
		"two lines' own": {"readers/a\nb.key", "junk", `a\nb.key`},
		"no key":         {"node_3.key", "junk", "no section"},
		"a reader's":     {"readers/x.key", "junk", "no section"},
	} {
		dir, _ := directory(t, "node_1", "node_2")
		write(t, filepath.Join(dir, c.file), c.text)
		_, _, err := Open(Config{Own: filepath.Join(dir, "node_1.key_secret"), Authorized: dir}, "node_1", nil)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), strings.Trim(strconv.Quote(filepath.Base(c.file)), `"`)) ||
			strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := Open(Config{Own: "x", Authorized: "/nowhere"}, "node_1", nil); err == nil {
		t.Error("files that are not there were read")
	}
}

func TestConfig(t *testing.T) {
	for want, c := range map[string]Config{
		"exclude each other":  {Mesh: "a", Own: "b", Authorized: "c"},
		"needs a key":         {Authorized: "c"},
		"needs a directory":   {Own: "b"},
		"exclude each other ": {Mesh: "a", Authorized: "c"},
	} {
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), strings.TrimSpace(want)) || !c.Locked() {
			t.Errorf("%+v: %v; want %s", c, err, want)
		}
	}
	if (Config{}).Locked() || (Config{}).Validate() != nil {
		t.Error("no keys are keys")
	}
	path := write(t, filepath.Join(t.TempDir(), "x"), readable["czmq"])
	if got := (Config{Mesh: path}).exposed(); got != "" {
		t.Errorf("%s is exposed", got)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	for mode, want := range map[os.FileMode]bool{0o640: !files.OfRoot(info), 0o440: !files.OfRoot(info), 0o644: true, 0o660: true, 0o604: true, 0o400: false} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if got := (Config{Mesh: path}).exposed(); (got == path) != want {
			t.Errorf("mode %o: %q is exposed", mode, got)
		}
	}
}

// A key is changed by adding, reordering and removing: at each step all who are at it or one step behind meet.
func TestRotation(t *testing.T) {
	old, new := zmtp.GenerateKey(), zmtp.GenerateKey()
	steps := []*Ring{Mesh(old), Mesh(old, new), Mesh(new, old), Mesh(new)}
	for i, a := range steps {
		for j, b := range steps {
			_, _, err := a.Meets(b, "x")
			if near := i-j <= 1 && j-i <= 1; near && err != nil {
				t.Errorf("step %d does not meet step %d: %v", i, j, err)
			}
		}
	}
	if _, _, err := steps[0].Meets(steps[3], "x"); !errors.Is(err, zmtp.ErrKey) {
		t.Errorf("the old key meets the new one: %v", err)
	}
	if steps[3].Keeps(old.Public, old.Public) || !steps[2].Keeps(old.Public, old.Public) {
		t.Error("a connection with the old key goes on, or does not")
	}
	if steps[2].Prefers("x", old.Public, old.Public) || !steps[2].Prefers("x", new.Public, new.Public) {
		t.Error("the new key is not the first")
	}
}

// However a ring is printed, no secret is in it.
func TestRingIsHidden(t *testing.T) {
	p := zmtp.GenerateKey()
	ring := Mesh(p)
	shown := fmt.Sprintf("%v %+v %#v %s %v", ring, ring, ring, ring, struct{ r *Ring }{ring})
	if bytes := strings.Trim(fmt.Sprint(p.Secret[:]), "[]"); strings.Contains(shown, bytes) || strings.Contains(shown, p.Secret.Text()) {
		t.Errorf("shown: %s", shown)
	}
}

func TestMeets(t *testing.T) {
	a, b, c := zmtp.GenerateKey(), zmtp.GenerateKey(), zmtp.GenerateKey()
	dir := map[topics.Name][]zmtp.Key{"a": {a.Public}, "b": {c.Public, b.Public}}
	ringA := Own("a", []zmtp.KeyPair{a}, dir, nil)
	ringB := Own("b", []zmtp.KeyPair{b}, dir, nil)
	stranger := Own("c", []zmtp.KeyPair{c}, map[topics.Name][]zmtp.Key{"a": {a.Public}}, nil)
	if own, other, err := ringA.Meets(ringB, "b"); err != nil || own != a.Public || other != b.Public {
		t.Error(own, other, err)
	}
	var open *Ring
	for name, got := range map[string]error{
		"open and open":        second(open.Meets(nil, "x")),
		"open and locked":      second(open.Meets(ringA, "a")),
		"locked and open":      second(ringA.Meets(nil, "b")),
		"a name without a key": second(ringA.Meets(ringB, "other")),
		"somebody else":        second(ringA.Meets(Mesh(zmtp.GenerateKey()), "b")),
		"unauthorized":         second(Own("d", []zmtp.KeyPair{zmtp.GenerateKey()}, dir, nil).Meets(ringA, "a")),
		"a key of b":           second(stranger.Meets(ringA, "a")),
	} {
		want := map[string]error{
			"open and locked": zmtp.ErrMechanism, "locked and open": zmtp.ErrMechanism, "a name without a key": ErrUnknown,
			"somebody else": zmtp.ErrKey, "unauthorized": zmtp.ErrUnauthorized,
		}[name]
		if !errors.Is(got, want) {
			t.Errorf("%s: %v; want %v", name, got, want)
		}
	}
}

func second(_, _ zmtp.Key, err error) error { return err }

// A Keeper sees each change of files, and a file that is not what it should be changes nothing.
func TestKeeper(t *testing.T) {
	dir, key := directory(t, "node_1", "node_2")
	type news struct {
		ring *Ring
		err  error
	}
	told := make(chan news, 10)
	k, ring, err := open(Config{Own: filepath.Join(dir, "node_1.key_secret"), Authorized: dir}, "node_1", func(r *Ring, err error) {
		told <- news{r, err}
	}, time.Millisecond)
	if err != nil || !ring.Admits(key["node_2"]) {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); k.Run(ctx) }()
	defer func() { cancel(); <-done }()
	await := func(what string) news {
		t.Helper()
		select {
		case n := <-told:
			return n
		case <-time.After(20 * time.Second):
			t.Fatal("not seen: ", what)
			return news{}
		}
	}

	other, _ := directory(t, "x")
	moved := filepath.Join(dir, "node_3.key")
	if err := os.Rename(filepath.Join(other, "x.key"), moved); err != nil { // one piece, as a change should be
		t.Fatal(err)
	}
	if n := await("a new file"); n.err != nil || n.ring.members["node_3"] == nil {
		t.Error(n.err)
	}
	if err := os.Rename(write(t, filepath.Join(other, "y"), "junk"), moved); err != nil {
		t.Fatal(err)
	}
	if n := await("a bad file"); n.err == nil || n.ring != nil || !strings.Contains(n.err.Error(), "node_3.key") {
		t.Errorf("%+v", n)
	}
	if err := os.Remove(moved); err != nil {
		t.Fatal(err)
	}
	if n := await("a file that is gone"); n.err != nil || n.ring.members["node_3"] != nil || !n.ring.Admits(key["node_2"]) {
		t.Error(n.err)
	}
	k.Reload()
	if n := await("a reload"); n.err != nil || n.ring == nil {
		t.Error(n.err)
	}
	if len(told) != 0 {
		t.Error("something was told of that did not happen")
	}
}

// Files that were bad are good again though nobody touches them, or though they have the size and the time that they had:
// a Keeper tries until it can read them. A mode that has changed is a change.
func TestKeeperTriesAgain(t *testing.T) {
	dir, _ := directory(t, "node_1", "node_2")
	secret, member := filepath.Join(dir, "node_1.key_secret"), filepath.Join(dir, "node_2.key")
	type news struct {
		ring *Ring
		err  error
	}
	told := make(chan news, 100)
	k, _, err := open(Config{Own: secret, Authorized: dir}, "node_1", func(r *Ring, err error) { told <- news{r, err} }, time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); k.Run(ctx) }()
	defer func() { cancel(); <-done }()
	until := func(what string, ok func(news) bool) {
		t.Helper()
		for late := time.After(20 * time.Second); ; {
			select {
			case n := <-told:
				if ok(n) {
					return
				}
			case <-late:
				t.Fatal("not seen: ", what)
			}
		}
	}
	text, err := os.ReadFile(member)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(member)
	if err != nil {
		t.Fatal(err)
	}
	overwrite := func(text string) { // in its place, as cp --preserve does
		t.Helper()
		f, err := os.OpenFile(member, os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		_, err = f.WriteAt([]byte(text), 0)
		if err := errors.Join(err, f.Close(), os.Chtimes(member, info.ModTime(), info.ModTime())); err != nil {
			t.Fatal(err)
		}
	}
	overwrite(strings.Repeat("#", len(text)))
	until("a bad file", func(n news) bool { return n.err != nil })
	overwrite(string(text))
	until("a file that is well again", func(n news) bool { return n.err == nil })
	if err := os.Chmod(secret, 0o644); err != nil {
		t.Fatal(err)
	}
	until("a mode", func(n news) bool { return n.err == nil && n.ring.Exposed() == secret })
	if err := os.Chmod(secret, 0o600); err != nil {
		t.Fatal(err)
	}
	until("a mode that is well again", func(n news) bool { return n.err == nil && n.ring.Exposed() == "" })
}

// FuzzCertificate: any file is refused in words, or read as keys that are keys.
func FuzzCertificate(f *testing.F) {
	for _, text := range readable {
		f.Add([]byte(text))
	}
	f.Add([]byte("curve\n public-key = \"\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		all, err := parse(text)
		if err == nil && len(all) == 0 || err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("%d certificates, %v", len(all), err)
		}
		for _, c := range all {
			if p, err := zmtp.ParseKeyPair(c.public, c.secret); err == nil && p.Public.String() != c.public {
				t.Errorf("%q is read as %s", c.public, p.Public)
			}
		}
	})
}
