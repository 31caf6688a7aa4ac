package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

// Why a stream ended is said, if the node said it.
func TestWhyAStreamEnded(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]string{
		": hello\n\n": "ended the stream",
		": hello\n\n: ended: the token was \x1b withdrawn\n\n": `ended the stream: the token was \x1b withdrawn`,
	} {
		fake := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, said) }))
		fails(t, exitUnreachable, want, "monitor", "--addr", fake.URL)
		fake.Close()
	}
}
