package page_test

import (
	"testing"

	"hearsay/node/web"
	"hearsay/topics"
)

// Before the first answer the page says that it connects, and no number that it cannot know.
func TestPageConnects(t *testing.T) {
	findBrowser(t)
	f := newFake(t, 4)
	f.set(func() { f.stuck = make(chan struct{}) })
	p := open(t, f.URL)
	p.wait(`document.querySelector('#ready').innerText === 'connecting' && document.querySelector('#facts').innerText === '–'`)
	p.wait(`[...document.querySelectorAll('#states b')].every((b) => b.innerText === '–')`)
	p.shot("connecting")
	close(f.stuck)
	f.set(func() { f.stuck = nil })
	p.waitState("node_2", "alive")
}

// Of 64 nodes only the faults and the chosen node's links are drawn; the matrix has all on demand.
func TestLargeMeshHasNoDisc(t *testing.T) {
	findBrowser(t)
	f := newFake(t, 64)
	f.set(func() { f.deafen("node_9", "node_40") })
	p := open(t, f.URL)
	p.waitState("node_64", "alive")
	p.wait(`document.querySelector('#graph .both').getAttribute('d') === '' && !document.querySelector('#unlined').hidden`)
	p.wait(`document.querySelector('#one-way-count').innerText === '1' && document.querySelector('#graph .one-way').getAttribute('d') !== ''`)
	p.shot("mesh-64")
	p.click(`document.querySelector('#graph [data-name=node_5]')`)
	p.wait(`document.querySelector('#graph .hot').getAttribute('d').split('M').length - 1 === 63`)
	p.shot("mesh-64-chosen")
	p.click(`document.querySelector('#matrix-box summary')`)
	p.wait(`document.querySelector('#matrix').width >= 128`)
	p.shot("mesh-64-matrix")
}

// Messages are shown as they come, and published from the page.
func TestPageShowsAndPublishesMessages(t *testing.T) {
	findBrowser(t)
	nodes := startMesh(t, 2)
	p := open(t, nodes[0].url())
	p.waitState(nodes[1].config.Address, "alive")
	p.click(`document.querySelector('#messages-box summary')`)
	p.wait(`document.querySelector('#messages-state').innerText === 'live'`)
	p.wait(`document.querySelector('#publish-text').value = '<b>hello</b>'`) // a value that is no empty text
	p.click(`document.querySelector('#publish-send')`)
	p.wait(`document.querySelector('#messages').innerText.includes('<b>hello</b>') && document.querySelector('#publish-text').value === ''`)
	p.shot("messages")
}

// Messages that nobody has any more are told of where those are shown that came after them.
func TestPageShowsThatMessagesWereMissed(t *testing.T) {
	findBrowser(t)
	f := newFake(t, 2)
	f.set(func() {
		a, b := "a", "b"
		f.messages = []web.Message{{From: "node_2", Body: &a, Missed: 7}, {From: "node_2", Channel: "news", Body: &b, Missed: 1}}
	})
	p := open(t, f.URL)
	p.waitNodes(2)
	p.click(`document.querySelector('#messages-box summary')`)
	p.wait(`document.querySelector('#messages').innerText.includes('7 messages of node_2 missed: nobody has them, or they were not read in time')`)
	p.wait(`document.querySelector('#messages').innerText.includes('1 message of node_2 on news missed: nobody has them, or they were not read in time')`)
}

// Of 1,000 nodes those with something wrong are drawn before those that are well, all are in the table, and the page still
// answers.
func TestThousand(t *testing.T) {
	findBrowser(t)
	f := newFake(t, 1000)
	f.set(func() {
		for name, state := range map[topics.Name]string{"node_400": "suspect", "node_900": "quarantined"} {
			f.peer(name).State, f.peer(name).Why = state, "6 beats missed"
		}
		f.peer("node_950").Unlinked, f.peer("node_950").MessagesLink = "its messages do not arrive directly: refused", false
		f.deafen("node_1", "node_999")
	})
	p := open(t, f.URL)
	p.wait(`document.querySelectorAll('#rows tr').length === 1000`)
	p.waitNodes(160)
	p.wait(`document.querySelector('#undrawn').innerText.startsWith('840 of 1000 nodes')`)
	for name, state := range map[string]string{"node_1": "alive", "node_400": "suspect", "node_900": "quarantined", "node_950": "alive"} {
		if got := p.nodeStates()[name]; got != state {
			t.Errorf("%s is drawn as %q, want %s", name, got, state)
		}
	}
	p.shot("mesh-1000")
	p.wait(`(document.querySelector('#filter').value = 'node_950') && document.querySelector('#filter').dispatchEvent(new Event('input', {bubbles: true}))`)
	p.wait(`[...document.querySelectorAll('#rows tr')].filter((row) => !row.hidden).length === 1 && document.querySelector('#rows').innerText.includes('unlinked: its messages do not arrive')`)
	p.shot("mesh-1000-filtered")
}
