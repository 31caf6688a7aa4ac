// Package keys says who may meet whom in a locked mesh: it reads the files with keys, and answers for them.
//
// There are two ways to lock a mesh.
//
//   - A mesh key. All members share one key pair, and who has it is a member (Mesh).
//   - Own keys. Each node has a pair of its own, and a directory with the public keys of all (Own). Who says that it is
//     NAME has to hold NAME's key.
//
// With own keys only names that have a file are dialled, seeds too. A seed that is another name of a node, or leads to
// several, has a file with all their keys, one after the other.
//
// Files have the format of czmq's and pyzmq's certificates, ZPL (rfc.zeromq.org/spec/4): a section "curve" with
// "public-key" and, in a secret one, "secret-key", both in Z85. One file may hold several, one after the other: the
// first is spoken, and all are accepted. That is how a key is changed while the mesh goes on: the new one is added
// behind the old one everywhere, then comes first everywhere, and then the old one is removed.
//
//	DIR/NAME.key           NAME's public keys
//	DIR/readers/ANY.key    public keys of those who may subscribe, and are no members
//
// A Ring is what was read: it never changes. A Keeper looks after the files and replaces the Ring when they have
// changed, and are no longer being written: all of it, or, where a file is not what it has to be, nothing. Such files are read at each look until they are
// well.
//
// Nothing here opens a socket. Secrets are in no error, and format as "(secret)".
package keys
