//go:build !unix

package link

// maxOpenFiles is how many sockets this process may have: Windows sets no such limit.
func maxOpenFiles() int { return 1 << 14 }
