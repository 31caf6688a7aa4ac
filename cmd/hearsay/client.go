package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"hearsay/node"
	"hearsay/node/plain"
	"hearsay/node/web"
	"hearsay/topics"
)

const (
	lookTimeout   = 3 * time.Second  // until a node accepts, and until what it only shows begins to come
	lookAfter     = time.Second      // a node that has taken so long to do something is looked at
	answerTimeout = 15 * time.Second // over what the node takes to leave
	maxAnswer     = 256 << 20        // bytes: the members of the largest mesh

	// maxEventLine bounds a line of the stream of events, in bytes.
	maxEventLine = 64 << 10
)

// addrFlag says which node a command asks.
func addrFlag() cli.Flag {
	return &cli.StringFlag{Name: "addr", EnvVars: []string{"HEARSAY_ADDR"}, Usage: "`ADDR` of the node: HOST, HOST:PORT or a URL (default: where a node with the same environment listens, else 127.0.0.1:8080)"}
}

func jsonFlag() cli.Flag {
	return &cli.BoolFlag{Name: "json", Usage: "print JSON"}
}

// secureFlags say what a node that is kept from others wants to see, and by what it is known.
func secureFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "token-file", EnvVars: []string{"HEARSAY_TOKEN_FILE"}, Usage: "show the node the first token in `FILE` (default: that of a node with the same environment)"},
		&cli.StringFlag{Name: "ca", EnvVars: []string{"HEARSAY_CA"}, Usage: "believe certificates that those in `FILE` (PEM) have signed, in place of the system's"},
	}
}

// client speaks to one node.
type client struct {
	base  *url.URL
	http  *http.Client // for what the node has to do first
	look  *http.Client // for what it only shows
	long  *http.Client // for what takes as long as was asked for
	token string
	from  string // file that it was read from
}

// newClient reads --addr, --token-file and --ca.
func newClient(c *cli.Context) (*client, error) {
	log.SetOutput(io.Discard) // net/http has words there for one that speaks first; what it comes to is the error
	addr := cmp.Or(c.String("addr"), defaultAddr())
	base, err := parseAddr(addr)
	if err != nil {
		return nil, usagef("--addr %.80q: %w", addr, err)
	}
	cl := newClientAt(base)
	if err := cl.secure(c.String("token-file"), c.String("ca"), c.String("addr") == ""); err != nil {
		return nil, err
	}
	return cl, nil
}

// secure reads a token and certificates. own says that the node is one with the same environment, which names its
// files.
func (cl *client) secure(token, ca string, own bool) error {
	trust := &tls.Config{}
	if ca != "" {
		text, err := os.ReadFile(ca)
		if err != nil {
			return fmt.Errorf("--ca: %w", err)
		}
		trust.RootCAs = x509.NewCertPool()
		if !trust.RootCAs.AppendCertsFromPEM(text) {
			return fmt.Errorf("--ca: %s: no certificate in PEM", ca)
		}
	} else if cert := os.Getenv("HEARSAY_HTTP_CERT"); own && cert != "" {
		if err := pin(trust, cert); err != nil {
			return fmt.Errorf("HEARSAY_HTTP_CERT: %w", err)
		}
	}
	for _, c := range []*http.Client{cl.http, cl.look, cl.long} {
		c.Transport.(*http.Transport).TLSClientConfig = trust
	}
	mine, _ := net.InterfaceAddrs()
	safe := cl.base.Scheme == "https" || isHere(cl.base.Hostname(), mine)
	if token == "" && own {
		token = os.Getenv("HEARSAY_HTTP_TOKEN")
	}
	if token == "" {
		return nil
	}
	if !safe {
		return usagef("--token-file: the token would go to %s in the clear: give its address as https://%s", cl.base.Host, cl.base.Host)
	}
	all, err := web.ReadTokens(token)
	if err != nil {
		return fmt.Errorf("--token-file: %w", err)
	}
	cl.token, cl.from = all[0], token
	return nil
}

// isHere reports whether what is sent to a host does not leave this machine, whose interfaces have these addresses. A name may
// lead anywhere.
func isHere(host string, mine []net.Addr) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip.IsLoopback() || ip != nil && slices.ContainsFunc(mine, func(a net.Addr) bool {
		n, ok := a.(*net.IPNet)
		return ok && n.IP.Equal(ip)
	})
}

// pin believes the very certificate in a file, whatever name it is for: a node is asked at its own loopback address.
func pin(trust *tls.Config, path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return fmt.Errorf("%s: no certificate in PEM", path)
	}
	trust.InsecureSkipVerify = true // the next line verifies
	trust.VerifyConnection = func(s tls.ConnectionState) error {
		if len(s.PeerCertificates) == 0 || !bytes.Equal(s.PeerCertificates[0].Raw, block.Bytes) {
			return fmt.Errorf("its certificate is not that in %s", path)
		}
		return nil
	}
	return nil
}

func newClientAt(base *url.URL) *client {
	within := func(answer time.Duration) *http.Client {
		return &http.Client{
			Transport: &http.Transport{
				DialContext:           (&net.Dialer{Timeout: lookTimeout}).DialContext,
				ResponseHeaderTimeout: answer,
				DisableKeepAlives:     true,
			},
			// No node sends a client elsewhere, and the token is for nobody else.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
	}
	return &client{base: base, http: within(answerTimeout), look: within(lookTimeout), long: within(0)}
}

// defaultAddr is where a node listens that was started in the same environment, as a container's is.
func defaultAddr() string {
	if host, port, err := net.SplitHostPort(os.Getenv("HEARSAY_HTTP")); err == nil {
		if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
			host = "127.0.0.1"
		}
		return net.JoinHostPort(host, port)
	}
	return defaultHTTP(os.Getenv("HEARSAY_BIND"))
}

// withPort adds the port at which nodes show themselves to an address that is a host alone.
func withPort(addr string) string {
	if ip := net.ParseIP(strings.Trim(addr, "[]")); ip != nil {
		return net.JoinHostPort(ip.String(), httpPort)
	}
	if addr != "" && !strings.Contains(addr, ":") {
		return net.JoinHostPort(addr, httpPort)
	}
	return addr
}

func parseAddr(addr string) (*url.URL, error) {
	if !strings.Contains(addr, "://") {
		addr = withPort(addr)
		if err := checkHostPort(addr); err != nil {
			return nil, errors.New("must be HOST or HOST:PORT, such as 127.0.0.1:8080, or a URL")
		}
		if strings.HasPrefix(addr, ":") {
			addr = "127.0.0.1" + addr
		}
		scheme := "http://"
		if os.Getenv("HEARSAY_HTTP_CERT") != "" && addr == defaultAddr() {
			scheme = "https://" // the node with the same environment
		}
		addr = scheme + addr
	}
	base, err := url.Parse(addr)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return nil, errors.New("must be HOST or HOST:PORT, such as 127.0.0.1:8080, or a URL")
	}
	return base, nil
}

// do sends a request and returns the answer if it is the one that was wished for. The caller closes its body.
func (cl *client) do(ctx context.Context, method, path string, query url.Values, body []byte) (*http.Response, error) {
	if method == http.MethodGet {
		return cl.send(ctx, cl.look, method, path, query, body)
	}
	return cl.send(ctx, cl.http, method, path, query, body)
}

func (cl *client) send(ctx context.Context, through *http.Client, method, path string, query url.Values, body []byte) (*http.Response, error) {
	u := cl.base.JoinPath(path)
	u.RawQuery = query.Encode()
	r, err := http.NewRequestWithContext(ctx, method, u.String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if cl.token != "" {
		r.Header.Set("Authorization", "Bearer "+cl.token)
	}
	answer, err := cl.watched(through, r)
	if err != nil {
		if err = cl.unreachable(ctx, err); method != http.MethodGet && errors.Is(err, errNoAnswer) && !errors.Is(err, errNoWay) {
			err = statusError{fmt.Errorf("%w; what it was asked for may still be done", err), exitUnreachable}
		}
		return nil, err
	}
	if answer.StatusCode != http.StatusOK {
		defer answer.Body.Close()
		return nil, cl.refusal(answer)
	}
	return answer, nil
}

// watched sends a request. Where the node has to do something first, which may take its time, it is looked at meanwhile: one
// that hangs is given up as soon as by who only looks.
func (cl *client) watched(through *http.Client, r *http.Request) (*http.Response, error) {
	if through == cl.look {
		return through.Do(r)
	}
	ctx, giveUp := context.WithCancelCause(r.Context())
	looking, done := context.WithCancel(ctx)
	defer done()
	go func() {
		select {
		case <-looking.Done():
			return
		case <-time.After(lookAfter):
		}
		// One that refuses connections may have closed its door on leaving, and has still to say so.
		answer, err := cl.send(looking, cl.look, http.MethodGet, "/healthz", nil, nil)
		if err == nil {
			answer.Body.Close()
		} else if errors.Is(err, errNoAnswer) {
			giveUp(errNoAnswer)
		}
	}()
	answer, err := through.Do(r.WithContext(ctx))
	if err != nil && errors.Is(context.Cause(ctx), errNoAnswer) {
		return nil, errNoAnswer
	}
	return answer, err
}

// call sends a request and returns the body of the answer.
func (cl *client) call(ctx context.Context, method, path string, query url.Values, body []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	answer, err := cl.do(ctx, method, path, query, body)
	if err != nil {
		return nil, err
	}
	return cl.read(ctx, answer)
}

// post is call for what may take as long as ctx lasts.
func (cl *client) post(ctx context.Context, path string, query url.Values, body []byte) ([]byte, error) {
	answer, err := cl.send(ctx, cl.long, http.MethodPost, path, query, body)
	if err != nil {
		return nil, err
	}
	return cl.read(ctx, answer)
}

// read reads an answer to its end.
func (cl *client) read(ctx context.Context, answer *http.Response) ([]byte, error) {
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return nil, cl.unreachable(ctx, err)
	}
	return text, nil
}

// get reads the JSON at a path into v, and returns it as it came, too.
func (cl *client) get(ctx context.Context, path string, v any) ([]byte, error) {
	body, err := cl.call(ctx, http.MethodGet, path, nil, nil)
	if err != nil {
		return nil, err
	}
	return body, cl.parse(body, v)
}

// parse reads JSON of the node into v.
func (cl *client) parse(text []byte, v any) error {
	if err := json.Unmarshal(text, v); err != nil {
		return fmt.Errorf("what answers at %s is no node: %w", cl.base.Host, err)
	}
	return nil
}

var (
	errNoAnswer = errors.New("no answer in time")
	errNoWay    = fmt.Errorf("%w to a connection", errNoAnswer)
	errNoHTTP   = errors.New("what answers there speaks no HTTP, such as a node's ports 20000 and 30000")
)

// unreachable says that nobody answers, in one line.
func (cl *client) unreachable(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	var timeout net.Error
	why := cause(err)
	var through *url.Error
	if errors.As(why, &through) {
		why = through.Err
	}
	hint := "is it running? --addr names another"
	var dial *net.OpError
	switch {
	case errors.As(err, &timeout) && timeout.Timeout() && errors.As(err, &dial) && dial.Op == "dial":
		why = errNoWay
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, errNoAnswer):
		why, hint = errNoAnswer, "somebody is there: is it stopped, or busy? --addr names another"
	case strings.Contains(why.Error(), "malformed HTTP"), // and then as much of it as was read
		strings.Contains(why.Error(), "server closed idle connection"), // it spoke before it was asked
		strings.Contains(why.Error(), "readLoopPeekFailLocked"):
		why = errNoHTTP
	}
	return statusError{fmt.Errorf("no node answers at %s: %w (%s)", cl.base.Host, why, hint), exitUnreachable}
}

// refusal turns an answer other than 200 into an error.
func (cl *client) refusal(answer *http.Response) error {
	body, _ := io.ReadAll(io.LimitReader(answer.Body, 64<<10))
	var e web.Error
	if json.Unmarshal(body, &e) != nil || e.Text == "" {
		return fmt.Errorf("what answers at %s is no node: it says %s", cl.base.Host, answer.Status)
	}
	if answer.StatusCode == http.StatusBadRequest { // what was asked for cannot be meant, and came from the command line
		return usageError{&e}
	}
	return &e
}

// messageLine is the longest line that a message of the node takes, in bytes: JSON has six for one of its body. It goes by
// what the node says of itself, and by the default where it does not say.
func (cl *client) messageLine(ctx context.Context) int {
	status := web.Status{MaxMessage: topics.MaxMessage}
	_, _ = cl.get(ctx, "/v1/status", &status) // where nobody answers, the stream says so
	return 6*min(max(0, status.MaxMessage), node.MaxMaxMessage) + 64<<10
}

// stream reads server-sent events, in lines of at most so many bytes, and gives the data of each to f, until the stream
// or ctx ends, or f fails.
func (cl *client) stream(ctx context.Context, path string, query url.Values, most int, f func(data []byte) error) error {
	return cl.streamOf(ctx, http.MethodGet, path, query, most, func(_ string, data []byte) error { return f(data) })
}

// streamOf gives f the id that comes before the data, too.
func (cl *client) streamOf(ctx context.Context, method, path string, query url.Values, most int, f func(id string, data []byte) error) error {
	answer, err := cl.do(ctx, method, path, query, nil)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	lines, id, why := bufio.NewReader(answer.Body), "", ""
	for {
		line, err := readLine(lines, most)
		if errors.Is(err, errLongLine) {
			return fmt.Errorf("what answers at %s is no node: it sends %w", cl.base.Host, err)
		}
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return statusError{fmt.Errorf("the node at %s ended the stream%s", cl.base.Host, why), exitUnreachable}
		}
		if text, ok := bytes.CutPrefix(line, []byte(": "+web.Ended)); ok {
			why = ": " + plain.Text(string(text))
		}
		if text, ok := bytes.CutPrefix(line, []byte("id: ")); ok {
			id = string(text)
		}
		data, ok := bytes.CutPrefix(line, []byte("data: "))
		if !ok {
			continue
		}
		if err := f(id, data); err != nil {
			return err
		}
	}
}

var errLongLine = errors.New("a line without an end")

// readLine returns the next line without its end, and fails when that is not among the first most bytes.
func readLine(r *bufio.Reader, most int) (line []byte, err error) {
	for {
		part, err := r.ReadSlice('\n')
		if len(line)+len(part) > most {
			return nil, errLongLine
		}
		line = append(line, part...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return bytes.TrimSuffix(line, []byte("\n")), err
		}
	}
}

// interrupted makes nothing of the error that Ctrl-C leads to.
func interrupted(c *cli.Context, err error) error {
	if c.Context.Err() != nil && errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// printJSON writes JSON, with nothing in it that a terminal obeys.
func printJSON(w io.Writer, body []byte) error {
	_, err := fmt.Fprintf(w, "%s\n", plain.JSON(bytes.TrimRight(body, "\n")))
	return err
}
