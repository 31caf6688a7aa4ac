package link

import (
	"context"
	"io"
	"log"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"
)

// Every test of a hazard has two parts: bare zmq4, which has it (should a later zmq4 be cured of it, its test
// says so), and a link, which has not. The bare part runs in a process of its own, as it may die, hang, spin
// or leak.

const childEnv = "LINK_TEST_BARE" // the name of the test whose bare part this process is to run

// bare runs part in a process of its own, which has to succeed: part asserts the hazard. Call it first.
func bare(t *testing.T, part func()) {
	t.Helper()
	if out, err := child(t, part); err != nil {
		t.Fatalf("bare zmq4 does not have this hazard (any more?): %v\n%s", err, out)
	}
}

// bareDies is for a part that zmq4 does not survive. It has to die with this text.
func bareDies(t *testing.T, text string, part func()) {
	t.Helper()
	out, err := child(t, part)
	if err == nil || !strings.Contains(out, text) {
		t.Fatalf("bare zmq4 does not die of %q (any more?): %v\n%s", text, err, out)
	}
}

func child(t *testing.T, part func()) (output string, err error) {
	if os.Getenv(childEnv) == t.Name() {
		part()
		if t.Failed() {
			os.Exit(1)
		}
		os.Exit(0)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*patience)
	defer cancel()
	pattern := "^" + strings.ReplaceAll(t.Name(), "/", "$/^") + "$"
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run", pattern, "-test.count=1")
	cmd.Env = append(os.Environ(), childEnv+"="+t.Name(), "GORACE=atexit_sleep_ms=0")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func bareOptions() []zmq4.Option {
	return []zmq4.Option{zmq4.WithLogger(log.New(io.Discard, "", 0))}
}

// barePub is a PUB of bare zmq4 that publishes a beat every few milliseconds.
func barePub(t testing.TB) (pub zmq4.Socket, addr string) {
	pub = zmq4.NewPub(context.Background(), bareOptions()...)
	if err := pub.Listen("tcp://127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	go func() {
		for range time.Tick(5 * time.Millisecond) {
			_ = pub.Send(zmq4.NewMsgFrom([]byte("0"), []byte("beat")))
		}
	}()
	return pub, pub.Addr().String()
}

// bareSub is a SUB of bare zmq4 that has dialled a publisher and subscribed to everything.
func bareSub(t testing.TB, addr string) zmq4.Socket {
	sub := zmq4.NewSub(context.Background(), bareOptions()...)
	if err := sub.Dial("tcp://" + addr); err != nil {
		t.Fatal(err)
	}
	if err := sub.SetOption(zmq4.OptionSubscribe, ""); err != nil {
		t.Fatal(err)
	}
	return sub
}

// bareWedged asserts that no newcomer gets into a bare PUB, until let go, when it does.
func bareWedged(t testing.TB, addr string, letGo func()) {
	if err := joins(t, addr, "0", window); err == nil {
		t.Fatal("a newcomer got in")
	}
	letGo()
	if err := joins(t, addr, "0", patience); err != nil {
		t.Fatalf("a newcomer is kept out by something else: %v", err)
	}
}

// forever is for a bare part that ends by dying.
func forever() { <-time.After(patience) }
