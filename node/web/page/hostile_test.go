package page_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"hearsay/node/web"
	"hearsay/topics"
)

// TestHostileText shows what is not text as text: names and reasons that are markup, names of what every object
// has, words for states that are no states, and characters that turn the line around.
func TestHostileText(t *testing.T) {
	const script = `<img src=x onerror="window.owned=1"><script>window.owned=1</script>`
	names := []topics.Name{
		script, `"><svg onload=window.owned=1>`, `' onfocus='window.owned=1' autofocus='`, `javascript:window.owned=1`,
		"__proto__", "constructor", "../../v1/leave?", "\u202egnp.exe", topics.Name(strings.Repeat("x", 253)), "",
	}
	f := newFake(t, 3)
	f.set(func() {
		for i, name := range names {
			f.members.Members = append(f.members.Members, web.Member{
				Name: name, State: []string{"alive", script, "__proto__"}[i%3], Why: script, Address: script,
				ListedBy: []topics.Name{script, "__proto__"},
			})
			f.links.Nodes = append(f.links.Nodes, web.Row{Name: name, Hears: []topics.Name{"node_1", "node_2", script}})
			f.tell(uint64(i+1), name, script, "constructor", script)
		}
		f.members.Self.ReadyReason, f.status.Version = script, script
		f.refusal = &web.Error{Text: script, Hint: script}
	})
	p := open(t, f.URL)
	p.waitNodes(3 + len(names))
	p.wait(`document.querySelectorAll('#events li').length === %s`, len(names))
	for _, name := range names {
		p.wait(`[...document.querySelectorAll('#graph .node')].some((n) => n.dataset.name === %s)`, name)
		p.wait(`[...document.querySelectorAll('#rows tr')].some((n) => n.dataset.name === %s && n.querySelector('button').textContent === %s)`, name, name)
		p.click(`[...document.querySelectorAll('#rows tr')].find((n) => n.dataset.name === %s)`, name)
		p.wait(`document.querySelector('#details-title').textContent === %s`, name)
	}
	p.checkDrawing()
	p.click(`[...document.querySelectorAll('#rows tr')].find((n) => n.dataset.name === %s)`, names[0])
	p.click(`document.querySelector('#forget-open')`)
	p.click(`document.querySelector('#forget-yes')`)
	p.wait(`document.querySelector('#forget-error').textContent.includes(%s)`, script)
	p.takeComplaints() // of the refusal
	if eval[bool](p, `'owned' in window`) {
		t.Error("markup from the network became code")
	}
	if n := eval[int](p, `document.querySelectorAll('img, iframe, script:not([src]), [onerror], [onload], [onfocus], [style]').length`); n > 0 {
		t.Errorf("%d elements came from the network", n)
	}
	p.shot("hostile")
	p.resize(400, 800)
	p.checkWidth(400)
}

// TestPolicy proves that the browser holds the page to its policy: what a mistake in it would do does nothing.
func TestPolicy(t *testing.T) {
	p := open(t, newFake(t, 3).URL)
	p.waitNodes(3)
	if thrown := eval[string](p, `(() => { try { document.body.innerHTML = '<b>x</b>'; return ''; } catch (e) { return e.name; } })()`); thrown != "TypeError" {
		t.Errorf("markup from a string: %q, want a TypeError", thrown)
	}
	eval[chromedp.Void](p, `(() => {
		const inline = document.createElement('button');
		document.body.append(inline);
		try {
			inline.setAttribute('onclick', 'window.owned = 1');
		} catch {
			// that is how it is refused
		}
		inline.click();
	})()`)
	if eval[bool](p, `'owned' in window`) {
		t.Error("an inline handler ran")
	}
	if len(p.takeComplaints()) == 0 {
		t.Error("the console says nothing of what was refused")
	}
}

// TestOddAnswers survives answers that lack what they should have.
func TestOddAnswers(t *testing.T) {
	f := newFake(t, 3)
	p := open(t, f.URL)
	p.waitNodes(3)
	f.set(func() { f.members.Members, f.links.Nodes = nil, nil }) // null, on the wire
	p.waitNodes(1)
	f.set(func() {
		f.links.Nodes = []web.Row{{Name: "node_1"}}
		f.members.Members = []web.Member{{Name: "node_2"}}
	})
	p.waitNodes(2)
	p.click(`document.querySelector('#rows tr[data-name=node_2]')`)
	p.wait(`document.querySelector('#details-title').textContent === 'node_2'`)
}
