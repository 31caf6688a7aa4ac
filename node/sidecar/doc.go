// Package sidecar lets programs in any language take part in a mesh through a node on their machine, with a ZeroMQ socket
// and no protocol of their own.
//
//   - Tap is a PUB: a SUB that connects is sent what the node receives, each message as the frames CHANNEL, FROM, BODY.
//     CHANNEL is empty for a plain message. A subscription is to the beginning of a channel; the empty one is to all.
//     Frames may be added after the third.
//   - Inject is a PULL: what a PUSH sends it is published. A message has the frames CHANNEL, BODY; an empty CHANNEL is a
//     plain message, to all.
//
// Both listen on HOST:PORT (tcp://HOST:PORT) or ipc://PATH, and speak ZMTP 3.0 with the NULL mechanism: whoever reaches
// them hears everything, and speaks in the name of the node, also where the mesh is locked. So only loopback addresses are
// taken, unless one asks for others, and a socket of a path is its owner's.
//
// Nothing waits for a program. What waits for readers of the tap is held once for all of them, and bounded in bytes; who is
// too slow loses the oldest, which is counted. Whoever injects is held up while a member that keeps up has no room. What is
// no message to inject is counted and dropped, and what breaks ZMTP ends its connection.
package sidecar
