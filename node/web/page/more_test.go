package page_test

import (
	"testing"
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
