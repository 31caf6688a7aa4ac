package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"hearsay/node"
	"hearsay/node/plain"
	"hearsay/node/web"
	"hearsay/topics"
)

func pubCommand() *cli.Command {
	return &cli.Command{
		Name:      "pub",
		Usage:     "publish a message from the node",
		ArgsUsage: "[TEXT...|-]",
		Description: "Publishes TEXT, its words joined by spaces, or else what comes from standard input or --file, as one message.\n" +
			"There is no receipt: who is no member at this moment does not get it. --wait N waits for members.",
		Flags: []cli.Flag{
			addrFlag(), jsonFlag(),
			&cli.StringFlag{Name: "channel", Usage: "publish on the named channel `C`, for those who listen to it (default: a plain message, for all)"},
			&cli.IntFlag{Name: "ttl", DefaultText: "as the node does", Usage: "relay it `N` times at most, where nodes do not hear each other; 0: never"},
			&cli.DurationFlag{Name: "expires", DefaultText: "no matter when", Usage: "give it to nobody who could have it later than `TIME` from now, as clocks agree"},
			&cli.StringFlag{Name: "type", Usage: "say that its media type is `TYPE`, such as text/plain"},
			&cli.StringFlag{Name: "file", Usage: "publish what is in `FILE`, as it is"},
			&cli.StringFlag{Name: "body-format", Value: "raw", Usage: "`HOW` the message is written: raw, as it is, or base64"},
			&cli.BoolFlag{Name: "lines", Usage: "publish each line that is not empty as a message of its own, as it comes"},
			&cli.IntFlag{Name: "wait", Usage: "wait until messages reach `N` peers or more, so that the first is not lost"},
			&cli.DurationFlag{Name: "timeout", Value: time.Minute, Usage: "give up waiting after `TIME`: status 4"},
		},
		Action: runPub,
	}
}

func runPub(c *cli.Context) error {
	cl, err := newClient(c)
	if err != nil {
		return err
	}
	in, err := inputOf(c, c.Args().Slice())
	if err != nil {
		return err
	}
	defer in.Close()
	switch {
	case c.Int("wait") < 0:
		return usagef("--wait %d: must be 0 or more", c.Int("wait"))
	case c.Int("ttl") < 0 || c.Int("ttl") > topics.MaxTTL:
		return usagef("--ttl %d: must be 0 to %d", c.Int("ttl"), topics.MaxTTL)
	case c.IsSet("expires") && (c.Duration("expires") < time.Millisecond || c.Duration("expires") > node.MaxExpires):
		return usagef("--expires %v: must be 1ms to %v", c.Duration("expires"), node.MaxExpires)
	case c.String("body-format") != "raw" && c.String("body-format") != "base64":
		return usagef("--body-format %.40q: must be raw or base64", c.String("body-format"))
	case c.Duration("timeout") <= 0:
		return usagef("--timeout %v: must be more than nothing", c.Duration("timeout"))
	case c.Int("wait") > 0:
		if _, err := cl.waitFor(c, "", c.Int("wait")+1, true); err != nil {
			return interrupted(c, err)
		}
	}
	if c.Bool("lines") {
		return cl.publishLines(c, in)
	}
	body, err := io.ReadAll(io.LimitReader(in, node.MaxMaxMessage+1))
	if err != nil {
		return interrupted(c, fmt.Errorf("read the message: %w", err))
	}
	return cl.publish(c, body)
}

// publish sends one message and says so.
func (cl *client) publish(c *cli.Context, body []byte) error {
	if c.String("body-format") == "base64" {
		plain, err := base64.StdEncoding.AppendDecode(nil, bytes.TrimSpace(body))
		if err != nil {
			return usagef("the message is no base64: %v", err)
		}
		body = plain
	}
	if err := cl.checkSize(c.Context, len(body)); err != nil {
		return interrupted(c, err)
	}
	query := url.Values{}
	for _, flag := range []string{"channel", "ttl", "expires", "type"} {
		if c.IsSet(flag) {
			query.Set(flag, fmt.Sprint(c.Value(flag)))
		}
	}
	answer, err := cl.call(c.Context, http.MethodPost, "/v1/messages", query, body)
	switch {
	case err != nil:
		return interrupted(c, err)
	case c.Bool("json"):
		return printJSON(c.App.Writer, answer)
	}
	_, err = fmt.Fprintf(c.App.Writer, "published %s%s\n", count(len(body), "byte"), notHanded(answer))
	return err
}

// notHanded says how many members a message was not handed to, and who they are. That of a node whose name is another's is
// for nobody, whatever its port.
func notHanded(answer []byte) string {
	var p web.Published
	var to struct {
		Members *int `json:"handed_to"` // nil: the node is older, and does not say
	}
	err := cmp.Or(json.Unmarshal(answer, &p), json.Unmarshal(answer, &to))
	none := to.Members != nil && *to.Members == 0
	switch {
	case err != nil:
		return ""
	case p.Conflict != "":
		return "; no member takes it for this node's: " + plain.Text(p.Conflict)
	case p.NotTo == 0 && none && p.Members > 0:
		return fmt.Sprintf("; no member is reached yet: messages begin to flow to %s (--wait 1 waits for that)", count(p.Members, "member"))
	case p.NotTo == 0 && none:
		return "; no member is reached: the node hears nobody"
	case p.NotTo == 0:
		return ""
	}
	var names []string
	for _, name := range p.NotToAs {
		names = append(names, string(shown(name)))
	}
	if more := p.NotTo - len(names); more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	if none {
		return fmt.Sprintf("; no member is reached: not handed to %s: %s ('hearsay members' says why)", count(p.NotTo, "member"), strings.Join(names, ", "))
	}
	return fmt.Sprintf("; not handed directly to %s: %s (are this node's ports open for them?)", count(p.NotTo, "member"), strings.Join(names, ", "))
}

// publishLines sends each line as soon as it is there, without what ends it.
func (cl *client) publishLines(c *cli.Context, in io.Reader) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, node.MaxMaxMessage)
	for lines.Scan() {
		if len(lines.Bytes()) == 0 {
			continue
		}
		if err := cl.publish(c, lines.Bytes()); err != nil {
			return err
		}
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return fmt.Errorf("a line is too large: a message has at most %d bytes", node.MaxMaxMessage)
	}
	return interrupted(c, lines.Err())
}

// inputOf is where a message is read: these arguments, a file, or standard input.
func inputOf(c *cli.Context, words []string) (io.ReadCloser, error) {
	text := len(words) > 0 && (len(words) > 1 || words[0] != "-")
	switch {
	case text && c.IsSet("file"):
		return nil, usagef("%s takes TEXT or --file, not both", c.Command.Name)
	case text:
		return io.NopCloser(strings.NewReader(strings.Join(words, " "))), nil
	case c.IsSet("file"):
		if _, err := os.Stat(c.String("file")); err != nil {
			return nil, fmt.Errorf("--file %.200s: %w", c.String("file"), cause(err))
		}
		return readUntil(c.Context, func() (io.ReadCloser, error) { return os.Open(c.String("file")) }), nil
	}
	return readUntil(c.Context, func() (io.ReadCloser, error) { return io.NopCloser(c.App.Reader), nil }), nil
}

// readUntil reads what open opens until ctx ends. A system call that waits for a terminal or a pipe cannot be taken back,
// and is left behind then.
func readUntil(ctx context.Context, open func() (io.ReadCloser, error)) io.ReadCloser {
	out, in := io.Pipe()
	stop := context.AfterFunc(ctx, func() { in.CloseWithError(ctx.Err()) })
	go func() {
		defer stop()
		from, err := open()
		if err == nil {
			_, err = io.Copy(in, from)
			from.Close()
		}
		in.CloseWithError(err)
	}()
	return out
}

// askFirst is from how many bytes on a node is asked beforehand whether it takes as much: one that refuses what it is still
// being sent hangs up, and its reason may be lost with the connection.
const askFirst = 64 << 10

// checkSize refuses a message that is too large for the node.
func (cl *client) checkSize(ctx context.Context, size int) error {
	if size <= askFirst {
		return nil
	}
	var status web.Status
	if _, err := cl.get(ctx, "/v1/status", &status); err != nil {
		return err
	}
	if status.MaxMessage == 0 || size <= status.MaxMessage {
		return nil
	}
	has := fmt.Sprintf("this one has %d", size)
	if size > node.MaxMaxMessage {
		has = "this one has more" // it was not read to its end
	}
	return fmt.Errorf("the message is too large: %s takes at most %d bytes, and %s", status.Name, status.MaxMessage, has)
}
