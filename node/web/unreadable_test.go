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
	"hearsay/node/nodetest"
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
	show := func(what string, words ...string) {
		t.Helper()
		nodetest.Eventually(t, func() error { // what is shown is a moment old
			for _, path := range []string{"/healthz", "/readyz", "/v1/members", "/v1/status"} {
				_, body := ask(t, http.MethodGet, base+path, nil)
				for _, word := range words {
					if !strings.Contains(string(body), word) {
						return fmt.Errorf("%s: %s has no %q: %s", what, path, word, body)
					}
				}
				if got, want := strings.Count(string(body), " as before "), len(words)/2; got < want || want == 0 && got != 0 {
					return fmt.Errorf("%s: %s tells of %d: %s", what, path, got, body)
				}
			}
			if _, body := ask(t, http.MethodGet, base+"/metrics", nil); !strings.Contains(string(body), fmt.Sprintf("hearsay_files_unreadable %d\n", len(words)/2)) {
				return fmt.Errorf("%s: not that in the metrics", what)
			}
			if all := get[Status](t, base+"/v1/status").Unreadable; len(all) != len(words)/2 {
				return fmt.Errorf("%s: %+v", what, all)
			}
			return nil
		})
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
