package page_test

import (
	"fmt"
	"testing"

	"hearsay/topics"
)

// trouble is a mesh in which some are not well, and some are known by the word of others. Inside set.
func (f *fake) trouble() {
	name := func(i int) topics.Name { return topics.Name(fmt.Sprintf("node_%d", i)) }
	n := len(f.members.Members) + 1
	for _, i := range []int{n, n - 1} {
		far := f.peer(name(i))
		far.Via, far.LastHeard, far.HearsMe, far.MessagesLink, far.Address, far.Received = []topics.Name{"node_2"}, nil, false, false, "", 0
		far.Why = "not heard here, heard by node_2"
		for _, row := range f.links.Nodes {
			if row.Name != "node_2" {
				f.deafen(row.Name, far.Name)
				f.deafen(far.Name, row.Name)
			}
		}
	}
	suspect, gone, shut := f.peer(name(3)), f.peer(name(4)), f.peer(name(5))
	suspect.State, suspect.Why, suspect.MissedBeats = "suspect", "3 beats missed", 3
	gone.State, gone.Why, gone.Failures, gone.Failure = "quarantined", "6 beats missed, 2 of 2 confirm", 2, "10.0.0.4:20000 refuses connections: no node runs there"
	f.mute(gone.Name)
	shut.Unlinked, shut.MessagesLink = "its messages do not arrive directly: 10.0.0.5:30000 does not answer: timed out", false
	f.members.Self.ReadyReason = fmt.Sprintf("it hears %d peers, but messages do not pass directly between it and node_5: %s", n-5, shut.Unlinked)
}

// Members that are alive by the word of others are told from those that are heard, in the drawing, the table and the
// details. Of nodes that are too many for labels, those that are not well have theirs, and the head says what is not.
func TestFarMembersAndTrouble(t *testing.T) {
	for _, n := range []int{12, 64, 1000} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			f := newFake(t, n)
			f.set(f.trouble)
			p := open(t, f.URL)
			p.waitNodes(min(n, 160))
			p.checkDrawing()
			p.wait(`!document.querySelector('#far').hidden && document.querySelector('#far-count').innerText === '2'`)
			p.wait(`!document.querySelector('#warning').hidden && document.querySelector('#warning').innerText.includes('but messages do not pass directly')`)
			last := fmt.Sprintf("node_%d", n)
			p.wait(`document.querySelector('#rows [data-name=' + %s + '] .tags').innerText === 'via node_2'`, last)
			shown := `(() => [...document.querySelectorAll('#graph .node')].filter((n) => getComputedStyle(n.querySelector('text')).display !== 'none').map((n) => n.dataset.name))()`
			for _, name := range []string{"node_1", "node_3", "node_4", "node_5"} {
				p.wait(`(`+shown+`).includes(%s)`, name)
			}
			if names := eval[[]string](p, shown); n == 1000 && len(names) != 4 {
				t.Errorf("labels of %q are shown", names)
			}
			p.shot(fmt.Sprintf("far-%d", n))
			p.click(`document.querySelector('#rows [data-name=' + %s + '] button')`, last)
			p.wait(`document.querySelector('#graph [data-name=' + %s + ']').matches('[data-far][data-state=alive]')`, last) // drawn, as it is chosen
			p.wait(`document.querySelector('#graph [data-name=' + %s + ']').getAttribute('aria-label').includes('alive via node_2')`, last)
			const details = `document.querySelector('#details-list').innerText`
			p.wait(details + `.includes('by relays: it is not heard here')`)
			p.wait(`!` + details + `.includes('no link is up')`)
			p.shot(fmt.Sprintf("far-%d-chosen", n))
			p.click(`document.querySelector('#rows [data-name=node_4] button')`)
			p.wait(details + `.includes('2 in a row: 10.0.0.4:20000 refuses connections')`)
			p.wait(`document.querySelector('#details-title').innerText === 'node_4'`)
			p.shot(fmt.Sprintf("far-%d-gone", n))
		})
	}
}
