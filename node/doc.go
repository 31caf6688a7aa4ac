// Package node is a member of a mesh: the runtime of the membership machine, and the API for applications.
//
//	n, err := node.Start(ctx, node.Config{Hostname: "node_1", Seeds: []string{"node_2"}})
//	...
//	n.Publish([]byte("hello"))
//	for m := range n.Messages() { ... }
//
// A node binds a discovery PUB on port 20000 and a message PUB on port 30000, and keeps one SUB connected to
// every peer. What that means on the wire is said in package topics; how connections are kept harmless, in
// node/link; who is a member, in mesh. This package joins the three and decides nothing itself:
//
//	link.Events -> topics.Parse -> mesh.Step -> effects -> link.Dial, HangUp, Publish
//	                    \-> inbox -> Messages
//
// One goroutine, the loop, receives and judges. When a round is due it first takes in everything that has
// arrived, so that a process that was stopped, or starved, does not blame its peers for it. Dials run in
// goroutines of their own, each with its look-up of the name under one deadline: a resolver or a host that
// does not answer holds up that one dial.
//
// The application is kept apart from the mesh. Messages wait for it in a queue that is bounded in messages
// and bytes; what does not fit is dropped and counted, and no beat waits behind it. A node hears its own
// messages, through memory.
//
// Several nodes can live in one process: give each its own Bind address (127.0.0.0/8 has enough) or its own
// DiscoveryPort. A node whose discovery port is not 20000 carries it in its name, and cannot be in one mesh
// with naive nodes.
package node
