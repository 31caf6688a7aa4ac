package files

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

var errIrregular = errors.New("it is no regular file")

// Read returns what is in a file of at most so many bytes. What is no file (a pipe, a device, a directory) is not
// opened, since that may never return, and not read, since that may never end. Errors name the file, unless there is none and
// its name may be what somebody wanted to keep in it.
func Read(path string, most int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, Unnamed(path, err)
	}
	if !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "read", Path: path, Err: errIrregular}
	}
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) // it may have become a pipe since
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if !isPath(path) {
		read.Store(path, nil)
	}
	if info, err = f.Stat(); err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "read", Path: path, Err: errIrregular}
	}
	b := make([]byte, 0, min(max(info.Size(), 0), most)+1) // in one piece, so that the caller can clear it
	for {
		n, err := f.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		switch {
		case int64(len(b)) > most:
			clear(b)
			return nil, &fs.PathError{Op: "read", Path: path, Err: fmt.Errorf("larger than %d bytes", most)}
		case errors.Is(err, io.EOF):
			return b, nil
		case err != nil:
			clear(b)
			return nil, err
		case len(b) == cap(b): // it has grown since
			more := make([]byte, len(b), min(2*int64(cap(b)), most+1))
			copy(more, b)
			clear(b)
			b = more
		}
	}
}
