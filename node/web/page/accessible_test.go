package page_test

import (
	"context"
	"encoding/json"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"
)

// accessible is an element as a screen reader sees it.
type accessible struct {
	role, name string
	focusable  bool
}

// accessible returns all that a screen reader sees, in order.
func (p *tab) accessible() (all []accessible) {
	p.t.Helper()
	tree := result(p, func(ctx context.Context, target *chromedp.Target) (*accessibility.GetFullAXTreeResult, error) {
		r, err := cdp.Call(ctx, target, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
		return &r, err
	})
	for _, n := range tree.Nodes {
		if n.Ignored {
			continue
		}
		a := accessible{role: text(n.Role), name: text(n.Name)}
		for _, property := range n.Properties {
			a.focusable = a.focusable || property.Name == accessibility.PropertyNameFocusable
		}
		all = append(all, a)
	}
	return all
}

func text(v *accessibility.Value) (s string) {
	if v != nil {
		_ = json.Unmarshal(v.Value, &s)
	}
	return s
}
