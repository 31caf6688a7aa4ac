package link

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"
)

func TestPipe(t *testing.T) {
	t.Parallel()
	here, there := newPipe(&net.TCPAddr{Port: 1}, &net.TCPAddr{Port: 2})
	if here.LocalAddr() != there.RemoteAddr() || here.RemoteAddr() != there.LocalAddr() {
		t.Error("addresses")
	}

	// More than it holds arrives while it is read, and what was written before Close after it.
	sent := bytes.Repeat([]byte("0123456789"), pipeBuffer)
	go func() {
		if n, err := here.Write(sent); n != len(sent) || err != nil {
			t.Errorf("wrote %d, %v", n, err)
		}
		here.Close()
	}()
	got, err := io.ReadAll(there)
	if !bytes.Equal(got, sent) || err != nil {
		t.Errorf("read %d of %d, %v", len(got), len(sent), err)
	}
	if _, err := there.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
		t.Errorf("wrote to a closed end: %v", err)
	}
	there.Close()
	if _, err := there.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("read from a closed end: %v", err)
	}
}

func TestPipeDeadlines(t *testing.T) {
	t.Parallel()
	here, there := newPipe(&net.TCPAddr{}, &net.TCPAddr{})
	here.SetDeadline(time.Now().Add(window / 10))
	if _, err := here.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("read: %v", err)
	}
	if n, err := here.Write(make([]byte, 2*pipeBuffer)); n != pipeBuffer || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("wrote %d: %v", n, err)
	}
	// A deadline that is taken back, or comes late, holds for a read that waits already.
	late := make(chan error)
	here.SetDeadline(time.Time{})
	go func() {
		_, err := here.Read(make([]byte, 1))
		late <- err
	}()
	here.SetReadDeadline(time.Now())
	if err := <-late; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("read: %v", err)
	}
	there.Close()
	here.Close()
}
