package node

import (
	"slices"
	"time"

	"hearsay/mesh"
	"hearsay/node/link"
	"hearsay/topics"
)

const (
	// leaveTime is what a goodbye may take; the machine is done in less.
	leaveTime = time.Second

	// closeGrace is how long subscribers may take to read what was published before the end.
	closeGrace = 500 * time.Millisecond

	// heardEvery is how often the machine is told that a peer's messages come: a flood is no more alive than
	// a trickle.
	heardEvery = 100 * time.Millisecond

	// drainMost bounds what is taken in before a round is judged, so that a flood cannot put the judgement off.
	drainMost = 10_000
)

// run is the one loop: it receives, judges and does what follows. When it returns, the link is closed.
func (n *Node) run() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	leaving := n.leaving
	var leaveBy <-chan time.Time
	if len(n.remembered) > 0 {
		n.step(mesh.Known{Names: n.remembered})
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
		case e := <-n.link.Events():
			n.take(e)
		case f := <-n.failed:
			n.step(f)
		case ask := <-n.asked:
			ask()
		case <-timer.C:
			set = -1
			n.drain()
			n.step(mesh.Tick{})
		case <-save.C:
			n.remember()
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

// drain gives the machine everything that has arrived, so that nobody is judged by an inbox that is not
// empty.
func (n *Node) drain() {
	for range drainMost {
		select {
		case e := <-n.link.Events():
			n.take(e)
		case f := <-n.failed:
			n.step(f)
		default:
			return
		}
	}
}

func (n *Node) end() {
	n.cancel()
	close(n.ended)
	_ = n.link.Close(closeGrace)
	n.dials.Wait()
	if n.store != nil {
		n.store.close()
	}
	n.hub.end()
}

// now is the machine's time.
func (n *Node) now() mesh.Time { return time.Since(n.start) }

// take turns an event of the link into the machine's.
func (n *Node) take(e link.Event) {
	id := mesh.LinkID(e.ID)
	switch e.Kind {
	case link.Up:
		target := topics.Name(e.Target)
		n.links[e.ID] = &peerLink{target: target}
		n.step(mesh.LinkUp{Link: id, Target: target, Port: mesh.Port(e.Port), Addr: e.Addr.String()})
	case link.Down:
		delete(n.links, e.ID)
		n.step(mesh.LinkDown{Link: id, Why: e.Err.Error()})
	case link.Received:
		pl := n.links[e.ID]
		if pl == nil {
			return
		}
		pl.received += uint64(len(e.Run))
		if e.Port == link.Discovery {
			n.takeBeats(id, pl, e.Run)
		} else {
			n.takeMessages(id, pl, e.Run)
		}
	case link.ListenerUp:
		n.step(mesh.ListenerUp{Listener: mesh.ListenerID(e.ID), Addr: e.Addr.Addr().String()})
	case link.HelloReceived:
		n.step(mesh.Hello{Listener: mesh.ListenerID(e.ID), Name: e.Name})
	case link.ListenerDown:
		n.step(mesh.ListenerDown{Listener: mesh.ListenerID(e.ID)})
	}
}

// takeBeats reads peer lists. What is not one is counted and dropped.
func (n *Node) takeBeats(id mesh.LinkID, pl *peerLink, run link.Run) {
	var frames [topics.MaxFrames][]byte
	for f := run.Next(frames[:0]); f != nil; f = run.Next(frames[:0]) {
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
			h, err := topics.ParseHeader(f[2])
			if err != nil {
				n.counters.badLists.Add(1)
				continue
			}
			header = &h
		}
		if header == nil || !header.Pulse {
			n.logList(pl, names)
		}
		n.step(mesh.Beat{Link: id, Names: names, Header: header})
	}
}

// takeMessages passes messages on to the application, and tells the machine that the peer is there.
func (n *Node) takeMessages(id mesh.LinkID, pl *peerLink, run link.Run) {
	n.inbox.put(parcel{from: pl.target, run: run, size: len(run) + parcelOverhead})
	if now := time.Now(); now.Sub(pl.heard) >= heardEvery {
		pl.heard = now
		n.step(mesh.Heard{Link: id})
	}
}

// step gives the machine one event and does what it wants done.
func (n *Node) step(e mesh.Event) {
	effects := n.machine.Step(n.now(), e)
	if turns := n.machine.Turns(); turns != n.turns { // before any of it is told
		alive := n.machine.Alive()
		n.alive.Store(&alive)
		n.turns = turns
	}
	for _, effect := range effects {
		switch f := effect.(type) {
		case mesh.Dial:
			n.dials.Add(1)
			go n.dial(f)
		case mesh.HangUp:
			n.link.HangUp(link.ID(f.Link))
		case mesh.Publish:
			n.publishBeat(f)
		case mesh.Show:
			n.show(f.Names, f.Header)
		case mesh.Emit:
			n.tell(f.Change)
		}
	}
}

// publishBeat sends a pulse or a list to all, and renews what a new listener gets: before, so that who begins to
// listen in between does not get the last list and miss this one.
func (n *Node) publishBeat(p mesh.Publish) {
	names, header := p.Names, p.Header
	if header.Pulse {
		names, header.Pulse = n.shown, false
	} else {
		n.logSent(names)
	}
	n.show(names, header)
	_ = n.link.Publish(link.Discovery, []byte(topics.Discovery), topics.AppendList(nil, p.Names), topics.AppendHeader(nil, p.Header))
}

// show keeps a whole list ready for who subscribes next.
func (n *Node) show(names []topics.Name, header topics.Header) {
	n.shown = names
	n.link.SetBeat([]byte(topics.Discovery), topics.AppendList(nil, names), topics.AppendHeader(nil, header))
}

// logSent says at info level what changed, and at debug level what did not.
func (n *Node) logSent(names []topics.Name) {
	if !n.logsInfo {
		return
	}
	if slices.Equal(n.sent, names) {
		n.log.Debug("list sent", "peers", nameList(names))
		return
	}
	n.sent = slices.Clone(names)
	n.log.Info("list sent", "peers", nameList(names))
}

// logList does the same for a peer's list, at most once a second per link.
func (n *Node) logList(pl *peerLink, names []topics.Name) {
	if !n.logsInfo {
		return
	}
	now := time.Now()
	if now.Sub(pl.logged) < time.Second || slices.Equal(pl.list, names) {
		n.log.Debug("list received", "from", pl.target, "peers", nameList(names))
		return
	}
	pl.logged, pl.list = now, slices.Clone(names)
	n.log.Info("list received", "from", pl.target, "peers", nameList(names))
}
