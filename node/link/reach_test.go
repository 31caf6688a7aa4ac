package link

import (
	"errors"
	"net"
	"testing"
)

// A port has so many connections to others at most; one that ends, or never came about, leaves its place to the next.
func TestDialsAreBounded(t *testing.T) {
	t.Parallel()
	to := open(t, Config{MaxDials: 1, OverTCP: true, Subscribe: []string{"1"}})
	a, b := open(t, Config{}), open(t, Config{})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := addrPort(ln.Addr())
	ln.Close()
	for range 3 {
		if err := to.Dial(t.Context(), Discovery, nobody, ""); err == nil || errors.Is(err, ErrFiles) {
			t.Fatalf("nobody listens: %v", err)
		}
	}
	for port := range Message + 1 {
		if err := errors.Join(to.CanDial(port), to.Dial(t.Context(), port, a.Addr(port), "a")); err != nil {
			t.Fatalf("%s: %v", port, err)
		}
		first := next(t, to, Up).ID
		if err := to.Dial(t.Context(), port, b.Addr(port), "b"); !errors.Is(err, ErrFiles) || !errors.Is(to.CanDial(port), ErrFiles) {
			t.Errorf("%s: a second one: %v", port, err)
		}
		to.HangUp(first)
		eventually(t, "its place is free", func() bool { return to.CanDial(port) == nil })
		if err := to.Dial(t.Context(), port, b.Addr(port), "b"); err != nil {
			t.Errorf("%s: after the first has ended: %v", port, err)
		}
		next(t, to, Up)
	}
}
