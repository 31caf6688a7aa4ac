package page_test

import (
	"fmt"
	"strings"
	"testing"

	"hearsay/node/nodetest"

	"github.com/chromedp/chromedp"
)

// eventTexts are the entries of the list, newest first.
const eventTexts = `[...document.querySelectorAll('#events li')].map((e) => e.querySelector('p').innerText)`

// TestEvents shows what happened before and what happens, once each, and says what was lost.
func TestEvents(t *testing.T) {
	f := newFake(t, 4)
	f.set(func() {
		f.tell(1, "node_2", "unknown", "alive", "first beat")
		f.tell(2, "node_3", "alive", "suspect", "3 beats missed")
	})
	p := open(t, f.URL)
	p.waitNodes(4)
	want := func(texts ...string) {
		t.Helper()
		p.wait(eventTexts+`.join('|') === %s`, strings.Join(texts, "|"))
	}
	want("node_3 alive → suspect: 3 beats missed", "node_2 alive: first beat")
	f.set(func() { f.tell(3, "node_3", "suspect", "alive", "heard again") })
	want("node_3 suspect → alive: heard again", "node_3 alive → suspect: 3 beats missed", "node_2 alive: first beat")
	p.wait(`document.querySelector('#news').innerText === 'node_3 is alive'`)

	// The stream breaks, and begins with what was seen; and events are gone.
	f.set(func() { f.repeats = true })
	f.CloseClientConnections()
	p.wait(`document.querySelector('#stream').innerText === 'live'`)
	f.set(func() { f.tell(9, "node_4", "alive", "left", "goodbye") })
	want("node_4 alive → left: goodbye", "5 events were missed",
		"node_3 suspect → alive: heard again", "node_3 alive → suspect: 3 beats missed", "node_2 alive: first beat")
	p.shot("events")
	p.takeComplaints() // of the connection that was cut

	// The node is another one.
	f.set(func() {
		f.life, f.events = 2, nil
		f.tell(1, "node_2", "unknown", "alive", "again")
	})
	p.wait(eventTexts + `.slice(0, 3).join('|') === 'node_2 alive: again|The node was started anew|node_4 alive → left: goodbye'`)
	p.takeComplaints()

	// What is said of an event is where to look: its peer opens.
	p.click(`document.querySelector('#events button')`)
	p.wait(`document.querySelector('#details-title').innerText === 'node_2'`)
}

// TestManyEvents keeps the last 256, and says that there were more before those that the node keeps.
func TestManyEvents(t *testing.T) {
	f := newFake(t, 4)
	f.set(func() {
		for id := uint64(45); id < 345; id++ {
			f.tell(id, "node_2", "alive", "suspect", fmt.Sprintf("event %d", id))
		}
	})
	p := open(t, f.URL)
	p.wait(`document.querySelectorAll('#events li').length === 256`)
	p.wait(eventTexts + `[0].endsWith('event 344')`)
	p = open(t, f.URL) // with fewer, the note is seen
	f.set(func() { f.life, f.events = 2, nil; f.tell(45, "node_2", "alive", "suspect", "silent") })
	p.wait(eventTexts + `[1] === '44 earlier events are no longer kept'`)
	p.takeComplaints()
}

// TestHiddenPage asks for nothing while nobody looks, and catches up then.
func TestHiddenPage(t *testing.T) {
	f := newFake(t, 4)
	p := open(t, f.URL)
	p.wait(`document.querySelector('#stream').innerText === 'live'`)
	hide := func(hidden bool) {
		eval[chromedp.Void](p, `(() => {
			Object.defineProperty(document, 'hidden', {configurable: true, get: () => %s});
			document.dispatchEvent(new Event('visibilitychange'));
		})()`, hidden)
	}
	hide(true)
	nodetest.Eventually(t, func() error {
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.streams > 0 {
			return fmt.Errorf("%d streams are open", f.streams)
		}
		return nil
	})
	f.set(func() {
		f.peer("node_3").State = "suspect"
		f.tell(1, "node_3", "alive", "suspect", "3 beats missed")
	})
	hide(false)
	p.wait(eventTexts + `.join() === 'node_3 alive → suspect: 3 beats missed'`)
	p.waitState("node_3", "suspect")
}

// TestConnectionLost says so, keeps what it knew, and goes on when the node is back.
func TestConnectionLost(t *testing.T) {
	f := newFake(t, 4)
	p := open(t, f.URL)
	p.waitNodes(4)
	p.wait(`document.querySelector('#lost').hidden`)
	f.set(func() { f.down = true })
	f.CloseClientConnections()
	p.wait(`!document.querySelector('#lost').hidden && document.querySelector('#lost').innerText.startsWith('No connection to node_1')`)
	p.wait(`document.querySelector('#lost').innerText.includes('What is shown was true at ')`)
	p.wait(`document.querySelector('#stream').innerText === 'connecting again'`)
	p.wait(`document.querySelector('#ready').innerText === 'no connection'`)
	p.waitNodes(4)
	p.shot("lost")
	f.set(func() {
		f.down = false
		f.peer("node_2").State = "left"
	})
	p.wait(`document.querySelector('#lost').hidden`)
	p.waitState("node_2", "left")
	p.wait(`document.querySelector('#stream').innerText === 'live'`)
	p.takeComplaints() // that there was no connection
}

// TestNotReady says so in the header.
func TestNotReady(t *testing.T) {
	f := newFake(t, 4)
	p := open(t, f.URL)
	p.wait(`document.querySelector('#ready').innerText === 'ready'`)
	p.wait(`document.querySelector('#facts').innerText === 'hears 3 · up 60 min · v0'`)
	p.wait(`document.title === 'node_1 · hearsay'`)
	f.set(func() {
		f.members.Self.Ready, f.members.Self.Degraded, f.members.Self.ReadyReason = false, true, "it is degraded: it hears 1 of 3 members"
	})
	p.wait(`document.querySelector('#ready').innerText === 'not ready' && !document.querySelector('#degraded').hidden`)
	p.wait(`document.querySelector('#warning').innerText.endsWith('it is degraded: it hears 1 of 3 members')`)
	f.set(func() { f.members.Self.State = "leaving" })
	p.wait(`document.querySelector('#ready').innerText === 'leaving'`)
}
