package page_test

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"hearsay/node/web/page"
)

func get(path string) (*httptest.ResponseRecorder, bool) {
	w := httptest.NewRecorder()
	ok := page.Serve(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w, ok
}

func TestServe(t *testing.T) {
	for path, kind := range map[string]string{
		"/":          "text/html; charset=utf-8",
		"/style.css": "text/css; charset=utf-8",
		"/app.js":    "text/javascript; charset=utf-8",
		"/icon.svg":  "image/svg+xml",
	} {
		w, ok := get(path)
		if !ok || w.Code != http.StatusOK || w.Header().Get("Content-Type") != kind {
			t.Errorf("GET %s: served %t, status %d, type %q; want it served as %q", path, ok, w.Code, w.Header().Get("Content-Type"), kind)
		}
		if policy := w.Header().Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'self'") {
			t.Errorf("GET %s: policy %q", path, policy)
		}
	}
	for _, path := range []string{"/index.html", "/static/", "/static/app.js", "/../page.go", "/page.go", "/no", "/app.js/", "//"} {
		if w, ok := get(path); ok || w.Code != http.StatusOK || w.Body.Len() > 0 {
			t.Errorf("GET %s: served %t, status %d; want it left to others", path, ok, w.Code)
		}
	}
}

// TestFilesKeepToThemselves reads the files for what the policy would refuse, or what should need no policy.
func TestFilesKeepToThemselves(t *testing.T) {
	refused := map[string]*regexp.Regexp{
		"another site":         regexp.MustCompile(`(?i)(https?:)?//[a-z0-9-]+\.[a-z]`),
		"an inline handler":    regexp.MustCompile(`(?i)<[^>]+\son[a-z]+\s*=`),
		"an inline script":     regexp.MustCompile(`(?i)<script(\s+type="module")?>`),
		"an inline style":      regexp.MustCompile(`(?i)<style|<[^>]+\sstyle\s*=|setAttribute\([^,]+'style'`),
		"markup from a string": regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment`),
		"code from a string":   regexp.MustCompile(`\beval\(|new Function|javascript:`),
	}
	space := "http://www.w3.org/2000/svg" // a name, not an address
	err := fs.WalkDir(page.Files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(page.Files, path)
		for what, pattern := range refused {
			if found := pattern.FindString(strings.ReplaceAll(string(text), space, "")); found != "" {
				t.Errorf("%s has %s: %q", path, what, found)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
