package relay

import (
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"hearsay/mesh/rate"
	"hearsay/topics"
)

// Config says who judges, and within what bounds. Zero fields take the default named beside them.
type Config struct {
	Self    topics.Name   // key of the own name
	Seed    uint64        // of the random source: the same calls give the same answers
	Beat    time.Duration // of the mesh: 1 s
	Window  time.Duration // that a gap may stay open without a message that fills it: 10 s
	Held    int           // bytes that may be held behind gaps: 16 MiB
	Streams int           // that are followed: 8,192; a quarter of them those that relays began

	// Replay asks for what was published before this node came: the last so many messages of each stream, or those of
	// so long. Zero: nothing.
	ReplayCount  uint64
	ReplayWithin time.Duration

	Wants  func(topic string) bool // reports whether a topic is received; nil: all are
	Topics func() []string         // those that are received; nil: plain messages
	Own    string                  // one for the nodes themselves, wanted from the start; what is missed on it nobody is told; "": none
}

func (c Config) withDefaults() Config {
	def(&c.Beat, time.Second)
	def(&c.Window, 10*time.Second)
	def(&c.Held, 16<<20)
	def(&c.Streams, 8192)
	return c
}

func def[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// View is what a node knows of the mesh. Names in it are keys.
type View interface {
	// Linked reports whether a member's messages come over a connection of its own.
	Linked(name topics.Name) bool
	// EachLinked calls f with every such member.
	EachLinked(f func(topics.Name))
	// Listers returns the members among those whose strict list has a name.
	Listers(name topics.Name) []topics.Name
	// EachUnheard calls f with every name that has Listers and is not Linked.
	EachUnheard(f func(topics.Name))
	// Known reports whether a name is a member by the word of others.
	Known(name topics.Name) bool
	// Partial reports whether this node hears a few of many, as all others do.
	Partial() bool
	// Number is another one whenever any of this has changed; 0: it may have.
	Number() uint64
}

// Way is how a message came.
type Way uint8

const (
	Direct   Way = iota // over its origin's own connection
	Relayed             // on a relay's topic
	Answered            // to a question of ours
)

// Delivery is a message for the application. Missed counts those of its stream, just before it, that nobody had.
type Delivery[T any] struct {
	Message T
	Missed  uint64
}

// Gap is what was given up.
type Gap struct {
	Stream
	From, To uint64
}

// Say is a subscription to be said to a member's message publisher, or to be cancelled there. To cancel no topic is to
// hang up: what waits there has no numbers, and a relay is asked for what comes from now on.
type Say struct {
	To     topics.Name
	Topic  string
	Cancel bool
}

// Judge decides about messages of type T.
type Judge[T any] struct {
	cfg      Config
	keep     func(T) T
	rng      *rand.Rand
	streams  map[Stream]*stream[T]
	by       map[topics.Name][]*stream[T] // origins
	last     *stream[T]                   // that was used last
	used     [2]used[T]                   // by who began them: the origin, or a relay
	shares   map[topics.Name]*share[T]    // those that relays began
	busy     []*stream[T]                 // those with something to repair
	due      time.Duration                // when the next of them, or of openings, is
	asked    map[string]*stream[T]
	pasts    map[Stream]past // those of which something came, and that are forgotten
	lefts    [2]lefts        // the same, in their order, by class
	born     map[topics.Name]birth
	met      map[topics.Name]*meeting
	bases    map[Stream]uint64             // where streams begin whose topic was subscribed to later
	floors   map[Stream]uint64             // below which streams of those that were not admitted for a time do not begin
	since    map[string]time.Duration      // from when on a topic is received; the others are from the start
	carried  time.Duration                 // from when on all others are, for others; never: they are not
	from     map[topics.Name]time.Duration // when something came last from a member
	direct   map[topics.Name]bool          // origins whose messages come over their own connection
	starved  map[topics.Name]bool
	former   map[topics.Name]bool // whose connection before the newest may still bring what was said over it
	seen     seen
	plan     plan
	spares   spares
	openings openings
	budgets  map[topics.Name]*budget      // of questions, by who is asked
	digests  map[topics.Name]*rate.Bucket // of numbers, by who told them
	view     View                         // of the last look; nil: there was none
	newest   newest[T]
	watches  map[topics.Name]*watch
	says     []Say
	gaps     []Gap
	waits    []Stream
	hungry   []topics.Name // that were found to be starved
	stats    Stats

	// Origins that say neither number nor uid, and when their messages began to come over a new connection: from then
	// on a relay is not believed, as nothing tells its copy from the origin's.
	numberless map[topics.Name]time.Duration

	admitted map[topics.Name]time.Duration // since when an origin is; nil: all are

	began      time.Duration                 // the first look; never: there was none
	metAt      time.Duration                 // when one was heard for the first time, last
	viewed     uint64                        // number of the view that was looked at last; 0: look at any
	pastsLost  map[topics.Name]time.Duration // until when it is not known of all such streams that one began, as there was no room
	present    map[topics.Name]uint64        // who is heard, itself or by others: the look that found it
	presentOf  uint64                        // number of the view that shows it
	presentDue time.Duration                 // when to look for them again
	round      uint64                        // of these looks
	gone       map[topics.Name]*gone
	askable    []topics.Name // the members at the last look at them
	goneDue    time.Duration
}

const (
	never     = time.Duration(1<<63 - 1)
	bornMost  = 4096 // origins that are known to have started later: as many as a table of peers has
	relayPart = 4    // of the streams, a part that relays may begin
	shareMost = 4    // of these and of the others, a part that one origin may have
)

// New returns a judge that has seen nothing. What it holds is what keep makes of a message, which is to hold no memory but
// its own; nil: the message itself.
func New[T any](cfg Config, keep func(T) T) *Judge[T] {
	cfg = cfg.withDefaults()
	return &Judge[T]{
		cfg: cfg, keep: keep, began: never, carried: never, rng: rand.New(rand.NewPCG(cfg.Seed, 0x6865617273617921)), due: never,
		streams:   make(map[Stream]*stream[T]),
		by:        make(map[topics.Name][]*stream[T]),
		shares:    make(map[topics.Name]*share[T]),
		asked:     make(map[string]*stream[T]),
		pasts:     make(map[Stream]past),
		pastsLost: make(map[topics.Name]time.Duration),
		born:      make(map[topics.Name]birth),
		met:       make(map[topics.Name]*meeting),
		bases:     make(map[Stream]uint64),
		floors:    make(map[Stream]uint64),
		since:     make(map[string]time.Duration),
		from:      make(map[topics.Name]time.Duration),
		direct:    make(map[topics.Name]bool),
		starved:   make(map[topics.Name]bool),
		former:    make(map[topics.Name]bool),

		numberless: make(map[topics.Name]time.Duration),
		plan:       newPlan(cfg),
		spares:     newSpares(),
		openings:   newOpenings(),
		budgets:    make(map[topics.Name]*budget),
		watches:    make(map[topics.Name]*watch),
		digests:    make(map[topics.Name]*rate.Bucket),

		present: make(map[topics.Name]uint64),
		gone:    make(map[topics.Name]*gone),
		goneDue: never,
	}
}

// Deadline is when Tick is to be called next at the latest, apart from once a beat.
func (j *Judge[T]) Deadline() time.Duration { return j.due }

// Came notes that messages came from a member, over its own connection. It is called before the first of each run.
func (j *Judge[T]) Came(now time.Duration, from topics.Name) {
	j.from[from] = now
	if len(j.starved) > 0 && j.starved[from] {
		delete(j.starved, from)
		j.heardItself(now, from)
	}
}

// Up notes that a member's messages come over a new connection. What was asked over the one before is asked again.
func (j *Judge[T]) Up(now time.Duration, member topics.Name) {
	j.unspareAt(now, member)
	j.viewed, j.presentOf = 0, 0
	said := len(j.says)
	if j.says = j.plan.again(member, j.says); len(j.says) > said || j.tells(member) {
		j.watch(now, member)
	}
	j.replayAgain(now, member)
	for _, origin := range j.plan.turned {
		j.turned(now, origin)
	}
	for _, s := range j.busy {
		if s.Origin == member && s.busy {
			j.anew(now, s)
		}
		if s.asked == member {
			delete(j.asked, s.question)
			s.asked, s.question, s.due = "", "", now
			j.due = min(j.due, now)
		}
	}
	delete(j.starved, member)
	j.present[member] = j.round // it may be gone before the next look
	j.direct[member] = true
	j.heardItself(now, member)
	if _, ok := j.numberless[member]; ok {
		j.numberless[member] = now
	}
}

// Open takes in how many connections there are over which a member's messages come. From a new one on it says them there; the
// one before may still bring what was said over it, which is waited for where nothing waits behind that.
func (j *Judge[T]) Open(now time.Duration, member topics.Name, connections int) {
	if connections > 1 {
		j.former[member] = true
	} else {
		delete(j.former, member)
	}
	if connections == 0 {
		j.unspareAt(now, member)
	}
}

// Message judges a message that came over its origin's own connection. Number 0 and an empty uid are what an envelope
// has not, or is not there to say. It appends what is to be delivered now, in order, to out, and reports whether the
// message is new, so that it is worth keeping and relaying.
func (j *Judge[T]) Message(now time.Duration, m Stream, number uint64, uid string, v T, size int, out []Delivery[T]) (fresh bool, _ []Delivery[T]) {
	if !j.Admits(m.Origin) {
		j.stats.Refused++
		return false, out
	}
	if number == 0 {
		if uid != "" && j.seen.young != nil && j.seen.has(m.Origin, uid) {
			j.stats.Duplicates++
			return false, out
		}
		if _, known := j.numberless[m.Origin]; uid == "" && !known {
			if len(j.numberless) >= bornMost {
				clear(j.numberless)
			}
			j.numberless[m.Origin] = -never / 2
		}
		return true, append(out, Delivery[T]{Message: v})
	}
	if j.Next(now, m, number) {
		return true, append(out, Delivery[T]{Message: v})
	}
	s := j.last
	if s == nil || s.Stream != m || s.came == 0 {
		j.replayFirst(now, m.Origin, false, m, number)
		s, out = j.follow(now, m, number, m.Origin, out)
	}
	return j.number(now, s, number, uid, Direct, v, size, out)
}

// Next is Message for what nearly all messages are: it reports whether one is the next of a stream that misses nothing. It
// is delivered as it is then, and Message is not asked.
func (j *Judge[T]) Next(now time.Duration, m Stream, number uint64) bool {
	s := j.last
	if s == nil || s.Stream != m {
		if s = j.streams[m]; s == nil {
			return false
		}
		j.use(s)
	}
	if !s.plain || number != s.next {
		return false
	}
	s.next++
	s.came = now
	return true
}

// Relay judges a message that came on a relay's topic, from a member that it was or was not asked for. It reports as
// Message does.
func (j *Judge[T]) Relay(now time.Duration, via topics.Name, far bool, m Stream, number uint64, uid string, v T, size int, out []Delivery[T]) (fresh bool, _ []Delivery[T]) {
	switch {
	case m.Origin == j.cfg.Self:
		j.stats.Echoes++
		j.copied(now, via, m.Origin, far, number)
		return false, out
	case !j.Admits(m.Origin):
		j.stats.Refused++
		return false, out
	case uid == "" || !j.plan.wants(now, via, m.Origin, far):
		j.stats.Unasked++
		return false, out
	case j.speaks(now, m.Origin):
		j.stats.Unasked++
		j.copied(now, via, m.Origin, far, number)
		return false, out
	case j.seen.has(m.Origin, uid):
		j.stats.Duplicates++
		j.copied(now, via, m.Origin, far, number)
		return false, out
	}
	if number == 0 {
		if at, ok := j.numberless[m.Origin]; ok && now-at < settleBeats*j.cfg.Beat {
			j.stats.Unasked++
			return false, out
		}
		j.seen.add(now, m.Origin, uid)
		j.stats.Relayed++
		j.brought(now, via, m.Origin)
		return true, append(out, Delivery[T]{Message: v})
	}
	s := j.last
	if s == nil || s.Stream != m {
		j.replayFirst(now, via, far, m, number)
		s, out = j.follow(now, m, number, via, out)
	}
	copies, missed := j.stats.Duplicates, s.missing()
	fresh, out = j.number(now, s, number, uid, Relayed, v, size, out)
	if s.missing() > missed {
		s.cause = via
	}
	switch {
	case fresh:
		j.stats.Relayed++
		j.brought(now, via, m.Origin)
		j.tail(now, s)
	case j.stats.Duplicates > copies:
		j.copied(now, via, m.Origin, far, number)
	}
	return fresh, out
}

// speaks reports whether an origin's messages come over its own connection.
func (j *Judge[T]) speaks(now time.Duration, origin topics.Name) bool {
	came, ok := j.from[origin]
	return (j.direct[origin] || ok && now-came < j.cfg.Beat) && !j.starved[origin]
}

// Answer judges a message that came on the topic of a question. It reports as Message does.
func (j *Judge[T]) Answer(now time.Duration, via topics.Name, question []byte, m Stream, number uint64, uid string, v T, size int, out []Delivery[T]) (fresh bool, _ []Delivery[T]) {
	if !j.Admits(m.Origin) {
		j.stats.Refused++
		return false, out
	}
	if o, ok := j.openings.all[string(question)]; ok && o.peer == via && o.covers(m) && number > 0 {
		if j.streams[m] == nil && j.wasHere(m) {
			j.stats.Duplicates++
			return false, out
		}
		way := wayOf(via, m.Origin)
		s, out := j.follow(now, m, number, via, out)
		if fresh, out = j.number(now, s, number, uid, way, v, size, out); fresh {
			j.needs(now, via, m.Origin)
		}
		return fresh, out
	}
	s := j.asked[string(question)]
	if s == nil || s.asked != via || s.Stream != m || number < s.from || s.to > 0 && number > s.to {
		j.stats.Unasked++
		return false, out
	}
	j.use(s)
	fresh, out = j.number(now, s, number, uid, wayOf(via, m.Origin), v, size, out)
	if fresh {
		if s.hinted(via) {
			j.needs(now, via, m.Origin)
		}
		j.stats.Repaired++
		s.renew(now)
		s.round = 0
	}
	if number == s.to && s.asked == via {
		j.ended(now, s) // the end of the answer may be lost
	}
	return fresh, out
}

// wayOf is how an answer comes: what others say of an origin is relayed.
func wayOf(via, origin topics.Name) Way {
	if via != origin {
		return Relayed
	}
	return Answered
}

// AnswerEnds takes in that an answer has ended.
func (j *Judge[T]) AnswerEnds(now time.Duration, via topics.Name, question []byte, out []Delivery[T]) []Delivery[T] {
	if o, ok := j.openings.all[string(question)]; ok && o.peer == via {
		return j.opens(now, string(question), out)
	}
	if s := j.asked[string(question)]; s != nil && s.asked == via {
		j.ended(now, s)
	}
	return out
}

// Tell takes in what a beat of an origin says of the numbers of its last messages: the header's last.
func (j *Judge[T]) Tell(now time.Duration, origin topics.Name, incarnation int64, last string, out []Delivery[T]) []Delivery[T] {
	if !j.Admits(origin) {
		return out
	}
	j.meet(now, origin, incarnation, last)
	for last != "" {
		var topic string
		var number uint64
		topic, number, last = topics.CutLast(last)
		if j.cfg.Wants != nil && !j.cfg.Wants(topic) {
			continue
		}
		m := Stream{origin, incarnation, topic}
		s := j.streams[m]
		if s == nil {
			base := j.base(m)
			if base == 0 || number < base {
				continue // it begins with what comes: the beat may have overtaken messages
			}
			s, out = j.follow(now, m, base, origin, out)
		}
		j.confirm(now, s, number)
		if number > s.told && number >= s.next {
			s.told = number
			j.begin(now, s, tailGrace)
		}
	}
	return out
}

// Tick repairs what is due, and looks after the relays. It is called at the Deadline, and once a beat.
func (j *Judge[T]) Tick(now time.Duration, view View, out []Delivery[T]) []Delivery[T] {
	if j.admitted != nil {
		view = admitted{view, j.Admits}
	}
	j.look(now, view)
	out = j.lookGone(now, view, out)
	for _, question := range slices.Sorted(maps.Keys(j.openings.all)) {
		if now >= j.openings.all[question].until {
			out = j.open(now, question, out)
		}
	}
	out = j.lookWanted(now, out)
	j.due = min(j.goneDue, j.plan.due)
	for i := 0; i < len(j.busy); {
		s := j.busy[i]
		if out = j.mend(now, s, view, out); s.busy {
			j.due = min(j.due, s.due)
			i++
			continue
		}
		s.listed = false
		last := len(j.busy) - 1
		j.busy[i], j.busy[last] = j.busy[last], nil
		j.busy = j.busy[:last]
	}
	for _, o := range j.openings.all {
		j.due = min(j.due, o.until)
	}
	return out
}
