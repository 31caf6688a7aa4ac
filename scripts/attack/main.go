// Command attack is strangers who want to fill the memory of a node: see scripts/attack.sh.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"hearsay/topics"
)

const victim = "127.66.0.1"

func main() {
	log.SetFlags(0)
	log.SetPrefix("attack.sh: ")
	program := flag.String("hearsay", "", "the program")
	last := flag.Duration("time", 10*time.Second, "of each attack")
	most := flag.Int("at-most", 256, "MiB that the node may take; more ends with status 1")
	flag.Parse()
	names := flag.Args()
	if len(names) == 0 {
		for name := range shapes {
			names = append(names, name)
		}
		slices.Sort(names)
	}
	failed := false
	for _, name := range names {
		s, ok := shapes[name]
		if !ok {
			log.Fatalf("no attack %q", name)
		}
		peak, said, err := s.play(*program, *last)
		if err != nil {
			log.Fatalf("%s: %v", name, err)
		}
		fmt.Printf("%-10s %5d MiB at most, %6d MB said to it: %s\n", name, peak, said/1e6, s.what)
		failed = failed || peak > *most
	}
	if failed {
		log.Fatalf("more than %d MiB", *most)
	}
}

// play starts a node and its liars, and returns the most memory that the node took, in MiB, and the bytes said to it.
func (s shape) play(program string, last time.Duration) (peak int, said int64, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), last)
	defer cancel()
	args := []string{"node", "--bind", victim, "--hostname", victim, "--http", ""}
	var liars []*liar
	for i := range max(1, s.liars) {
		l := &liar{addr: fmt.Sprintf("127.66.%d.%d", 1+i/250, 1+i%250), born: time.Now().UnixMilli(), shape: s}
		if err := l.open(ctx); err != nil {
			return 0, 0, err
		}
		liars = append(liars, l)
		args = append(args, l.addr)
	}
	node := exec.Command(program, args...)
	if err := node.Start(); err != nil {
		return 0, 0, err
	}
	<-ctx.Done()
	peak, err = high(node.Process.Pid)
	_ = node.Process.Kill()
	_ = node.Wait()
	for _, l := range liars {
		said += l.said.Load()
	}
	return peak, said, err
}

// high is the most memory that a process has had, in MiB.
func high(pid int) (int, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	_, after, _ := bytes.Cut(text, []byte("VmHWM:"))
	words := strings.Fields(string(after))
	if len(words) == 0 {
		return 0, fmt.Errorf("the node has ended")
	}
	kib, err := strconv.Atoi(words[0])
	return kib >> 10, err
}

// envelope is one of a liar's.
func (l *liar) envelope(incarnation int64, number uint64) topics.Envelope {
	return topics.Envelope{Version: 1, Origin: topics.Name(l.addr), UID: "u" + strconv.FormatUint(number, 10), SentAt: 1, Incarnation: incarnation, Number: number}
}
