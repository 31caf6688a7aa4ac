package main

import (
	"encoding/json"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-zeromq/zmq4"

	"hearsay/node/nodetest"
	"hearsay/node/web"
)

// beside runs two nodes, the first with both sockets for programs, and returns where these are.
func beside(t *testing.T, tap, inject string) (one, two string) {
	t.Helper()
	one, two = nodetest.Address(t), nodetest.Address(t)
	tap, inject = strings.ReplaceAll(tap, "HOST", one), strings.ReplaceAll(inject, "HOST", one)
	begin(t, nil, "node", "--hostname", one, "--bind", one, "--beat", "200ms", "--channel", "news", "--tap", tap, "--inject", inject, two)
	begin(t, nil, "node", "--hostname", two, "--bind", two, "--beat", "200ms", "--channel", "news")
	must(t, "wait", "--members", "2", "--addr", one)
	must(t, "wait", "--members", "2", "--addr", two)
	return one, two
}

// sidecarOf is what a node shows of its sockets for programs.
func sidecarOf(t *testing.T, addr string) (s web.Sidecar) {
	t.Helper()
	cl, err := parseAddr(addr)
	if err != nil {
		t.Fatal(err)
	}
	text, err := newClientAt(cl).call(t.Context(), "GET", "/v1/status", nil, nil)
	var status web.Status
	if err == nil {
		err = json.Unmarshal(text, &status)
	}
	if err != nil || status.Sidecar == nil {
		t.Fatalf("%v %s", err, text)
	}
	return *status.Sidecar
}

// ZeroMQ sockets read what a node receives, and publish what they say, over TCP and by path.
func TestSidecar(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, at := range map[string][2]string{
		"tcp": {"tcp://HOST:5550", "HOST:5551"}, "ipc": {"ipc://" + filepath.Join(dir, "tap"), "ipc://" + filepath.Join(dir, "inject")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			one, two := beside(t, at[0], at[1])
			s := sidecarOf(t, one)
			all, news := zmq4.NewSub(t.Context()), zmq4.NewSub(t.Context())
			push := zmq4.NewPush(t.Context())
			for sock, topic := range map[zmq4.Socket]string{all: "", news: "news"} {
				if err := sock.SetOption(zmq4.OptionSubscribe, topic); err != nil {
					t.Fatal(err)
				}
				defer sock.Close()
				if err := sock.Dial(s.Tap); err != nil {
					t.Fatal(err)
				}
			}
			defer push.Close()
			if err := push.Dial(s.Inject); err != nil {
				t.Fatal(err)
			}
			got := make(chan string, 1000)
			for word, sock := range map[string]zmq4.Socket{"all": all, "news": news} {
				go func() {
					for {
						m, err := sock.Recv()
						if err != nil {
							return
						}
						got <- fmt.Sprintf("%s: %q", word, m.Frames)
					}
				}()
			}
			sees := func(want string, say func()) {
				t.Helper()
				seen := map[string]bool{}
				nodetest.Eventually(t, func() error {
					say()
					for len(got) > 0 {
						seen[<-got] = true
					}
					for text := range seen {
						if strings.HasPrefix(text, "news: [\"\"") {
							t.Fatalf("not subscribed to: %s", text)
						}
					}
					if !seen[want] {
						return fmt.Errorf("no %s in %v", want, seen)
					}
					return nil
				})
			}
			sees(fmt.Sprintf(`all: ["" %q "hello there"]`, two), func() { must(t, "pub", "--addr", two, "hello there") })
			sees(fmt.Sprintf(`news: ["news" %q "x"]`, two), func() { must(t, "pub", "--addr", two, "--channel", "news", "x") })
			out := begin(t, nil, "sub", "--addr", two, "--format", "{from} {channel} {body}")
			says := func(want string, frames ...string) {
				t.Helper()
				nodetest.Eventually(t, func() error {
					var parts [][]byte
					for _, f := range frames {
						parts = append(parts, []byte(f))
					}
					if err := push.SendMulti(zmq4.NewMsgFrom(parts...)); err != nil {
						return err
					}
					if !strings.Contains(out.out.String(), want) {
						return fmt.Errorf("no %q in %q", want, out.out.String())
					}
					return nil
				})
			}
			says(one+` news a\x00\n`+"\n", "news", "a\x00\n")
			says(one+"  to all\n", "", "to all")
			for _, bad := range [][][]byte{{[]byte("alone")}, {[]byte("no spaces"), nil}, {nil, nil, nil}} {
				if err := push.SendMulti(zmq4.NewMsgFrom(bad...)); err != nil {
					t.Fatal(err)
				}
			}
			nodetest.Eventually(t, func() error {
				if s := sidecarOf(t, one); s.Refused != 3 || s.Injected == 0 || s.TapPrograms != 2 || s.InjectPrograms != 1 {
					return fmt.Errorf("%+v", s)
				}
				return nil
			})
		})
	}
}

// The examples in Python do what they say, where Python has ZeroMQ.
func TestSidecarInPython(t *testing.T) {
	t.Parallel()
	const python = "/usr/bin/python3"
	if exec.Command(python, "-c", "import zmq").Run() != nil {
		t.Skip("no pyzmq")
	}
	one, _ := beside(t, "HOST:5550", "HOST:5551")
	var tapped screen
	tap := exec.CommandContext(t.Context(), python, "../../examples/sidecar/tap.py", one+":5550", "news")
	tap.Stdout, tap.Stderr = &tapped, &tapped
	if err := tap.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tap.Process.Kill(); _ = tap.Wait() })
	nodetest.Eventually(t, func() error {
		inject := exec.CommandContext(t.Context(), python, "../../examples/sidecar/inject.py", one+":5551", "news")
		inject.Stdin = strings.NewReader("hello from python\n")
		if out, err := inject.CombinedOutput(); err != nil {
			t.Fatalf("%v %s", err, out)
		}
		if want := "news " + one + " hello from python\n"; !strings.Contains(tapped.String(), want) {
			return fmt.Errorf("no %q in %q", want, tapped.String())
		}
		return nil
	})
}

func TestSidecarThatIsWrong(t *testing.T) {
	t.Parallel()
	addr := nodetest.Address(t)
	with := func(args ...string) []string {
		return append([]string{"node", "--hostname", addr, "--bind", addr, "--http", ""}, args...)
	}
	file := filepath.Join(t.TempDir(), "file")
	must(t, "keygen", "--dir", filepath.Dir(file), "--name", "file")
	taken := nodetest.Listen(t, addr+":0", func(c net.Conn) { c.Close() })
	for _, flag := range []string{"--tap", "--inject"} {
		fails(t, exitUsage, "not a loopback address", with(flag, "0.0.0.0:5550")...)
		fails(t, exitUsage, "not a loopback address", with(flag, "tcp://*:5550")...)
		fails(t, exitUsage, "not a loopback address", with(flag, "node_1:5550")...)
		fails(t, exitUsage, "must be HOST:PORT", with(flag, "5550")...)
		fails(t, exitUsage, "must be HOST:PORT", with(flag, "udp://127.0.0.1:5550")...)
		fails(t, exitUsage, "needs a path", with(flag, "ipc://")...)
		fails(t, exitUsage, "no socket", with(flag, "ipc://"+file+".key")...)
		fails(t, exitFailed, "for "+flag, with(flag, taken.String())...)
		fails(t, exitUsage, flag+" \""+addr+":99999\": must be HOST:PORT", with(flag, addr+":99999")...)
	}
}
