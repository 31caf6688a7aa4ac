package node

import (
	"log/slog"
	"runtime"
	"time"

	"hearsay/mesh"
	"hearsay/node/link"
	"hearsay/topics"
)

const (
	// leaveTime is what a goodbye may take; the machine is done in less.
	leaveTime = time.Second

	// closeGrace is how long subscribers may take to read what was published before the end: half of what docker
	// stop waits. Most take a round trip, and who takes nothing for a second is not waited for.
	closeGrace = 5 * time.Second

	// silencesEvery is between two looks for connections that carry nothing, which takes TCP three seconds at least to show.
	silencesEvery = time.Second
)

// run is the one loop: it has the machine judge what happens, and does what follows. When it returns, the link is closed.
func (n *Node) run() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	leaving := n.leaving
	var leaveBy <-chan time.Time
	n.sayOwnFault()
	n.lookAtName()
	if len(n.remembered) > 0 {
		n.step(mesh.Known{Names: n.remembered})
	}
	var late <-chan []topics.Name // the file of known peers, if the disk took its time
	if n.store != nil {
		late = n.store.loaded
	}
	save := time.NewTicker(saveEvery)
	defer save.Stop()
	var set mesh.Time // what the timer is set to: most events change nothing about it
	for !n.machine.Left() {
		if due := n.machine.Deadline(); due != set {
			set = due
			timer.Reset(due - n.now())
		}
		select {
		case e := <-n.tells:
			n.inTurn(func() {
				n.take(e)
				n.takeMore(set)
			})
		case e := <-n.answers:
			n.inTurn(func() { n.answer(e) })
		case ask := <-n.asked:
			ask()
		case h := <-n.beacons:
			n.takeBeacon(h)
		case <-timer.C:
			set = -1
			n.inTurn(func() {
				n.drain()
				n.takeSilences()
				n.step(mesh.Tick{})
			})
		case names := <-late:
			n.recallLate(names)
		case <-save.C:
			n.remember()
		case <-n.crowd.due():
			n.tellCrowd()
		case <-leaving:
			n.remember()
			leaving = nil
			leaveBy = time.After(leaveTime)
			n.step(mesh.Leave{})
		case <-leaveBy:
			n.log.Warn("goodbye took too long")
			n.end()
			return
		}
	}
	n.end()
}

// working has a place for each loop of this process that may work at the same time. Where hundreds of nodes run in it and all
// have something to do, Go would else have some wait for half a minute: a loop that has used up its slice of time comes to a
// queue from which one is taken for each sixty of those that somebody woke.
var working = make(chan struct{}, 2*runtime.GOMAXPROCS(0))

// inTurn has the loop do something, once those have had their turn that asked for it before.
func (n *Node) inTurn(do func()) {
	n.working <- struct{}{}
	do()
	<-n.working
}

// inARow is how many events are taken in for one look at everything else that may be there, which costs as much as a few
// of them.
const inARow = 16

// takeMore takes in what else the link has to tell, some of it, and no more once a round is due: on a slow machine an event may
// take long.
func (n *Node) takeMore(due mesh.Time) {
	for range inARow - 1 {
		if n.now() >= due {
			return
		}
		select {
		case e := <-n.tells:
			n.take(e)
		default:
			return
		}
	}
}

// drain gives the machine everything that has arrived, so that nobody is judged by an inbox that is not empty: to
// the end, or, where a flood leaves none, for as long as drainEnough says.
func (n *Node) drain() {
	begin := time.Now()
	for taken := 0; !drainEnough(taken, len(n.links), time.Since(begin), n.cfg.Beat); taken++ {
		select {
		case e := <-n.tells:
			n.take(e)
		case e := <-n.answers:
			n.answer(e)
		default:
			return
		}
	}
}

func (n *Node) end() {
	n.tellCrowd()
	if n.station != nil {
		n.station.Close()
	}
	n.cancel()
	close(n.ended)
	n.closeLink()
	n.dials.Wait()
	if n.store != nil {
		n.store.close()
	}
	n.hub.end()
}

// closeLink sends what was published, and says what could not be.
func (n *Node) closeLink() {
	before := n.link.Stats()
	_ = n.link.Close(closeGrace)
	after := n.link.Stats()
	more := func(counter string) uint64 { return after[counter] - before[counter] }
	messages, bytes := more("messages_dropped")+more("messages_unsent"), more("bytes_unacked")
	if messages+bytes > 0 {
		n.log.Warn("closed before all was sent", "messages", messages, "bytes_unacked", bytes)
	}
}

// now is the machine's time.
func (n *Node) now() mesh.Time { return time.Since(n.start) }

// take turns an event of the link into the machine's.
func (n *Node) take(e link.Event) {
	id := mesh.LinkID(e.ID)
	switch e.Kind {
	case link.Up:
		d := n.dialled(e.Target)
		n.links[e.ID] = &peerLink{target: d.Target, messages: e.Port == link.Message}
		n.countLinks()
		n.step(mesh.LinkUp{Link: id, Dial: d, Addr: e.Addr.String()})
	case link.Down:
		delete(n.links, e.ID)
		n.step(mesh.LinkDown{Link: id, Why: e.Err.Error()})
	case link.Received:
		switch pl := n.links[e.ID]; {
		case pl == nil:
		case e.Port == link.Message:
			n.step(mesh.Heard{Link: id})
		default:
			pl.received += uint64(len(e.Run))
			n.takeBeats(id, pl, e.Run)
		}
	case link.Stuck, link.Flows:
		n.step(mesh.LinkStuck{Link: id, Stuck: e.Kind == link.Stuck})
	case link.TurnedAway:
		n.log.Warn("peer refused", "from", e.Addr.Addr().String(), "port", e.Port.String(), "why", e.Err)
	case link.Foreign:
		n.step(mesh.ForeignHello{Name: e.Name, Mesh: e.Mesh, Addr: e.Addr.Addr().String()})
	case link.Unheeded:
		n.log.Warn("subscriptions ignored", "from", e.Addr.Addr().String(), "port", e.Port.String(), "why", e.Err)
	default:
		n.takeListener(e)
	}
}

// takeListener turns what a link says of those who subscribe to this node into the machine's events.
func (n *Node) takeListener(e link.Event) {
	id, addr := mesh.ListenerID(e.ID), e.Addr.Addr().String()
	discovery := e.Port == link.Discovery
	switch {
	case e.Kind == link.ListenerUp && discovery:
		n.step(mesh.ListenerUp{Listener: id, Addr: addr})
	case e.Kind == link.ListenerUp:
		n.step(mesh.ReaderUp{Reader: id, Addr: addr})
	case e.Kind == link.HelloReceived && discovery:
		n.step(mesh.Hello{Listener: id, Name: e.Name})
	case e.Kind == link.HelloReceived:
		n.step(mesh.ReaderNamed{Reader: id, Name: e.Name})
	case e.Kind == link.ListenerDown && discovery:
		n.step(mesh.ListenerDown{Listener: id})
	case e.Kind == link.ListenerDown:
		n.step(mesh.ReaderDown{Reader: id})
	}
}

// takeSilences asks the link which connections for messages carry nothing.
func (n *Node) takeSilences() {
	if now := n.now(); now >= n.silencesDue {
		n.silencesDue = now + silencesEvery
		n.lookTurnedAway()
		n.lookForOwnSeed()
		n.warnOwnSeed()
		for _, s := range n.link.Silences(n.answersPing) {
			if s.Dialled {
				n.step(mesh.LinkSilent{Link: mesh.LinkID(s.ID), Silent: s.Silent})
			} else {
				n.step(mesh.ReaderSilent{Reader: mesh.ListenerID(s.ID), Silent: s.Silent})
			}
		}
		if n.link.ReadersSilent() {
			n.readersSilent = now
		}
		for _, r := range []*ring{n.own, n.others} {
			r.keepFor(n.cfg.ringAge(now, n.readersSilent))
		}
	}
}

// answersPing reports whether the publisher at the other end of a connection answers a PING.
func (n *Node) answersPing(id link.ID) bool { return n.machine.Answers(mesh.LinkID(id)) }

// takeBeats reads peer lists. What is not one is counted and dropped.
func (n *Node) takeBeats(id mesh.LinkID, pl *peerLink, run link.Run) {
	var frames [topics.MaxFrames][]byte
	for f := run.Next(frames[:0]); f != nil; f = run.Next(frames[:0]) {
		if len(f) > 1 && topics.KindOf(f[0]) == topics.KindMesh {
			n.takeLabel(id, f[1])
			continue
		}
		if kind := topics.KindOf(f[0]); len(f) > 2 && (kind == topics.KindTold || kind == topics.KindToldChange) {
			n.takeTold(id, f[1], f[2], kind == topics.KindToldChange)
			continue
		}
		if len(f) < 2 || topics.KindOf(f[0]) != topics.KindBeat {
			n.counters.badLists.Add(1)
			continue
		}
		names, bad, err := n.names.ParseList(f[1], n.parsed[:0])
		n.parsed = names[:0]
		n.counters.badNames.Add(uint64(bad))
		if err != nil {
			n.counters.badLists.Add(1)
			continue
		}
		var header *topics.Header
		if len(f) > 2 {
			if n.header, err = topics.ParseHeader(f[2]); err != nil {
				n.counters.badLists.Add(1)
				continue
			}
			header = &n.header
		}
		if (header == nil || !header.Pulse) && n.log.Enabled(n.ctx, slog.LevelDebug) {
			n.log.Debug("list received", "from", pl.target, "peers", nameList(names))
		}
		if n.lock.byName && len(names) > 0 && !n.link.Speaks(link.ID(id), names[0]) {
			n.misnamed(id, pl, names[0])
			return
		}
		n.step(mesh.Beat{Link: id, Names: names, Header: header, Ahead: aheadOf(header, time.Now())})
		if header != nil && len(names) > 0 && names[0].Key() == pl.target.Key() {
			n.tellNumbers(pl, header)
		}
	}
}

// aheadOf is by how much the clock of who sent a header is ahead of this node's; 0 where it does not say.
func aheadOf(h *topics.Header, now time.Time) time.Duration {
	if h == nil || h.At == 0 {
		return 0
	}
	return time.UnixMilli(h.At).Sub(now) // by the clock as it is now, as one of the two has no monotonic reading
}

// takeTold reads whom a peer tells of that others hear, or what is something else in that.
func (n *Node) takeTold(id mesh.LinkID, body, header []byte, change bool) {
	parse := n.names.ParseRecords
	if change {
		parse = n.names.ParseChanges
	}
	records, bad, err := parse(body)
	n.counters.badNames.Add(uint64(bad))
	if err != nil {
		n.counters.badLists.Add(1)
		return
	}
	h, err := topics.ParseHeader(header)
	if err != nil {
		n.counters.badLists.Add(1)
		return
	}
	n.step(mesh.Told{Link: id, Records: records, Header: h, Change: change})
}

// takeLabel reads of which mesh a publisher says that it is: of one without a label, where that is empty.
func (n *Node) takeLabel(id mesh.LinkID, body []byte) {
	label := ""
	if len(body) > 0 {
		var err error
		if label, err = topics.ParseMesh(body); err != nil {
			n.counters.badLists.Add(1)
			return
		}
	}
	n.step(mesh.MeshSaid{Link: id, Mesh: label})
}

// tellNumbers passes on what a beat says of the last messages. A new incarnation is told once.
func (n *Node) tellNumbers(pl *peerLink, h *topics.Header) {
	again := h.Incarnation == pl.incarnation && h.Last == pl.last
	switch {
	case h.Incarnation == 0:
		return
	case again && (h.Last == "" || time.Since(pl.lastAt) > n.cfg.RingTime):
		return // nobody has any more what it tells of
	case !n.machine.Counts(pl.target, h.Incarnation):
		return
	case !again:
		pl.incarnation, pl.last, pl.lastAt = h.Incarnation, h.Last, time.Now()
	}
	beat := time.Duration(h.Beat) * time.Millisecond
	e := news{kind: newsNumbers, incarnation: h.Incarnation, replay: h.Replay, last: h.Last}
	if e.born = h.Seq <= uint64(n.now()/beat); e.born {
		e.age = time.Duration(h.Seq) * beat
	}
	n.inbox.put(parcel{from: pl.target, news: &e})
}

// step gives the machine one event and does what it wants done.
func (n *Node) step(e mesh.Input) {
	effects := n.machine.Step(n.now(), e)
	if turns := n.machine.Turns(); turns != n.turns { // before any of it is told
		n.alive.set(n.machine)
		n.turns = turns
	}
	n.members.Store(int64(n.machine.Known()))
	for _, effect := range effects {
		switch f := effect.(type) {
		case mesh.Dial:
			n.startDial(f)
		case mesh.Lookup:
			n.dials.Add(1)
			go n.lookUp(f)
		case mesh.HangUp:
			n.link.HangUp(link.ID(f.Link))
		case mesh.ReadOut:
			n.link.ReadOut(link.ID(f.Link))
		case mesh.Retire:
			n.link.Retire(link.ID(f.Link))
		case mesh.Doubt:
			n.link.Doubt(link.ID(f.Link))
		case mesh.Ask:
			n.link.Ask(link.ID(f.Link))
		case mesh.Follow:
			n.link.Say(link.ID(f.Link), topics.Told, f.Cancel)
		case mesh.Publish:
			n.publishBeat(f)
		case mesh.Keep:
			n.keep(f.Edition)
		case mesh.Tell:
			n.tellFar(f)
		case mesh.Emit:
			n.tell(f.Change)
		}
	}
}

// tellFar sends whom this node knows by the word of others, or what is something else in that.
func (n *Node) tellFar(t mesh.Tell) {
	header := topics.AppendHeader(nil, t.Header)
	told := func(topic string, records []topics.Record) [][]byte {
		body, _ := topics.AppendRecords(nil, records)
		return [][]byte{[]byte(topic), body, header}
	}
	var frames, whole [][]byte
	switch {
	case !t.Change:
		frames = told(topics.Told, t.Records)
		whole = frames
	case t.Whole != nil:
		whole = told(topics.Told, t.Whole)
		fallthrough
	default:
		frames = told(topics.ToldChange, t.Records)
	}
	_ = n.link.Tell(frames, whole)
}

// publishBeat sends a beat to all who listen, and renews what new listeners get: before, so that none that comes in
// between misses both.
func (n *Node) publishBeat(p mesh.Publish) {
	n.keep(p.Kept)
	if !p.Header.Pulse {
		n.log.Debug("list sent", "peers", nameList(p.Names))
	}
	_ = n.link.PublishBeat(n.editions(p.Edition))
}

// keep holds a whole list ready for new listeners.
func (n *Node) keep(e mesh.Edition) { n.link.SetBeats(n.editions(e)) }

// editions are the frames of a beat, for those who said a name and, where it differs, for those who said none.
func (n *Node) editions(e mesh.Edition) (all, nameless [][]byte) {
	last := n.speaker.last()
	if e.Nameless != nil {
		nameless = frames(*e.Nameless, last)
	}
	return frames(e.Said, last), nameless
}

// frames are a beat as it goes over the wire, with the numbers of the last messages.
func frames(s mesh.Said, last string) [][]byte {
	s.Header.Last = last
	if s.Header.At != 0 { // the machine knows the clock as it was at the start
		s.Header.At = time.Now().UnixMilli()
	}
	return [][]byte{[]byte(topics.Discovery), topics.AppendList(nil, s.Names), topics.AppendHeader(nil, s.Header)}
}
