package files

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What may be a secret that was given in place of its file is in no error; a path is.
func TestSecretInPlaceOfItsFile(t *testing.T) {
	dir := t.TempDir()
	for _, secret := range []string{
		"s3cr3t-token-abcdefgh", "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6", "/QzE9u3Wk2f0aSDF1234", "+a/b/c0123456789abcdef==",
		"metadata\ncurve\n    secret-key = \"x\"\n", dir + "/a\nsecret.key", "eyJhbGciOi.eyJzdWIi.SflKxwRJ", strings.Repeat("x", 5000), "a\x00b",
		dir + "/s3cr3t-token-abcdefgh", dir + "/QzE9u3Wk2f0aS/abc", // in a file of the configuration, whose directory stands before it
	} {
		_, err := Read(secret, 100)
		if err == nil || strings.Contains(err.Error(), secret) || !strings.Contains(err.Error(), "the path of a file") {
			t.Errorf("%.60q: %.200v", secret, err)
		}
	}
	for _, path := range []string{filepath.Join(dir, "token"), "mesh.key_secret", "./nowhere/mesh.key", "/tls.pem", "tk", "/nothing", dir + "/a/b/c"} {
		if _, err := Read(path, 100); err == nil || !strings.Contains(err.Error(), "open "+path+": no such file") {
			t.Errorf("%s: %v", path, err)
		}
	}
	was := filepath.Join(dir, "what-was-there-once")
	put(t, was, "x")
	if _, err := Read(was, 100); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(was); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(was, 100); err == nil || !strings.Contains(err.Error(), was) {
		t.Errorf("a file that was there: %v", err)
	}
}
