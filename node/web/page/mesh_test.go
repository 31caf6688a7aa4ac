package page_test

import (
	"fmt"
	"testing"

	"hearsay/topics"
)

// TestRealMesh shows real nodes: all of them, one that is killed, and its return.
func TestRealMesh(t *testing.T) {
	findBrowser(t)
	nodes := startMesh(t, 5)
	p := open(t, nodes[0].url())
	for _, n := range nodes {
		p.waitState(n.config.Address, "alive")
	}
	p.wait(`document.querySelector('#graph .both').getAttribute('d').split('M').length - 1 === 10`) // each pair, once
	p.wait(`document.querySelector('#self').innerText === %s`, nodes[0].config.Address)
	p.wait(`document.querySelector('#ready').innerText === 'ready'`)
	p.wait(`document.querySelector('#stream').innerText === 'live'`)
	p.shot("mesh-5")

	victim := nodes[3]
	victim.kill()
	p.wait(`[...document.querySelectorAll('#graph .node')].some((n) => n.dataset.name === %s && ['suspect', 'quarantined'].includes(n.dataset.state))`, victim.config.Address)
	p.wait(`[...document.querySelectorAll('#events li')].some((e) => e.innerText.includes(%s) && e.innerText.includes('alive → suspect'))`, victim.config.Address)
	p.waitState(victim.config.Address, "quarantined")
	p.wait(`document.querySelector('#graph .both').getAttribute('d').split('M').length - 1 === 6`)
	p.shot("mesh-5-killed")

	victim.start()
	p.waitState(victim.config.Address, "alive")
	p.wait(`document.querySelector('#graph .both').getAttribute('d').split('M').length - 1 === 10`)
	p.wait(`document.querySelector('#events').innerText.includes('→ alive')`)
	p.shot("mesh-5-returned")
}

// TestRealGoodbye shows a node that leaves, from a node that is not the first: the page is the same from any.
func TestRealGoodbye(t *testing.T) {
	findBrowser(t)
	nodes := startMesh(t, 4)
	first, last := open(t, nodes[0].url()), open(t, nodes[3].url())
	for _, p := range []*tab{first, last} {
		for _, n := range nodes {
			p.waitState(n.config.Address, "alive")
		}
	}
	const places = `[...document.querySelectorAll('#graph .node')].map((n) => n.dataset.name + n.getAttribute('transform')).join()`
	if a, b := eval[string](first, places), eval[string](last, places); a != b {
		t.Errorf("the first node's page has\n%s\nand the last one's\n%s", a, b)
	}
	for p, n := range map[*tab]*process{first: nodes[0], last: nodes[3]} {
		p.wait(`[...document.querySelectorAll('#graph .node')].find((n) => n.getAttribute('aria-label').includes('this node')).dataset.name === %s`, n.config.Address)
	}
	nodes[1].end()
	first.waitState(nodes[1].config.Address, "left")
	last.waitState(nodes[1].config.Address, "left")
}

// TestSizes draws meshes of 4 to 128 nodes: every node is inside the drawing, and none covers another.
func TestSizes(t *testing.T) {
	for _, n := range []int{1, 2, 4, 12, 13, 32, 48, 64, 128} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			f := newFake(t, n)
			p := open(t, f.URL)
			p.waitNodes(n)
			p.checkDrawing()
			lines := n * (n - 1) / 2
			if n >= 48 { // only those that are wrong, and those of the chosen node
				lines = 0
			}
			p.wait(`document.querySelector('#graph .both').getAttribute('d').split('M').length - 1 === %s`, lines)
			p.wait(`document.querySelectorAll('#rows tr').length === %s`, n)
			if n == 4 || n == 32 || n == 128 {
				p.shot(fmt.Sprintf("light-%d", n))
				p.scheme("dark")
				p.shot(fmt.Sprintf("dark-%d", n))
			}
			p.resize(400, 800)
			p.wait(`document.querySelector('#graph').clientWidth < 400`)
			p.checkDrawing()
			p.checkWidth(400)
			p.scheme("light")
			p.shot(fmt.Sprintf("narrow-%d", n))
		})
	}
}

// checkDrawing fails where a node is outside of the drawing, or covers another.
func (p *tab) checkDrawing() {
	p.t.Helper()
	wrong := eval[[]string](p, `(() => {
		const canvas = document.querySelector('#graph').getBoundingClientRect();
		const nodes = [...document.querySelectorAll('#graph .node')].map((n) => ({name: n.dataset.name, box: n.querySelector('.outline').getBoundingClientRect()}));
		const wrong = [];
		nodes.forEach(({name, box}, i) => {
			if (box.left < canvas.left || box.right > canvas.right || box.top < canvas.top || box.bottom > canvas.bottom) wrong.push(name + ' is outside');
			const next = nodes[(i + 1) %% nodes.length];
			const apart = Math.hypot(box.x + box.width / 2 - next.box.x - next.box.width / 2, box.y + box.height / 2 - next.box.y - next.box.height / 2);
			if (next.name !== name && apart < (box.width + next.box.width) / 2) wrong.push(name + ' covers ' + next.name);
		});
		return wrong;
	})()`)
	for _, w := range wrong {
		p.t.Error(w)
	}
}

// checkWidth fails where the page is wider than its window, and says by which elements.
func (p *tab) checkWidth(window int) {
	p.t.Helper()
	if wide := eval[int](p, `document.documentElement.scrollWidth`); wide > window {
		p.t.Errorf("the page is %d px wide in a window of %d: %q", wide, window, eval[[]string](p, `[...document.querySelectorAll('body *')]
			.filter((e) => e.getBoundingClientRect().right > %s).slice(0, 5).map((e) => e.cloneNode(false).outerHTML)`, window))
	}
}

// TestHugeTable draws as many nodes as there is room for, and says how many are left out. Those that matter are in.
func TestHugeTable(t *testing.T) {
	f := newFake(t, 300)
	f.set(func() {
		for i := range f.members.Members[:200] {
			f.members.Members[i].State = "candidate"
		}
	})
	p := open(t, f.URL)
	p.waitNodes(160)
	p.wait(`document.querySelectorAll('#rows tr').length === 300`)
	p.wait(`document.querySelector('#undrawn').innerText.startsWith('140 of 300 nodes')`)
	alive := 0
	for _, state := range p.nodeStates() {
		if state == "alive" {
			alive++
		}
	}
	if alive != 100 {
		t.Errorf("%d of the 100 alive nodes are drawn", alive)
	}
}

// TestLinks shows what is two-way, what is one-way and in which direction, and what is not said.
func TestLinks(t *testing.T) {
	f := newFake(t, 6)
	f.set(func() {
		f.deafen("node_2", "node_5") // node_5 hears node_2, and is not heard by it
		f.mute("node_6")
	})
	p := open(t, f.URL)
	p.waitNodes(6)
	p.wait(`document.querySelector('#one-way-count').innerText === '1'`)
	p.wait(`document.querySelector('#graph .both').getAttribute('d').split('M').length - 1 === 9`)
	p.wait(`document.querySelector('#graph .unsaid').getAttribute('d').split('M').length - 1 === 5`)
	distance := eval[map[string]float64](p, `(() => {
		const at = (name) => document.querySelector('#graph [data-name=' + name + ']').getAttribute('transform').match(/[\d.]+/g).map(Number);
		const head = document.querySelector('#graph .heads').getAttribute('d').match(/[\d.]+/g).map(Number);
		const to = (name) => Math.hypot(at(name)[0] - head[0], at(name)[1] - head[1]);
		return {hears: to('node_5'), speaks: to('node_2')};
	})()`)
	if distance["hears"] > distance["speaks"]/4 {
		t.Errorf("the arrow's tip is %.0f px from the one that hears and %.0f px from the one that speaks", distance["hears"], distance["speaks"])
	}
	p.shot("one-way")
	p.scheme("dark")
	p.shot("one-way-dark")

	f.set(func() { f.deafen("node_5", "node_2") })
	p.wait(`document.querySelector('#one-way-count').innerText === '0'`)
	p.wait(`document.querySelector('#graph .heads').getAttribute('d') === ''`)
}

// TestTrouble draws a large mesh in which much is wrong.
func TestTrouble(t *testing.T) {
	f := newFake(t, 128)
	f.set(func() {
		for i, state := range []string{"suspect", "quarantined", "left", "detached", "probation", "candidate"} {
			m := &f.members.Members[10+19*i]
			m.State, m.ListedBy = state, m.ListedBy[:i]
			f.mute(m.Name)
			for _, row := range f.links.Nodes {
				f.deafen(row.Name, m.Name)
			}
		}
		for _, pair := range [][2]topics.Name{{"node_5", "node_70"}, {"node_40", "node_110"}, {"node_90", "node_60"}} {
			f.deafen(pair[0], pair[1])
		}
	})
	p := open(t, f.URL)
	p.waitNodes(128)
	p.wait(`document.querySelector('#one-way-count').innerText === '3'`)
	p.shot("trouble-128")
	p.scheme("dark")
	p.click(`document.querySelector('#graph [data-name=node_40] .outline')`)
	p.wait(`!document.querySelector('#details').hidden`)
	p.shot("trouble-128-dark")
}

// TestStates tells every state by colour, by shape and by word, in the graph and in the table.
func TestStates(t *testing.T) {
	states := []string{"suspect", "detached", "probation", "quarantined", "left", "candidate", "unheard-of"}
	f := newFake(t, 9)
	f.set(func() {
		for i, state := range states {
			f.members.Members[i].State = state
			f.mute(f.members.Members[i].Name)
		}
	})
	p := open(t, f.URL)
	p.waitNodes(9)
	looks := make(map[string]string)
	for i, state := range states {
		name := fmt.Sprintf("node_%d", i+2)
		look := eval[string](p, `(() => {
			const node = document.querySelector('#graph [data-name=' + %s + ']');
			const outline = node.querySelector('.outline');
			return outline.getAttribute('d') + node.querySelector('.mark').getAttribute('d') + getComputedStyle(outline).strokeDasharray;
		})()`, name)
		if other, same := looks[look]; same && state != "unheard-of" {
			t.Errorf("%s and %s have one shape", state, other)
		}
		looks[look] = state
		p.wait(`document.querySelector('#graph [data-name=' + %s + ']').getAttribute('aria-label').includes(%s)`, name, state)
		p.wait(`document.querySelector('#rows [data-name=' + %s + '] .state').innerText === %s`, name, state)
	}
	p.click(`document.querySelector('#graph [data-name=node_4] .outline')`)
	p.wait(`!document.querySelector('#details').hidden`)
	p.shot("states")
	p.scheme("dark")
	p.shot("states-dark")
	p.resize(400, 800)
	p.shot("states-narrow")
}
