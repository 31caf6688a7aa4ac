//go:build linux || windows

// Elsewhere 127.0.0.1 is the only address of its network.

package node_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"hearsay/mesh"
	"hearsay/node"
	"hearsay/node/nodetest"
)

// Two nodes in one process. The second is told the name of the first; from then on both hear each other.
func Example() {
	addrs := nodetest.Loopback(2) // such as 127.0.0.2 and 127.0.0.3: an address for each node of a process
	ctx := context.Background()

	first, err := node.Start(ctx, node.Config{Hostname: addrs[0], Bind: addrs[0]})
	if err != nil {
		log.Fatal(err)
	}
	defer first.Close()
	second, err := node.Start(ctx, node.Config{Hostname: addrs[1], Bind: addrs[1], Seeds: []string{addrs[0]}})
	if err != nil {
		log.Fatal(err)
	}
	defer second.Close()

	// There is no receipt, and who is not connected yet gets nothing: so say it until it is heard.
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for heard := false; !heard; {
		select {
		case m := <-second.Messages():
			heard = m.From == first.Name()
			fmt.Printf("%s\n", m.Body)
		case <-again.C:
			if err := first.Publish([]byte("hello, all")); err != nil {
				log.Fatal(err)
			}
		}
	}
	// Output: hello, all
}

// What becomes of a peer is told as events: here one is met, and says goodbye.
func ExampleNode_Events() {
	addrs := nodetest.Loopback(2)
	ctx := context.Background()

	here, err := node.Start(ctx, node.Config{Hostname: addrs[0], Bind: addrs[0]})
	if err != nil {
		log.Fatal(err)
	}
	defer here.Close()
	guest, err := node.Start(ctx, node.Config{Hostname: addrs[1], Bind: addrs[1], Seeds: []string{addrs[0]}})
	if err != nil {
		log.Fatal(err)
	}

	for e := range here.Events() {
		switch e.Kind {
		case mesh.Joined:
			fmt.Println(e.Peer == guest.Name(), e.Kind, e.To)
			guest.Close()
		case mesh.Departed:
			fmt.Println(e.Peer == guest.Name(), e.Kind, e.To)
			return
		}
	}
	// Output:
	// true joined alive
	// true left left
}

// A message on a named channel reaches the nodes that have the channel among their Channels. A node hears its own.
func ExampleNode_PublishTo() {
	addr := nodetest.Loopback(1)[0]
	n, err := node.Start(context.Background(), node.Config{Hostname: addr, Bind: addr, Channels: []string{"orders"}})
	if err != nil {
		log.Fatal(err)
	}
	defer n.Close()

	for _, channel := range []string{"invoices", "orders"} { // nobody here receives the first
		if err := n.PublishTo(channel, []byte(`{"id": 7}`)); err != nil {
			log.Fatal(err)
		}
	}
	m := <-n.Messages()
	fmt.Printf("%s: %s\n", m.Channel, m.Body)
	// Output: orders: {"id": 7}
}

// A Config that cannot be meant is refused with the field, its value and what it has to be.
func ExampleConfig_Validate() {
	fmt.Println(node.Config{Hostname: "node 1"}.Validate())
	fmt.Println(node.Config{Hostname: "node_1", Beat: time.Millisecond}.Validate())
	// Output:
	// Hostname "node 1": a host has only letters, digits, '-', '_' and '.'
	// Beat 1ms: must be 100ms to 1m0s
}
