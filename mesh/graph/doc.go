// Package graph is who hears whom in a mesh in which no node hears everybody, and what follows from that: who is
// reachable and by way of whom, which records a neighbour has that this node has not, and over which trees messages can
// go. It is pure, as package mesh is: no goroutine, clock, socket, log or global state.
//
// A strict list is a link-state record, as those of OSPF and IS-IS are: an origin, its incarnation, the number of the
// list, and the names that the origin hears. A DB keeps the newest record of each origin.
//
//	own hearing      SetHears ┐          ┌ Hops, Via, Path: reachable, and by way of whom
//	lists heard      Put, own ├──► DB ──►┤ Listers: who hears a name
//	records fetched  Put      ┘          │ Digest, Bucket, EachIn: what to compare with a neighbour
//	                                     └ Tree: one of 16 spanning trees
//
// # What is believed
//
// What an origin says itself to this node (Put with own) is believed over whatever others say that it said, for as long
// as this node hears it (Release ends that). Of the rest the newer record counts, by incarnation and then by number. A
// record proves nothing by itself: a name is reachable only over a chain of records that begins with what this node
// hears. So records of the dead, or of names that were made up and that nobody reachable lists, are in nobody's way. They
// are dropped by Sweep.
//
// # What it costs
//
// A record that changes few edges changes few nodes: what is gained is followed from there, and the whole graph is
// searched again only when an edge is lost that some way leads over, at the next question. A tree is made when it is
// asked for. A DB is bounded in records and in bytes. What does not fit is refused, after unreachable records have made
// room.
package graph
