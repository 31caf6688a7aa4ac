package page_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"hearsay/node/nodetest"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// browser is the one of all tests, started by the first that needs it.
var browser struct {
	once sync.Once
	ctx  context.Context
	end  func()
	err  error
}

func TestMain(m *testing.M) {
	if text := os.Getenv(nodeVariable); text != "" {
		os.Exit(runNode(text))
	}
	code := m.Run()
	if browser.end != nil {
		browser.end()
	}
	os.Exit(code)
}

// findBrowser returns the path of a Chromium. Without one the test is skipped, unless HEARSAY_BROWSER_TEST=must;
// with HEARSAY_BROWSER_TEST=no it is skipped in any case.
func findBrowser(t *testing.T) string {
	t.Helper()
	if os.Getenv("HEARSAY_BROWSER_TEST") == "no" {
		t.Skip("HEARSAY_BROWSER_TEST=no")
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	const missing = "there is no chromium on PATH: apt-get install chromium"
	if os.Getenv("HEARSAY_BROWSER_TEST") == "must" {
		t.Fatal(missing)
	}
	t.Skip(missing)
	return ""
}

func startBrowser(path string) {
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.WSURLReadTimeout(nodetest.Patience),
		chromedp.Flag("no-proxy-server", true),
		chromedp.Flag("lang", "en-US"),
	)
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // Chromium has none for root, and refuses to start
	}
	allocator, endAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, endContext := chromedp.NewContext(allocator)
	browser.ctx = ctx
	browser.end = func() {
		_ = chromedp.Cancel(ctx) // it waits for the browser, and removes its files
		endContext()
		endAllocator()
	}
	browser.err = chromedp.Do(ctx)
}

// tab is one open page, and what its console complained of.
type tab struct {
	t   *testing.T
	ctx context.Context

	mu         sync.Mutex
	complaints []string
}

// open shows an address in a window of 1280x800. What the console has to complain of fails the test at its end,
// unless the test took it.
func open(t *testing.T, address string) *tab {
	t.Helper()
	path := findBrowser(t)
	browser.once.Do(func() { startBrowser(path) })
	if browser.err != nil {
		t.Fatalf("start %s: %v", path, browser.err)
	}
	// Each has a context of its own: what one test makes the browser remember, the next does not find.
	ctx, cancel := chromedp.NewContext(browser.ctx, chromedp.WithNewBrowserContext())
	p := &tab{t: t, ctx: ctx}
	t.Cleanup(func() {
		for _, complaint := range p.takeComplaints() {
			t.Errorf("console: %s", complaint)
		}
		cancel()
	})
	// The tab lives as long as the context that it is opened with.
	if err := chromedp.Listen(ctx, p.listen); err != nil {
		t.Fatal(err)
	}
	p.resize(1280, 800)
	p.run(chromedp.Navigate(address))
	return p
}

func (p *tab) listen(event any) {
	var complaint string
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		complaint = e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil {
			complaint += " " + e.ExceptionDetails.Exception.Description
		}
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			var words []string
			for _, arg := range e.Args {
				words = append(words, string(arg.Value), arg.Description)
			}
			complaint = strings.Join(words, " ")
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			complaint = e.Entry.Text + " " + e.Entry.URL
		}
	}
	if complaint != "" {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.complaints = append(p.complaints, complaint)
	}
}

// takeComplaints returns what the console complained of since the last call.
func (p *tab) takeComplaints() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	taken := p.complaints
	p.complaints = nil
	return taken
}

func (p *tab) run(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	result(p, chromedp.Steps(steps...))
}

// result returns what an action does.
func result[T any](p *tab, action chromedp.Action[T]) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, nodetest.Patience)
	defer cancel()
	value, err := chromedp.Run(ctx, action)
	if err != nil {
		p.t.Fatal(err)
	}
	return value
}

func (p *tab) resize(width, height int64) {
	p.t.Helper()
	p.run(chromedp.EmulateViewport(width, height))
}

// scheme makes the system prefer light or dark.
func (p *tab) scheme(name string) {
	p.t.Helper()
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}}}
	p.run(func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, media)
		return chromedp.Void{}, err
	})
}

// press presses keys, such as kb.Enter.
func (p *tab) press(keys ...string) {
	p.t.Helper()
	for _, key := range keys {
		p.run(chromedp.KeyEvent(key))
	}
}

// eval returns the value of an expression, whose %s are replaced by values.
func eval[T any](p *tab, expression string, values ...any) T {
	p.t.Helper()
	return result(p, chromedp.Evaluate[T](script(expression, values)))
}

// script puts values into an expression as literals.
func script(expression string, values []any) string {
	literals := make([]any, len(values))
	for i, value := range values {
		literal, err := json.Marshal(value)
		if err != nil {
			panic(err)
		}
		literals[i] = string(literal)
	}
	return fmt.Sprintf(expression, literals...)
}

// wait waits until an expression is true, whose %s are replaced by values.
func (p *tab) wait(expression string, values ...any) {
	p.t.Helper()
	expression = script(expression, values)
	nodetest.Eventually(p.t, func() error {
		if !eval[bool](p, "!!("+strings.ReplaceAll(expression, "%", "%%")+")") {
			return fmt.Errorf("not so: %s\nthe page says:\n%s", expression, eval[string](p, "document.body.innerText"))
		}
		return nil
	})
}

// nodeStates are the drawn nodes and their states, by name.
func (p *tab) nodeStates() map[string]string {
	p.t.Helper()
	return eval[map[string]string](p, `Object.fromEntries([...document.querySelectorAll('#graph .node')].map((n) => [n.dataset.name, n.dataset.state]))`)
}

// waitNodes waits until n nodes are drawn.
func (p *tab) waitNodes(n int) {
	p.t.Helper()
	p.wait(`document.querySelectorAll('#graph .node').length === %s`, n)
}

// waitState waits until a node is drawn in a state, and in the table too.
func (p *tab) waitState(name, state string) {
	p.t.Helper()
	p.wait(`[...document.querySelectorAll('#graph .node')].some((n) => n.dataset.name === %s && n.dataset.state === %s)`, name, state)
	p.wait(`[...document.querySelectorAll('#rows tr')].some((n) => n.dataset.name === %s && n.children[1].innerText.trim() === %s)`, name, state)
}

// click clicks on what an expression returns, where it is on the screen.
func (p *tab) click(expression string, values ...any) {
	p.t.Helper()
	at := eval[struct{ X, Y float64 }](p, `(() => {
		const element = `+expression+`;
		element.scrollIntoView({block: 'center'});
		const box = element.getBoundingClientRect();
		return {x: box.x + box.width / 2, y: box.y + box.height / 2};
	})()`, values...)
	p.run(chromedp.MouseClickXY(at.X, at.Y))
}

// shot keeps a picture of the window, and in a narrow one of the whole page, if HEARSAY_SCREENSHOTS names a directory for them.
func (p *tab) shot(name string) {
	p.t.Helper()
	dir := os.Getenv("HEARSAY_SCREENSHOTS")
	if dir == "" {
		return
	}
	take := chromedp.CaptureScreenshot()
	if eval[int](p, `innerWidth`) < 1000 {
		take = chromedp.FullScreenshot(100)
	}
	picture := result(p, take)
	if err := os.WriteFile(filepath.Join(dir, name+".png"), picture, 0o644); err != nil {
		p.t.Fatal(err)
	}
}
