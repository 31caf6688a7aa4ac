package page_test

import (
	"slices"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"hearsay/node/web"
)

// TestKeyboard does everything without a mouse.
func TestKeyboard(t *testing.T) {
	f := newFake(t, 4)
	f.set(func() { f.tell(1, "node_2", "unknown", "alive", "first beat") })
	p := open(t, f.URL)
	p.waitNodes(4)
	p.wait(eventTexts + `.length === 1`)
	eval[chromedp.Void](p, `document.querySelector('#states button:last-child').focus()`)
	p.press(kb.Tab)
	p.wantFocus("node_1")
	if !eval[bool](p, `getComputedStyle(document.querySelector('#graph [data-name=node_1] .halo')).stroke !== 'none'`) {
		t.Error("the focus is not seen on a node")
	}
	for _, step := range []struct{ key, node string }{
		{kb.ArrowRight, "node_2"}, {kb.ArrowDown, "node_3"}, {kb.ArrowLeft, "node_2"}, {kb.ArrowUp, "node_1"},
		{kb.ArrowLeft, "node_4"}, {kb.ArrowRight, "node_1"}, {kb.End, "node_4"}, {kb.Home, "node_1"}, {kb.ArrowRight, "node_2"},
	} {
		p.press(step.key)
		p.wantFocus(step.node)
	}

	p.press(kb.Enter)
	p.wait(`!document.querySelector('#details').hidden && document.querySelector('#details-title').innerText === 'node_2'`)
	p.wantFocus("details-title")
	p.press(kb.Tab)
	p.wantFocus("details-close")
	p.press(kb.Escape)
	p.wait(`document.querySelector('#details').hidden`)
	p.wantFocus("node_2")

	// One stop for all nodes: the next is the matrix, and back again is the node that was left.
	p.press(kb.Tab)
	p.wantFocus("matrix-open")
	p.run(chromedp.KeyEvent(kb.Tab, chromedp.KeyModifiers(chromedp.ModifierShift)))
	p.wantFocus("node_2")
	p.shot("keyboard")

	// A node that goes away takes no focus with it.
	f.set(func() { f.members.Members = slices.Delete(f.members.Members, 0, 1) })
	p.waitNodes(3)
	p.wantFocus("node_1")
}

// wantFocus waits until the element of this id or node has the focus.
func (p *tab) wantFocus(want string) {
	p.t.Helper()
	p.wait(`(document.activeElement.dataset.name || document.activeElement.id) === %s`, want)
}

// TestNames gives everything that can have the focus a name and a role that a screen reader says.
func TestNames(t *testing.T) {
	f := newFake(t, 4)
	f.set(func() {
		f.peer("node_3").State = "suspect"
		f.tell(1, "node_3", "alive", "suspect", "3 beats missed")
	})
	p := open(t, f.URL)
	p.waitNodes(4)
	p.wait(eventTexts + `.length === 1`)
	p.click(`document.querySelector('#graph [data-name=node_3] .outline')`)
	p.wait(`!document.querySelector('#details').hidden`)
	nodes := p.accessible()
	var options []string
	for _, n := range nodes {
		if n.focusable && (n.name == "" || n.role == "generic") && n.role != "RootWebArea" {
			t.Errorf("a %s that can have the focus is called %q", n.role, n.name)
		}
		if n.role == "option" {
			options = append(options, n.name)
		}
	}
	want := []string{"node_1, this node, alive", "node_2, alive, listed by 2 peers", "node_3, suspect, listed by 2 peers", "node_4, alive, listed by 2 peers"}
	if !slices.Equal(options, want) {
		t.Errorf("the nodes are called %q, want %q", options, want)
	}
	p.resize(400, 800) // where the table is no table to look at, it still is one to listen to
	for _, role := range []string{"table", "row", "columnheader", "cell", "listbox", "log"} {
		if !slices.ContainsFunc(p.accessible(), func(n accessible) bool { return n.role == role }) {
			t.Errorf("there is no %s", role)
		}
	}
}

// TestDetails shows what is known of one node, and follows it.
func TestDetails(t *testing.T) {
	f := newFake(t, 4)
	f.set(func() {
		m := f.peer("node_3")
		m.State, m.Why, m.MissedBeats, m.Penalty, m.Failures, m.Address, m.MessagesLink = "suspect", "3 beats missed", 3, 1.234, 2, "", false
		f.deafen("node_2", "node_3")
	})
	p := open(t, f.URL)
	p.waitNodes(4)
	p.click(`document.querySelector('#graph [data-name=node_3] .outline')`)
	for title, text := range map[string]string{
		"State": "suspect: silent", "Why": "3 beats missed", "Missed beats": "3", "Penalty": "1.234", "Failed tries": "2 in a row",
		"Address": "none yet", "Messages": "no link is up", "Hears": "3: node_1, node_2, node_4", "Heard by": "2: node_1, node_4",
		"Listed by": "2: node_2, node_4", "Received": "2.0 KiB",
	} {
		p.wait(`[...document.querySelectorAll('#details-list div')].some((d) => d.children[0].innerText === %s && d.children[1].innerText.trim().startsWith(%s))`, title, text)
	}
	p.wait(`document.querySelector('#graph [data-name=node_3]').getAttribute('aria-selected') === 'true'`)
	p.wait(`document.querySelector('#graph .hot').getAttribute('d') !== ''`)
	p.shot("details")

	f.set(func() { f.peer("node_3").State, f.peer("node_3").Why = "alive", "heard again" })
	p.wait(`document.querySelector('#details-list').innerText.includes('heard again')`)
	p.wait(`document.querySelector('#details-list .icon').dataset.state === 'alive'`)

	p.click(`document.querySelector('#rows tr[data-name=node_1]')`)
	p.wait(`document.querySelector('#details-title').innerText === 'node_1' && document.querySelector('#forget-open').hidden`)
	p.click(`document.querySelector('#details-close')`)
	p.wait(`document.querySelector('#details').hidden`)
}

// TestForget asks before it acts, says why when it may not, and acts.
func TestForget(t *testing.T) {
	f := newFake(t, 4)
	f.set(func() {
		f.refusal = &web.Error{Text: "only clients on a loopback address may do that", Reason: "not_loopback", Hint: "run it on the node's machine"}
	})
	p := open(t, f.URL)
	p.waitNodes(4)
	openDialog := func() {
		p.click(`document.querySelector('#graph [data-name=node_3] .outline')`)
		p.wait(`!document.querySelector('#details').hidden`)
		p.click(`document.querySelector('#forget-open')`)
		p.wait(`document.querySelector('#forget').open && document.querySelector('#forget-name').innerText === 'node_3'`)
		p.wantFocus("forget-no")
	}
	openDialog()
	p.press(kb.Escape)
	p.wait(`!document.querySelector('#forget').open && !document.querySelector('#details').hidden`)
	openDialog()
	p.press(kb.Enter) // on Cancel
	p.wait(`!document.querySelector('#forget').open`)

	openDialog()
	p.click(`document.querySelector('#forget-yes')`)
	p.wait(`document.querySelector('#forget-error').innerText.includes("only clients on a loopback address may do that: run it on the node's machine")`)
	p.shot("forget-refused")
	for _, complaint := range p.takeComplaints() {
		t.Logf("the console says: %s", complaint) // the refusal
	}

	f.set(func() { f.refusal = nil })
	p.click(`document.querySelector('#forget-yes')`)
	p.wait(`!document.querySelector('#forget').open && document.querySelector('#details').hidden`)
	p.waitNodes(3)
	f.mu.Lock()
	defer f.mu.Unlock()
	if !slices.Equal(f.forgotten, []string{"node_3"}) {
		t.Errorf("forgotten were %q", f.forgotten)
	}
}

// TestSortAndFilter orders and narrows the table.
func TestSortAndFilter(t *testing.T) {
	f := newFake(t, 12)
	f.set(func() {
		f.peer("node_10").State = "suspect"
		f.peer("node_3").State = "quarantined"
		f.peer("node_3").Penalty = 2
		f.peer("node_7").Penalty = 3
	})
	p := open(t, f.URL)
	p.waitNodes(12)
	want := func(names ...string) {
		t.Helper()
		p.wait(`[...document.querySelectorAll('#rows tr')].map((r) => r.dataset.name).slice(0, %s).join() === %s.join()`, len(names), names)
	}
	want("node_1", "node_2", "node_3", "node_4", "node_5", "node_6", "node_7", "node_8", "node_9", "node_10", "node_11", "node_12")
	p.click(`document.querySelector('th[data-column=penalty] button')`)
	want("node_7", "node_3", "node_1", "node_2")
	p.wait(`document.querySelector('th[data-column=penalty]').getAttribute('aria-sort') === 'ascending'`)
	p.click(`document.querySelector('th[data-column=name] button')`)
	p.click(`document.querySelector('th[data-column=name] button')`)
	want("node_12", "node_11", "node_10")
	p.wait(`document.querySelector('th[data-column=name]').getAttribute('aria-sort') === 'descending'`)

	p.click(`document.querySelector('.chip[data-state=suspect]')`)
	p.wait(`document.querySelectorAll('#rows tr').length === 1`)
	p.click(`document.querySelector('.chip[data-state=quarantined]')`)
	want("node_10", "node_3")
	p.wait(`document.querySelector('#shown').innerText === '2 of 12 nodes'`)
	p.click(`document.querySelector('.chip[data-state=suspect]')`)
	p.click(`document.querySelector('.chip[data-state=quarantined]')`)
	p.click(`document.querySelector('#filter')`)
	p.press("E", "_", "1", "2")
	want("node_12")
	p.wait(`document.querySelectorAll('#rows tr').length === 1`)
	p.waitNodes(12) // the graph keeps all
	f.set(func() { f.peer("node_12").State = "left" })
	p.wait(`document.querySelector('#rows .state').innerText === 'left'`)
	p.wantFocus("filter") // what is read again and again does not take the focus
}

// TestTheme is light or dark as the system says, until the person says otherwise, which is remembered.
func TestTheme(t *testing.T) {
	f := newFake(t, 4)
	p := open(t, f.URL)
	p.waitNodes(4)
	const dark = `getComputedStyle(document.body).color.match(/\d+/g).map(Number)[0] > 128`
	p.scheme("light")
	p.wait("!(" + dark + ")")
	p.scheme("dark")
	p.wait(dark)
	press := func(label string) {
		p.click(`document.querySelector('#theme')`)
		p.wait(`document.querySelector('#theme').innerText === %s`, label)
	}
	press("Theme: light")
	p.wait("!(" + dark + ")")
	p.run(chromedp.Reload())
	p.wait(`document.querySelector('#theme').innerText === 'Theme: light'`)
	p.wait("!(" + dark + ")")
	press("Theme: dark")
	p.scheme("light")
	p.wait(dark)
	press("Theme: auto")
	p.wait("!(" + dark + ")")
}
