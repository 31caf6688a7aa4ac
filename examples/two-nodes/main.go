// Command two-nodes is the smallest mesh: two nodes in one process that find each other, and a message from one to the
// other. It ends with status 0 when the message has arrived, and with 1 after half a minute.
package main

import (
	"context"
	"fmt"
	"log"
	"time"

	"hearsay/node"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()

	// Nodes of one process need an address or a port each. On ports of their own they run wherever 127.0.0.1 is.
	first, err := node.Start(ctx, node.Config{Hostname: "127.0.0.1", Bind: "127.0.0.1", DiscoveryPort: 21001})
	if err != nil {
		log.Fatal(err)
	}
	defer first.Close() // says goodbye, and waits
	second, err := node.Start(ctx, node.Config{
		Hostname: "127.0.0.1", Bind: "127.0.0.1", DiscoveryPort: 21002,
		Seeds: []string{string(first.Name())},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer second.Close()

	// There is no receipt, and who is not connected yet gets nothing: so it is said until it is heard.
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		select {
		case m := <-second.Messages():
			if m.From == first.Name() {
				fmt.Printf("%s hears %s say: %s\n", second.Name(), m.From, m.Body)
				return
			}
		case <-again.C:
			if err := first.Publish([]byte("hello from " + string(first.Name()))); err != nil {
				log.Fatal(err)
			}
		case <-ctx.Done():
			log.Fatal("nothing was heard")
		}
	}
}
