//go:build !unix

package files

import "os"

// Limit returns how many sockets this process may have: Windows sets no such limit.
func Limit() int { return 1 << 14 }

// OfRoot reports whether a file belongs to the superuser, where the system has one.
func OfRoot(os.FileInfo) bool { return false }
