package web

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hearsay/node"
	"hearsay/node/keys"
)

// Files of keys or tokens that cannot be read are shown wherever people and tools look, with the file and since when,
// until they are mended: what was withdrawn meanwhile is good still.
func TestUnreadableFilesAreShown(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := keys.Generate(dir, "mesh"); err != nil {
		t.Fatal(err)
	}
	key := filepath.Join(dir, "mesh.key_secret")
	token, tokenPath := openToken(t, goodToken)
	n := startNode(t, node.Config{Keys: node.Keys{Mesh: key}})
	s, base := startServer(t, n, Options{Token: token})
	s.views.keep = time.Millisecond
	shown := func(path string) string {
		_, body := ask(t, http.MethodGet, base+path, nil)
		return string(body)
	}
	show := func(what string, words ...string) {
		t.Helper()
		for _, path := range []string{"/healthz", "/readyz", "/v1/members", "/v1/status"} {
			body := shown(path)
			for _, word := range words {
				if !strings.Contains(body, word) {
					t.Errorf("%s: %s has no %q: %s", what, path, word, body)
				}
			}
			if len(words) == 0 && strings.Contains(body, "no change holds") {
				t.Errorf("%s: %s: %s", what, path, body)
			}
		}
		if got, want := shown("/metrics"), fmt.Sprintf("hearsay_files_unreadable %d\n", len(words)/2); !strings.Contains(got, want) {
			t.Errorf("%s: no %q in the metrics", what, want)
		}
		if all := get[Status](t, base+"/v1/status").Unreadable; len(all) != len(words)/2 {
			t.Errorf("%s: %+v", what, all)
		}
	}
	show("all is well")
	file(t, key, "garbage")
	n.ReloadKeys()
	since := "keys as before " + time.Now().UTC().Format("2006-01-02T")
	show("no key", since, key+": no section")
	file(t, tokenPath, "# none\n")
	s.Reload()
	show("no key and no token", since, key+": no section", "http token as before ", tokenPath+": line 1")
	file(t, tokenPath, goodToken)
	s.Reload()
	show("a token again", since, key+": no section")
	mended := t.TempDir()
	if _, err := keys.Generate(mended, "mesh"); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(mended, "mesh.key_secret"), key); err != nil {
		t.Fatal(err)
	}
	n.ReloadKeys()
	show("all is well again")
}
