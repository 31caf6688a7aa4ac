// Package files is what a node asks of its system about files: how many descriptors there are, which is how many
// sockets (Limit), how these are divided (Divide), what is in a file that may be something else (Read), and what is in files that change (Followed).
//
// Nothing here waits for ever: what is no regular file is not opened, no more is read than is wanted, and whoever wants
// what a file holds while a disk does not answer gets what it held before.
package files
