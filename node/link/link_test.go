package link

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func open(t testing.TB, cfg Config) *Link {
	t.Helper()
	if cfg.Bind == "" {
		cfg.Bind = "127.0.0.1"
	}
	l, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestPubSub(t *testing.T) {
	defer goleak.VerifyNone(t)
	for _, tcp := range []bool{false, true} {
		t.Run(fmt.Sprint(tcp), func(t *testing.T) {
			a, b := open(t, Config{Hello: "a", Subscribe: []string{"1"}}), open(t, Config{Hello: "b"})
			if tcp {
				for _, p := range b.pubs {
					local.remove(addrPort(p.gate.ln.Addr()).String(), p.gate)
				}
			}
			b.SetBeat([]byte("0"), []byte("b,c"))
			for _, p := range []Port{Discovery, Message} {
				if err := a.Dial(context.Background(), p, b.Addr(p), "b"); err != nil {
					t.Fatal(err)
				}
			}
			for i := range 2 {
				e := <-b.Events()
				t.Log(e.Kind, e.Name, e.Addr, i)
			}
			tick := time.NewTicker(10 * time.Millisecond)
			defer tick.Stop()
			for n := 0; n < 5; {
				select {
				case e := <-a.Events():
					t.Log(e.Kind, e.Port, string(e.Run))
					n++
				case <-tick.C:
					b.Publish(Message, []byte("1"), []byte("hi"))
				}
			}
			a.HangUp(1)
			go a.Close(time.Second)
			go b.Close(time.Second)
			for range a.Events() {
			}
			for range b.Events() {
			}
			t.Log(a.Stats(), netip.Addr{})
		})
	}
}
