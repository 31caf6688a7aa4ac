package page_test

import "testing"

// TestContrast reads every text against what is behind it: 4.5 to 1 at least, as WCAG 2.2 AA has it, light and dark.
func TestContrast(t *testing.T) {
	f := newFake(t, 9)
	f.set(func() {
		for i, state := range []string{"suspect", "detached", "probation", "quarantined", "left", "candidate"} {
			f.members.Members[i].State = state
			f.tell(uint64(i+1), f.members.Members[i].Name, "alive", state, "a reason")
		}
		f.members.Self.Degraded = true
	})
	p := open(t, f.URL)
	p.waitNodes(9)
	p.wait(eventTexts + `.length === 6`)
	p.click(`document.querySelector('#graph [data-name=node_3] .outline')`)
	p.wait(`!document.querySelector('#details').hidden`)
	for _, scheme := range []string{"light", "dark"} {
		p.scheme(scheme)
		low := eval[[]string](p, `(() => {
			const read = (css) => css.match(/[\d.]+/g).map(Number);
			const light = ([r, g, b]) => [r, g, b].map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
				.reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
			const behind = (e) => {
				for (; e; e = e.parentElement) {
					const c = read(getComputedStyle(e).backgroundColor);
					if (c.length < 4 || c[3] > 0) return c;
				}
			};
			const low = [], seen = [];
			const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
			while (walker.nextNode()) {
				const e = walker.currentNode.parentElement, text = walker.currentNode.data.trim();
				if (!text || !e.checkVisibility() || ['title', 'SCRIPT', 'NOSCRIPT'].includes(e.tagName)) continue;
				const style = getComputedStyle(e);
				const [a, b] = [light(read(e.namespaceURI.endsWith('svg') ? style.fill : style.color)), light(behind(e))];
				const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
				seen.push(ratio);
				if (!(ratio >= 4.5)) low.push(text + ': ' + ratio.toFixed(2));
			}
			return seen.length > 100 ? low : ['only ' + seen.length + ' texts were read'];
		})()`)
		for _, text := range low {
			t.Errorf("%s: %s to 1", scheme, text)
		}
	}
}
