package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/urfave/cli/v2"

	"hearsay/node"
	"hearsay/node/doctor"
	"hearsay/node/files"
	"hearsay/node/keys"
	"hearsay/node/plain"
	"hearsay/node/web"
	"hearsay/topics"
)

func doctorCommand() *cli.Command {
	return &cli.Command{
		Name:      "doctor",
		Usage:     "find what is wrong with the node and its mesh, and say what to do",
		ArgsUsage: "[SEED...]",
		Description: "Asks the node at --addr, looks names up, and visits the ports of seeds and peers as a node would: its own\n" +
			"name and ports, descriptors, seeds, peers, clocks, versions and one-way links. SEEDs are looked at beside those\n" +
			"that the node was started with. Without a node it says what can be seen from here. With the keys of a locked\n" +
			"mesh it looks behind its locks.\n\n" +
			"Each line is ok, warning or fault, with what to do about it. The status is 1 if there is a\n" +
			"fault, else 3 if no node answers, else 0.",
		Flags: []cli.Flag{
			addrFlag(), jsonFlag(),
			&cli.StringFlag{Name: "hostname", EnvVars: []string{"HEARSAY_HOSTNAME", "HOSTNAME"}, Usage: "`NAME` of the node, where it does not answer"},
			&cli.StringFlag{Name: "mesh", EnvVars: []string{"HEARSAY_MESH"}, Usage: "label of the node's mesh, `NAME`, where it does not answer"},
			&cli.PathFlag{Name: "mesh-key", TakesFile: true, EnvVars: []string{"HEARSAY_MESH_KEY"}, Usage: "look behind the lock of the mesh with the key pairs in `FILE`, as the node does"},
			&cli.PathFlag{Name: "key", TakesFile: true, EnvVars: []string{"HEARSAY_KEY"}, Usage: "the same with the node's own key pairs in `FILE`, and --authorized-keys"},
			&cli.PathFlag{Name: "authorized-keys", TakesFile: true, EnvVars: []string{"HEARSAY_AUTHORIZED_KEYS"}, Usage: "`DIR` with the public keys of all members"},
			&cli.StringFlag{Name: "bind", EnvVars: []string{"HEARSAY_BIND"}, Usage: "`ADDR` that the node listens on, and the doctor looks from, where it does not answer"},
			&cli.DurationFlag{Name: "timeout", Value: 15 * time.Second, Usage: "look for `TIME` at most"},
		},
		Action: runDoctor,
	}
}

func runDoctor(c *cli.Context) error {
	cl, err := newClient(c)
	if err != nil {
		return err
	}
	o, err := doctorOptions(c)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.Context, c.Duration("timeout"))
	defer cancel()
	facts := askNode(ctx, cl)
	o.Keys, err = doctorKeys(c, facts, o.Name)
	if unread := new(keys.ReadError); errors.As(err, &unread) {
		facts.KeysUnread = fromOrigin(c, ofKeys(err))
	} else if err != nil {
		return err
	}
	facts.Exposed = exposed(c.String("mesh-key"), c.String("key"), cl.from)
	findings := doctor.Examine(doctor.Gather(ctx, facts, o))
	if c.Context.Err() != nil {
		return nil
	}
	faults := 0
	for _, f := range findings {
		if f.Level == doctor.Fault {
			faults++
		}
	}
	if err := printFindings(c.App.Writer, findings, faults, c.Bool("json")); err != nil {
		return err
	}
	if faults > 0 {
		return statusError{fmt.Errorf("%s found", count(faults, "fault")), exitFailed}
	}
	return facts.Asked // where it is a node that refuses, or none at all
}

func doctorOptions(c *cli.Context) (o doctor.Options, err error) {
	if name := c.String("hostname"); name != "" { // that of the machine that the doctor is on need not be the node's
		if o.Name, err = node.ParseName(name); err != nil {
			return o, usagef("--hostname %.80q: %w", name, err)
		}
	}
	if o.Mesh = c.String("mesh"); o.Mesh != "" && topics.CheckMesh(o.Mesh) != nil {
		return o, usagef("--mesh %.80q: %w", o.Mesh, topics.RuleMesh)
	}
	if c.Duration("timeout") <= 0 {
		return o, usagef("--timeout %v: must be more than nothing", c.Duration("timeout"))
	}
	o.Bind = c.String("bind")
	if o.Bind != "" && net.ParseIP(o.Bind) == nil {
		return o, usagef("--bind %.80q: must be a literal IPv4 or IPv6 address", o.Bind)
	}
	for _, arg := range c.Args().Slice() {
		seed, err := node.ParseName(arg)
		if err != nil {
			return o, usagef("SEED %.80q: %w", arg, err)
		}
		o.Seeds = append(o.Seeds, seed)
	}
	return o, nil
}

// doctorKeys reads the keys of the node, if there are any.
func doctorKeys(c *cli.Context, facts doctor.Facts, name topics.Name) (*keys.Ring, error) {
	cfg := keys.Config{Mesh: c.String("mesh-key"), Own: c.String("key"), Authorized: c.String("authorized-keys")}
	if !cfg.Locked() {
		return nil, nil
	}
	if err := cfg.Validate(); err != nil {
		return nil, usagef("--mesh-key, --key and --authorized-keys: %w", err)
	}
	if facts.Status != nil {
		name = facts.Status.Name
	}
	_, ring, err := keys.Open(cfg, name, nil)
	return ring, err
}

// exposed are those of some files with secrets that others may read, or change.
func exposed(secrets ...string) (out []string) {
	for _, path := range secrets {
		if path != "" && files.Exposed(path) {
			out = append(out, path)
		}
	}
	return out
}

// askNode is what the node says of itself.
func askNode(ctx context.Context, cl *client) doctor.Facts {
	f := doctor.Facts{Addr: cl.base.Host, OpenFiles: files.Limit()}
	var status web.Status
	if _, err := cl.get(ctx, "/v1/status", &status); err != nil {
		var refused *web.Error
		f.Asked = err
		f.Hung = errors.Is(err, errNoAnswer) && accepts(cl.base.Host) || errors.As(err, &refused) && refused.Reason == "no_answer"
		return f
	}
	f.Status = &status
	var members web.Members
	if _, err := cl.get(ctx, "/v1/members", &members); err == nil {
		f.Members = &members
	}
	var links web.Links
	if _, err := cl.get(ctx, "/v1/links", &links); err == nil {
		f.Links = &links
	}
	return f
}

// accepts reports whether somebody listens at an address.
func accepts(addr string) bool {
	conn, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return false
	}
	conn.Close()
	return true
}

func printFindings(w io.Writer, findings []doctor.Finding, faults int, asJSON bool) error {
	if asJSON {
		body, err := json.Marshal(map[string]any{"faults": faults, "findings": findings})
		if err != nil {
			return err
		}
		return printJSON(w, body)
	}
	for _, f := range findings {
		if _, err := fmt.Fprintf(w, "%-8s %-9s %s\n", f.Level, f.Check, plain.Text(f.Text)); err != nil {
			return err
		}
		if f.Do != "" {
			fmt.Fprintf(w, "%18s > %s\n", "", plain.Text(f.Do))
		}
	}
	return nil
}
