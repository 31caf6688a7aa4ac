package files

import "os"

// Exposed reports whether others than its owner may read a file with secrets, or change it. One of root's may be for a group
// to read, such as that of a service, or of a pod. It is false where the file cannot be looked at.
func Exposed(path string) bool {
	info, err := os.Stat(path)
	if err != nil {
		return false
	}
	others := os.FileMode(0o077)
	if OfRoot(info) {
		others = 0o037
	}
	return info.Mode().Perm()&others != 0
}
