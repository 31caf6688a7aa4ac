package main

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hearsay/node"
	"hearsay/node/nodetest"
)

// givenUp runs a command that finds no answer, which takes no less than lookTimeout and, where the machine has time for it, no
// more than answerTimeout.
func givenUp(t *testing.T, args ...string) {
	t.Helper()
	for try := 1; ; try++ {
		begin := time.Now()
		fails(t, exitUnreachable, "no answer in time", args...)
		switch took := time.Since(begin); {
		case took < lookTimeout, took >= answerTimeout && try == 3:
			t.Errorf("%s: after %v", args[0], took)
			return
		case took < answerTimeout:
			return
		}
	}
}

// A node that accepts and does not answer is given up after 3 s.
func TestNodeThatHangsIsGivenUp(t *testing.T) {
	t.Parallel()
	addr := nodetest.Address(t)
	ln, err := net.Listen("tcp", addr+":8080")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	givenUp(t, "members", "--addr", addr)
}

// So it is where it was to do something: what that may take, and what the user waits for, is for a node that answers.
func TestNodeThatHangsDoesNothing(t *testing.T) {
	t.Parallel()
	addr := nodetest.Address(t)
	ln, err := net.Listen("tcp", addr+":8080")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	for _, args := range [][]string{{"pub", "x"}, {"req", "--timeout", "1m", "c"}, {"forget", "x"}, {"leave"}} {
		givenUp(t, append(args[:1:1], append([]string{"--addr", addr}, args[1:]...)...)...)
		fails(t, exitUnreachable, "is it stopped, or busy? --addr names another); what it was asked for may still be done",
			append(args[:1:1], append([]string{"--addr", addr}, args[1:]...)...)...)
	}
}

// A node that answers who looks may take longer for what it was asked to do.
func TestNodeThatTakesItsTime(t *testing.T) {
	t.Parallel()
	var looked atomic.Bool
	release := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			looked.Store(true)
			w.WriteHeader(http.StatusServiceUnavailable)
			time.AfterFunc(lookTimeout, func() { close(release) })
			return
		}
		select {
		case <-release:
			io.WriteString(w, "{}")
		case <-r.Context().Done():
		}
	}))
	defer slow.Close()
	if must(t, "leave", "--addr", slow.URL); !looked.Load() {
		t.Error("nobody looked")
	}
}

func TestNobodyAnswers(t *testing.T) {
	t.Parallel()
	addr := nodetest.Address(t) + ":8080"
	for _, args := range [][]string{
		{"members"}, {"members", "--watch"}, {"links"}, {"monitor"}, {"leave"}, {"forget", "x"}, {"pub", "x"}, {"sub"}, {"doctor"},
	} {
		args = append(args[:1:1], append([]string{"--addr", addr}, args[1:]...)...)
		fails(t, exitUnreachable, "no node answers at "+addr+": connection refused", args...)
	}
}

// A doctor that is sent to a port for lists or messages says what is there, and nothing of the machine that it is on. One that
// is not answered by who speaks HTTP takes that for hung.
func TestDoctorAtAnotherPort(t *testing.T) {
	t.Parallel()
	addr := nodetest.Address(t)
	begin(t, nil, "node", "--hostname", addr, "--bind", addr).log.shows(t, "http started")
	for _, port := range []string{"20000", "30000"} {
		status, out, err := run(t, "doctor", "--addr", addr+":"+port)
		if want := "warning  node      no node answers at " + addr + ":" + port + ": what answers there speaks no HTTP"; status != exitUnreachable ||
			!strings.HasPrefix(out, want) || strings.Contains(out, "name  ") || strings.Contains(out, "fault") {
			t.Errorf("%s: status %d, %v, not %q:\n%s", port, status, err, want, out)
		}
	}
	hung := nodetest.Listen(t, addr+":8081", func(c net.Conn) { <-t.Context().Done(); c.Close() }).String()
	status, out, err := run(t, "doctor", "--addr", hung, "--timeout", "1s")
	if want := "fault    node      the node at " + hung + " accepts connections and does not answer"; status != exitFailed || !strings.HasPrefix(out, want) ||
		strings.Contains(out, "warning") {
		t.Errorf("status %d, %v, not %q:\n%s", status, err, want, out)
	}
}

func TestSomebodyElseAnswers(t *testing.T) {
	t.Parallel()
	for what, h := range map[string]http.HandlerFunc{
		"a 404":  http.NotFound,
		"a page": func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<html>") },
	} {
		other := httptest.NewServer(h)
		status, _, err := run(t, "members", "--addr", other.URL)
		if status != exitFailed || !strings.Contains(err.Error(), "is no node") {
			t.Errorf("%s: status %d, %v", what, status, err)
		}
		other.Close()
	}
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			c, err := silent.Accept()
			if err != nil {
				return
			}
			c.Close()
		}
	}()
	t.Cleanup(func() { silent.Close() })
	fails(t, exitUnreachable, "no node answers", "members", "--addr", silent.Addr().String())

	for range 20 { // before it is asked, or a moment later
		first := nodetest.Listen(t, "127.0.0.1:0", func(c net.Conn) {
			io.WriteString(c, "220 ready\r\n")
			io.Copy(io.Discard, c)
		})
		fails(t, exitUnreachable, "what answers there speaks no HTTP", "members", "--addr", first.String())
	}
	n := string(startNode(t, node.Config{}).Name())
	fails(t, exitUnreachable, n+":20000: what answers there speaks no HTTP", "members", "--addr", n+":20000")
}

// A token is for the node at --addr alone: who answers there does not send it on, and nothing else.
func TestNobodySendsTheCommandsOn(t *testing.T) {
	t.Parallel()
	asked := make(chan string, 10)
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked <- r.URL.Path + " with " + r.Header.Get("Authorization")
	}))
	t.Cleanup(other.Close)
	first := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusTemporaryRedirect))
	t.Cleanup(first.Close)
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("0123456789abcdef\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"members", "sub", "leave", "pub"} {
		fails(t, exitFailed, "307 Temporary Redirect", line, "--addr", first.URL, "--token-file", token)
	}
	select {
	case got := <-asked:
		t.Errorf("another server was asked for %s", got)
	default:
	}
}

func TestUsage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ words, line string }{
		{"must be HOST or HOST:PORT", "members --addr a:b:c"},
		{"must be HOST or HOST:PORT", "members --addr 1.2.3.4:99999"},
		{"must be HOST or HOST:PORT", "members --addr ftp://x"},
		{"must be one of candidate, probation", "members --state dead"},
		{"takes no arguments", "members node_1"},
		{"takes no arguments", "leave now"},
		{"takes one NAME", "forget"},
		{"takes one NAME", "forget a b"},
		{"in brackets: [fd00::1]", "forget fd00::1"},
		{"name \"tcp://a\": no scheme is wanted, nor a path: write a", "forget tcp://a"},
		{"SEED \"http://a:8080\": no scheme is wanted, nor a path: write a", "doctor http://a:8080"},
		{"--scenario \"crsh\": there is none, did you mean crash?", "sim --scenario crsh"},
		{"want one of crash", "sim --scenario xyzzyx"},
		{"--seeds 0: must be 1 or more", "sim --seeds 0"},
		{"--nodes 0: must be 1", "sim --nodes 0"},
		{"--timeout 0s: must be more than nothing", "doctor --timeout 0s"},
		{"\"news\": --channel names one", "sub news"},
		{"\"2\": --members says how many", "wait 2"},
		{"not defined: -v: 'hearsay node --help'", "node -v"},
		{"--tap \"127.0.0.1:99999\": must be HOST:PORT", "node --hostname a --tap 127.0.0.1:99999"},
		{"tag \"role=db\": is given twice, with \"web\" too", "node --hostname a --tag role=web --tag role=db"},
		{"tag \"Role=web\": a key is 1 to 32 bytes of a-z", "node --hostname a --tag Role=web"},
		{"tag \"role=ö\": a value is at most 64 bytes", "node --hostname a --tag role=ö"},
		{"tag \"Role\": a key is", "members --tag Role"},
		{"--count \"-1\": must be a whole number of 0 or more", "sub --count -1"},
		{"not defined: --tag: 'hearsay wait --help'", "wait --tag a=b"},
		{"must be 1048576 to", "node --inbox-bytes 0"},
		{"must be 4194304 to", "node --outbox-bytes 1"},
		{"must be 1048576 to", "node --ring-bytes 0"},
		{"must be 1s to", "node --ring-time 0s"},
		{"must be 0 to 32", "node --ttl -1"},
		{"must be 0 to 32", "node --ttl 33"},
		{"must be a number of messages", "node --replay -1"},
		{"must be a number of messages", "node --replay soon"},
		{"must be a number of messages", "node --replay 0s"},
		{"must be a number of messages", "node --replay 2h"},
		{"TEXT or --file, not both", "pub --file x good day"},
		{"must be 0 or more", "pub --wait -1 x"},
		{"must be more than nothing", "pub --wait 1 --timeout 0s x"},
		{"not defined: --chanel, did you mean --channel?", "pub text --chanel c"},
		{"--exec needs a value: 'hearsay reply --help'", "reply time --exec"},
		{"--members \"x\": must be a whole number", "wait --members x"},
		{"--members \"0x2\": must be a whole number", "wait --members 0x2"},
		{"--count \"0b1\": must be a whole number of 0 or more", "sub --count 0b1"},
		{"--discovery-port \"1_000\": must be a whole number", "node --discovery-port 1_000"},
		{"--beat \"1\": must be a time with its unit, such as 1s", "node --beat 1"},
		{"--ping \"maybe\": must be true or false", "node --ping=maybe"},
		{"needs --members", "wait"},
		{"must be 0 or more", "wait --members -1"},
		{"must be more than nothing", "wait --members 1 --timeout 0s"},
		{"must be one of", "wait --members 1 --state dead"},
		{"must not be less", "sub --timeout -1s"},
		{"needs a terminal", "top"},
		{"name of a shell", "completion"},
		{"name of a shell", "completion tcsh"},
		{"unknown command \"membres\", did you mean members?", "membres"},
		{"unknown command \"membres\", did you mean members?", "help membres"},
		{"unknown command \"xyzzy\": 'hearsay --help' lists", "xyzzy"},
		{"not defined", "links --matrix"},
		{"must be HOST:PORT", "node --http 8080"},
		{"port \"99999\"", "node --http :99999"},
	} {
		fails(t, exitUsage, c.words, strings.Fields(c.line)...)
	}
	fails(t, exitUsage, "name", "forget", "two words")
	fails(t, exitUsage, "--channel \"\": a channel is 1 to 128 bytes", "node", "--hostname", "a", "--channel", "")
	fails(t, exitFailed, "--file /nowhere: no such file", "pub", "--file", "/nowhere")
}

func TestDefaultAddress(t *testing.T) {
	for _, c := range []struct{ http, bind, want string }{
		{"", "", "127.0.0.1:8080"},
		{"", "10.0.0.1", "127.0.0.1:8080"},
		{"", "127.77.0.3", "127.77.0.3:8080"},
		{"", "::1", "[::1]:8080"},
		{"0.0.0.0:8080", "", "127.0.0.1:8080"},
		{":9000", "127.77.0.3", "127.0.0.1:9000"},
		{"[::]:9000", "", "127.0.0.1:9000"},
		{"10.0.0.1:9000", "", "10.0.0.1:9000"},
	} {
		t.Setenv("HEARSAY_HTTP", c.http)
		t.Setenv("HEARSAY_BIND", c.bind)
		if got := defaultAddr(); got != c.want {
			t.Errorf("HEARSAY_HTTP=%q HEARSAY_BIND=%q: %s, want %s", c.http, c.bind, got, c.want)
		}
	}
}

// A token goes in the clear to this machine's own addresses alone, whichever interface has them.
func TestTokenStaysHere(t *testing.T) {
	t.Parallel()
	mine := []net.Addr{
		&net.IPNet{IP: net.IPv4(127, 0, 0, 1), Mask: net.CIDRMask(8, 32)}, &net.IPNet{IP: net.IPv4(10, 1, 2, 3), Mask: net.CIDRMask(24, 32)},
		&net.IPNet{IP: net.ParseIP("fd00::3"), Mask: net.CIDRMask(64, 128)},
	}
	for host, want := range map[string]bool{
		"localhost": true, "127.9.9.9": true, "::1": true, "10.1.2.3": true, "fd00::3": true,
		"10.1.2.4": false, "fd00::4": false, "node_1": false, "": false,
	} {
		if got := isHere(host, mine); got != want {
			t.Errorf("%q: %t", host, got)
		}
	}
}

func TestAddressFromTheEnvironment(t *testing.T) {
	_, _, addr := pair(t)
	t.Setenv("HEARSAY_ADDR", addr)
	must(t, "health")
	fails(t, exitUnreachable, "no node answers", "members", "--addr", nodetest.Address(t)+":8080")
}
