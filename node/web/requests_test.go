package web

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"hearsay/node"
	"hearsay/node/nodetest"
)

// posts posts text, and returns the status and reads JSON into v.
func posts(t *testing.T, url, text string, v any) int {
	t.Helper()
	answer, err := http.Post(url, "text/plain", strings.NewReader(text)) //nolint:noctx // the test's own server
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if err := json.NewDecoder(answer.Body).Decode(v); err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode
}

// Clients answer what a node is asked, and one that goes away is not waited for.
func TestRequestsOverHTTP(t *testing.T) {
	t.Parallel()
	_, b, _, base := pair(t, Options{})
	ctx, hangUp := context.WithCancel(t.Context())
	defer hangUp()
	ask, _ := http.NewRequestWithContext(ctx, http.MethodPost, base+"/v1/answers?channel=x", http.NoBody)
	stream, err := http.DefaultClient.Do(ask) //nolint:bodyclose // below
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Body.Close()
	calls := make(chan Call, 10)
	go func() {
		defer close(calls)
		lines := bufio.NewScanner(stream.Body)
		for lines.Scan() {
			var call Call
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok && json.Unmarshal([]byte(data), &call) == nil {
				calls <- call
			}
		}
	}()
	next := func() Call {
		t.Helper()
		call, ok := <-calls
		if !ok {
			t.Fatal("the stream has ended")
		}
		return call
	}
	got := make(chan error, 1)
	request := func(body string, check func(node.Answers, error) error) {
		go func() {
			ctx, cancel := context.WithTimeout(context.Background(), nodetest.Patience)
			defer cancel()
			for {
				answers, err := b.Request(ctx, node.Request{Channel: "x", Body: []byte(body)})
				if !errors.Is(err, node.ErrNobody) || ctx.Err() != nil { // not known yet
					got <- check(answers, err)
					return
				}
			}
		}()
	}
	request("q", func(answers node.Answers, err error) error {
		if err != nil || len(answers.Replies) != 1 || string(answers.Replies[0].Body) != "\x00a" || answers.Replies[0].Fail != "" {
			return errors.Join(errors.New("no reply"), err)
		}
		return nil
	})
	call := next()
	if call.From != b.Name() || call.Channel != "x" || *call.Body != "q" || call.UID == "" || call.Wait <= 0 {
		t.Errorf("%+v", call)
	}
	var said map[string]any
	if status := posts(t, base+"/v1/answers/"+call.ID, "\x00a", &said); status != http.StatusOK {
		t.Errorf("%d: %v", status, said)
	}
	if err := <-got; err != nil {
		t.Error(err)
	}
	if status := posts(t, base+"/v1/answers/"+call.ID, "again", &said); status != http.StatusNotFound {
		t.Errorf("%d: %v", status, said)
	}
	request("fails", func(answers node.Answers, err error) error {
		if err != nil || len(answers.Replies) != 1 || answers.Replies[0].Fail != "no idea" {
			return errors.Join(errors.New("no failure"), err)
		}
		return nil
	})
	posts(t, base+"/v1/answers/"+next().ID+"?fail=no+idea", "", &said)
	if err := <-got; err != nil {
		t.Error(err)
	}
	request("gone", func(answers node.Answers, err error) error {
		if err != nil || len(answers.Replies) != 1 || answers.Replies[0].Fail != errReaderGone.Error() {
			return errors.Join(errors.New("not told"), err)
		}
		return nil
	})
	next()
	hangUp()
	if err := <-got; err != nil {
		t.Error(err)
	}

	stop, err := b.Answer("y", 1, func(_ context.Context, m node.Message) ([]byte, error) { return append(m.Body, 0xff), nil })
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	nodetest.Eventually(t, func() error {
		var answers Answers
		if status := posts(t, base+"/v1/requests?channel=y&want=1&timeout=20s", "q", &answers); status != http.StatusOK {
			return errors.New("nobody yet")
		}
		if !answers.Complete || len(answers.Replies) != 1 || *answers.Replies[0].Base64 != "cf8=" || answers.Replies[0].From != b.Name() {
			t.Errorf("%+v", answers)
		}
		return nil
	})
	late, err := b.Answer("z", 1, func(ctx context.Context, _ node.Message) ([]byte, error) { <-ctx.Done(); return nil, ctx.Err() })
	if err != nil {
		t.Fatal(err)
	}
	defer late()
	nodetest.Eventually(t, func() error {
		var answers Answers
		if status := posts(t, base+"/v1/requests?channel=z&timeout=50ms", "q", &answers); status != http.StatusOK {
			return errors.New("nobody yet")
		}
		if answers.Complete || !answers.TimedOut || answers.Why == "" || !slices.Contains(answers.Silent, b.Name()) {
			t.Errorf("%+v", answers)
		}
		return nil
	})
}
