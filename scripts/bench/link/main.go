// Command link measures one stream of messages over node/link: a publisher and a subscriber, a process each.
//
//	link sub tcp://127.0.0.1:PORT N        counts N messages and prints "messages N seconds S"
//	link pub tcp://127.0.0.1:PORT N SIZE   binds, waits for the SUB, sends N messages of SIZE bytes
//
// With BENCH_KEY="PUBLIC SECRET", both in Z85, it is a stream of a locked mesh. The outbox is as large as the stream, so
// nothing is lost, as with the other programs, which have no bounds.
package main

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"

	"hearsay/node/keys"
	"hearsay/node/link"
	"hearsay/node/link/zmtp"
)

func main() {
	if len(os.Args) < 4 {
		log.Fatal("usage: link sub ENDPOINT N | link pub ENDPOINT N SIZE")
	}
	addr, err := netip.ParseAddrPort(strings.TrimPrefix(os.Args[2], "tcp://"))
	if err != nil {
		log.Fatal(err)
	}
	n := number(os.Args[3])
	if os.Args[1] == "pub" {
		err = publish(addr, n, number(os.Args[4]))
	} else {
		err = subscribe(addr, n)
	}
	if err != nil {
		log.Fatal(err)
	}
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		log.Fatal(err)
	}
	return n
}

// ring is the key of the environment; nil: there is none.
func ring() *keys.Ring {
	text := strings.Fields(os.Getenv("BENCH_KEY"))
	if len(text) != 2 {
		return nil
	}
	pair, err := zmtp.ParseKeyPair(text[0], text[1])
	if err != nil {
		log.Fatal(err)
	}
	return keys.Mesh(pair)
}

// publish sends nothing before the publisher of messages has reported a reader.
func publish(addr netip.AddrPort, n, size int) error {
	l, err := link.Open(link.Config{Bind: addr.Addr().String(), MessagePort: int(addr.Port()), OutboxBytes: 1 << 40, Keys: ring()})
	if err != nil {
		return err
	}
	for (<-l.Events()).Kind != link.ListenerUp {
	}
	topic, body := []byte("1"), bytes.Repeat([]byte("x"), size)
	for range n {
		if err := l.Publish(link.Message, topic, body); err != nil {
			return err
		}
	}
	return l.Close(time.Minute)
}

// subscribe measures from the first message to the last.
func subscribe(addr netip.AddrPort, n int) error {
	l, err := link.Open(link.Config{Bind: addr.Addr().String(), Subscribe: []string{"1"}, Keys: ring()})
	if err != nil {
		return err
	}
	for l.Dial(context.Background(), link.Message, addr, "") != nil {
		time.Sleep(10 * time.Millisecond) // it has not bound yet
	}
	var start time.Time
	var frames [][]byte
	for received := 0; received < n; {
		e := <-l.Events()
		if e.Kind == link.Down {
			return fmt.Errorf("after %d messages: %w", received, e.Err)
		}
		for frames = e.Run.Next(frames); frames != nil; frames = e.Run.Next(frames) {
			if received++; received == 1 {
				start = time.Now()
			}
		}
	}
	fmt.Printf("messages %d seconds %.6f\n", n, time.Since(start).Seconds())
	return l.Close(0)
}
