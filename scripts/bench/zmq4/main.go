// Command zmq4 measures one stream of messages over bare zmq4: a PUB and a SUB, a process each.
//
//	zmq4 sub tcp://127.0.0.1:PORT N        counts N messages and prints "messages N seconds S"
//	zmq4 pub tcp://127.0.0.1:PORT N SIZE   binds, waits for the SUB, sends N messages of SIZE bytes
package main

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"os"
	"strconv"
	"time"

	"github.com/go-zeromq/zmq4"
)

func main() {
	if len(os.Args) < 4 {
		log.Fatal("usage: zmq4 sub ENDPOINT N | zmq4 pub ENDPOINT N SIZE")
	}
	n := number(os.Args[3])
	var err error
	if os.Args[1] == "pub" {
		err = publish(os.Args[2], n, number(os.Args[4]))
	} else {
		err = subscribe(os.Args[2], n)
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

// publish sends nothing before somebody subscribes, so nothing is lost, and ends when its standard input does: zmq4 has
// no way to wait until everything is on the wire.
func publish(endpoint string, n, size int) error {
	pub := zmq4.NewPub(context.Background())
	if err := pub.Listen(endpoint); err != nil {
		return err
	}
	for len(pub.(zmq4.Topics).Topics()) == 0 {
		time.Sleep(time.Millisecond)
	}
	msg := zmq4.NewMsgFrom([]byte("1"), bytes.Repeat([]byte("x"), size))
	for range n {
		if err := pub.SendMulti(msg); err != nil {
			return err
		}
	}
	_, _ = os.Stdin.Read(make([]byte, 1))
	return nil
}

// subscribe measures from the first message to the last.
func subscribe(endpoint string, n int) error {
	sub := zmq4.NewSub(context.Background())
	if err := sub.Dial(endpoint); err != nil {
		return err
	}
	if err := sub.SetOption(zmq4.OptionSubscribe, "1"); err != nil {
		return err
	}
	var start time.Time
	for i := range n {
		if _, err := sub.Recv(); err != nil {
			return fmt.Errorf("after %d messages: %w", i, err)
		}
		if i == 0 {
			start = time.Now()
		}
	}
	fmt.Printf("messages %d seconds %.6f\n", n, time.Since(start).Seconds())
	return nil
}
