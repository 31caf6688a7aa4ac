package main

import (
	"strings"
	"testing"
	"time"

	"hearsay/node/web"
)

func TestLinksNameWhoseMessagesDoNotArrive(t *testing.T) {
	now := time.Unix(1e9, 0)
	long := now.Add(-time.Minute)
	var b strings.Builder
	err := printMessageFaults(&b, web.Members{Members: []web.Member{
		{Name: "well", State: "alive", Since: long, MessagesLink: true, Flowing: true},
		{Name: "blocked", State: "alive", Since: long},
		{Name: "deaf", State: "alive", Since: long, MessagesLink: true, HearsMe: true},
		{Name: "deafer", State: "alive", Since: long, MessagesLink: true},
		{Name: "spare", State: "alive", Since: long, MessagesLink: true, Spare: true}, // of a partial mesh
		{Name: "shut", State: "alive", Since: long, Unread: true, HearsMe: true},
		{Name: "relayed", State: "alive", Since: long, MessagesLink: true, Flowing: true, Unread: true}, // the matrix has that, too
		{Name: "naive", State: "alive", Since: long, MessagesLink: true, Naive: true},
		{Name: "new", State: "alive", Since: now},
		{Name: "lost", State: "quarantined", Since: long, Why: "6 beats missed", Failure: "it hangs"},
		{Name: "one", State: "alive", Since: long, MessagesLink: true, Flowing: true, OneWay: "it does not hear us"}, // the matrix has that
		{Name: "other", State: "quarantined", Since: long, OneWay: "it hears this node, which does not hear it: timed\x1b out"},
	}}, now)
	want := `no messages: those of blocked do not arrive here: is its message port open?
no messages: ours do not reach deaf: is this node's message port open for it?
no messages: deafer does not hear this node: is this node's discovery port open for it, and does its name lead here?
no messages: those of shut do not arrive here: is its message port open?
no messages: ours do not reach shut: is this node's message port open for it?
not heard: lost: quarantined: 6 beats missed; it hangs
one-way: other: it hears this node, which does not hear it: timed\x1b out
`
	if err != nil || b.String() != want {
		t.Errorf("%v, %q", err, b.String())
	}
	b.Reset()
	second := web.Members{Self: web.Self{Conflict: "an older process is the member"}, Members: []web.Member{{Name: "deaf", State: "alive", Since: long, MessagesLink: true, HearsMe: true, Unread: true}}}
	if err := printMessageFaults(&b, second, now); err != nil || b.Len() > 0 {
		t.Errorf("the second of its name asks for its ports: %v, %q", err, b.String())
	}
}
