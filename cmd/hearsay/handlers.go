package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"hearsay/mesh"
	"hearsay/node"
	"hearsay/node/web"
)

// A handler is a command that is run for events, as --on says. What comes faster than commands end waits, and beyond that
// is dropped: no beat waits for a command. That, and commands that fail, is told once a minute, and at the end.

const (
	handlersAtOnce = 4
	handlersWait   = 1024             // events that wait for a command,
	handlersBytes  = 4 << 20          // and bytes of their details; where nothing waits, one may have more
	handlerTime    = 30 * time.Second // and then it is killed

	handlerOutput = time.Second // until what holds the output of a command that has ended is killed
	handlersTell  = time.Minute // between lines of the log about one command, and about what was dropped
)

// messageEvent is the word for a message in --on.
const messageEvent = "message"

// handler is one --on.
type handler struct {
	events  []string
	command string
}

// texts are the values of a flag that may be repeated, commas and all.
type texts []string

func (t *texts) Set(text string) error {
	*t = append(*t, text)
	return nil
}

func (t *texts) String() string { return strings.Join(*t, " ") }

// parseHandlers reads EVENT[,EVENT]=COMMAND.
func parseHandlers(all []string) (out []handler, err error) {
	known := append(eventNames(), messageEvent)
	for _, on := range all {
		list, command, ok := strings.Cut(on, "=")
		if !ok || strings.TrimSpace(command) == "" {
			return nil, usagef("--on %.80q: must be EVENT[,EVENT]=COMMAND", on)
		}
		h := handler{strings.Split(list, ","), command}
		for _, e := range h.events {
			if !slices.Contains(known, e) {
				return nil, usagef("--on: %.40q is no event: it must be one of %s", e, strings.Join(known, ", "))
			}
		}
		out = append(out, h)
	}
	return out, nil
}

// eventNames are the kinds of events.
func eventNames() (out []string) {
	for k := mesh.Joined; k.String() != "unknown"; k++ {
		out = append(out, k.String())
	}
	return out
}

// handlers runs commands.
type handlers struct {
	all   atomic.Pointer[[]handler]
	name  string // of the node
	log   *slog.Logger
	tasks chan task
	stop  context.CancelFunc
	ended sync.WaitGroup
	time  time.Duration // handlerTime; tests have less

	bytes atomic.Int64 // that wait, or are being read by a command

	mu     sync.Mutex
	lost   int // since it was told last
	told   time.Time
	failed map[string]*failures // by command
}

// failures are those of one command.
type failures struct {
	more int // that were not told since the last one that was
	told time.Time
}

// due counts one, and reports whether it is to be told now, and with how many that were not.
func (f *failures) due() (untold int, due bool) {
	if time.Since(f.told) < handlersTell {
		f.more++
		return 0, false
	}
	untold, f.more, f.told = f.more, 0, time.Now()
	return untold, true
}

// task is a command to be run, with what it is told.
type task struct {
	command string
	env     []string
	input   []byte
	end     time.Time // it is not begun from then on; zero: whenever
}

// startHandlers begins to run commands.
func startHandlers(all []handler, name string, log *slog.Logger) *handlers {
	ctx, stop := context.WithCancel(context.Background())
	h := &handlers{name: name, log: log, tasks: make(chan task, handlersWait), stop: stop, time: handlerTime, failed: make(map[string]*failures)}
	h.all.Store(&all)
	for range handlersAtOnce {
		h.ended.Go(func() {
			for {
				select {
				case t := <-h.tasks:
					h.run(ctx, t)
				case <-ctx.Done():
					return
				}
			}
		})
	}
	return h
}

// close ends the commands that run, and tells what was not told yet.
func (h *handlers) close() {
	h.stop()
	h.ended.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tell()
	h.forget(nil)
}

// replace runs other commands from now on. Those of before that run, or wait, are left to it.
func (h *handlers) replace(all []handler) {
	h.all.Store(&all)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.forget(all)
}

// forget drops what is known of commands that are none of these any more, and tells what was not told of them yet.
func (h *handlers) forget(all []handler) {
	for command, f := range h.failed {
		if slices.ContainsFunc(all, func(on handler) bool { return on.command == command }) {
			continue
		}
		if f.more > 0 {
			h.log.Warn("command failed", "command", command, "repeated", f.more)
		}
		delete(h.failed, command)
	}
}

// event hands an event to those who asked for it.
func (h *handlers) event(e node.Event) {
	h.handle(e.Kind.String(), time.Time{}, map[string]any{
		"event": e.Kind.String(), "id": e.ID, "at": e.At.UTC(), "peer": e.Peer, "from": e.From.String(), "to": e.To.String(), "why": e.Why,
	}, "HEARSAY_PEER="+string(e.Peer), "HEARSAY_FROM="+e.From.String(), "HEARSAY_TO="+e.To.String(), "HEARSAY_WHY="+e.Why)
}

// message does the same with a message.
func (h *handlers) message(m node.Message) {
	h.handle(messageEvent, m.Expires(), struct {
		Event string `json:"event"`
		web.Message
	}{messageEvent, web.MessageOf(m)}, "HEARSAY_PEER="+string(m.From), "HEARSAY_CHANNEL="+m.Channel)
}

func (h *handlers) handle(event string, end time.Time, details any, env ...string) {
	all := *h.all.Load()
	if !slices.ContainsFunc(all, func(on handler) bool { return slices.Contains(on.events, event) }) {
		return
	}
	input, err := json.Marshal(details)
	if err != nil {
		h.log.Error("event not handled", "event", event, "why", err)
		return
	}
	size := int64(len(input))
	for _, on := range all {
		if !slices.Contains(on.events, event) {
			continue
		}
		if held := h.bytes.Add(size); held > handlersBytes && held > size {
			h.bytes.Add(-size)
			h.drop()
			continue
		}
		select {
		case h.tasks <- task{on.command, append([]string{"HEARSAY_EVENT=" + event, "HEARSAY_NODE=" + h.name}, env...), input, end}:
		default:
			h.bytes.Add(-size)
			h.drop()
		}
	}
}

// drop counts what is not handled, and has it told now and then.
func (h *handlers) drop() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lost++
	if time.Since(h.told) >= handlersTell {
		h.tell()
	}
}

// tell says how many were dropped.
func (h *handlers) tell() {
	if h.lost > 0 {
		h.log.Warn("events not handled: commands take too long", "events", h.lost)
		h.lost, h.told = 0, time.Now()
	}
}

func (h *handlers) run(ctx context.Context, t task) {
	defer h.bytes.Add(-int64(len(t.input)))
	if node.Expired(t.end) {
		return
	}
	var said tailOf
	err := command{line: t.command, env: t.env, input: t.input, limit: h.time, stop: "the node ended"}.run(ctx, &said, &said)
	if err != nil {
		h.fail(t.command, err, string(said))
	}
}

// fail counts a command that failed, and tells it unless one of the same was told just now: a message costs no line.
func (h *handlers) fail(command string, why error, said string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f := h.failed[command]
	if f == nil {
		f = &failures{}
		h.failed[command] = f
	}
	untold, due := f.due()
	if !due {
		return
	}
	args := []any{"command", command, "why", why, "said", said}
	if untold > 0 {
		args = append(args, "repeated", untold)
	}
	h.log.Warn("command failed", args...)
}

// tailOf keeps the end of what a command says.
type tailOf []byte

func (t *tailOf) Write(p []byte) (int, error) {
	const most = 500
	*t = append(*t, p...)
	if len(*t) > most {
		*t = slices.Clone((*t)[len(*t)-most:])
	}
	return len(p), nil
}
