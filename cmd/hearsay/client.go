package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"hearsay/node/web"
)

const (
	dialTimeout   = 5 * time.Second
	answerTimeout = 15 * time.Second // over what the node takes to leave
	maxAnswer     = 256 << 20        // bytes: the members of the largest mesh
)

// addrFlag says which node a command asks.
func addrFlag() cli.Flag {
	return &cli.StringFlag{Name: "addr", EnvVars: []string{"HEARSAY_ADDR"}, Usage: "`ADDR` of the node: HOST:PORT or a URL (default: where a node with the same environment listens, else 127.0.0.1:8080)"}
}

func jsonFlag() cli.Flag {
	return &cli.BoolFlag{Name: "json", Usage: "print JSON"}
}

// client speaks to one node.
type client struct {
	base *url.URL
	http *http.Client
}

// newClient reads --addr.
func newClient(c *cli.Context) (*client, error) {
	addr := cmp.Or(c.String("addr"), defaultAddr())
	base, err := parseAddr(addr)
	if err != nil {
		return nil, usagef("--addr %.80q: %w", addr, err)
	}
	return newClientAt(base), nil
}

func newClientAt(base *url.URL) *client {
	return &client{base: base, http: &http.Client{Transport: &http.Transport{
		DialContext:           (&net.Dialer{Timeout: dialTimeout}).DialContext,
		ResponseHeaderTimeout: answerTimeout,
		DisableKeepAlives:     true,
	}}}
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

func parseAddr(addr string) (*url.URL, error) {
	if !strings.Contains(addr, "://") {
		if err := checkHostPort(addr); err != nil {
			return nil, errors.New("must be HOST:PORT, such as 127.0.0.1:8080, or a URL")
		}
		if strings.HasPrefix(addr, ":") {
			addr = "127.0.0.1" + addr
		}
		addr = "http://" + addr
	}
	base, err := url.Parse(addr)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return nil, errors.New("must be HOST:PORT, such as 127.0.0.1:8080, or a URL")
	}
	return base, nil
}

// do sends a request and returns the answer if it is the one that was wished for. The caller closes its body.
func (cl *client) do(ctx context.Context, method, path string, query url.Values, body []byte) (*http.Response, error) {
	u := cl.base.JoinPath(path)
	u.RawQuery = query.Encode()
	r, err := http.NewRequestWithContext(ctx, method, u.String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	answer, err := cl.http.Do(r)
	if err != nil {
		return nil, cl.unreachable(ctx, err)
	}
	if answer.StatusCode != http.StatusOK {
		defer answer.Body.Close()
		return nil, cl.refusal(answer)
	}
	return answer, nil
}

// call sends a request and returns the body of the answer.
func (cl *client) call(ctx context.Context, method, path string, query url.Values, body []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	answer, err := cl.do(ctx, method, path, query, body)
	if err != nil {
		return nil, err
	}
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
	if err := json.Unmarshal(body, v); err != nil {
		return nil, fmt.Errorf("what answers at %s is no node: %w", cl.base.Host, err)
	}
	return body, nil
}

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
	if errors.As(err, &timeout) && timeout.Timeout() {
		why = errors.New("no answer in time")
	}
	return statusError{fmt.Errorf("no node answers at %s: %w (is it running? --addr names another)", cl.base.Host, why), exitUnreachable}
}

// refusal turns an answer other than 200 into an error.
func (cl *client) refusal(answer *http.Response) error {
	body, _ := io.ReadAll(io.LimitReader(answer.Body, 64<<10))
	var e web.Error
	if json.Unmarshal(body, &e) != nil || e.Text == "" {
		return fmt.Errorf("what answers at %s is no node: it says %s", cl.base.Host, answer.Status)
	}
	return &e
}

// stream reads server-sent events and gives the data of each to f, until the stream or ctx ends, or f fails.
func (cl *client) stream(ctx context.Context, path string, query url.Values, f func(data []byte) error) error {
	answer, err := cl.do(ctx, http.MethodGet, path, query, nil)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	lines := bufio.NewReader(answer.Body)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return statusError{fmt.Errorf("the node at %s ended the stream", cl.base.Host), exitUnreachable}
		}
		data, ok := bytes.CutPrefix(bytes.TrimSuffix(line, []byte("\n")), []byte("data: "))
		if !ok {
			continue
		}
		if err := f(data); err != nil {
			return err
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

// printJSON writes JSON as it came.
func printJSON(w io.Writer, body []byte) error {
	_, err := fmt.Fprintf(w, "%s\n", bytes.TrimRight(body, "\n"))
	return err
}

// flagsFirst refuses flags after arguments, where they would be taken for arguments.
func flagsFirst(c *cli.Context) error {
	for i, arg := range c.Args().Slice() {
		if i > 0 && strings.HasPrefix(arg, "--") {
			return usagef("flag %.40q stands after an argument: flags go first", arg)
		}
	}
	return nil
}
