// Package multicast lets nodes on one network segment find each other without a name to start from: each says now and
// then, to a multicast group, that it is there.
//
//	interfaces -> beacon -> group            Config.Heard <- beacon <- limits <- group
//
// A beacon is a hint where to listen, and never evidence: whoever is named in one is dialled under the quotas of package
// mesh, and what it then says over that connection counts. Nothing here knows who is a member, and nothing here is waited
// for: the node passes what it is given on to its loop, or drops it.
//
// # When
//
// A node sends a beacon at its start, twice more within the first second, every 2 s while it hears nobody, and every 10 s
// later, a fifth more or less. Before each it looks at the interfaces again: those that are new are joined, and those that
// are gone are left. So a network that comes up later is used within 10 s, or 2 s.
//
// # Where
//
// Without Config.Interfaces all are used that are up, carry multicast and have an address of the group's family, the first
// 16 of them; the loopback interface is only where it is named, or where Config.Bind is an address of it, and over IPv4
// alone. With Config.Bind it is those that have that address. A beacon goes out with TTL 1, from an address of its
// interface under which others reach the node: over IPv6 from one that is not link-local, if there is one. It comes back to
// the nodes of this machine, too: several can share the port.
//
// Many networks carry no multicast: most Kubernetes and cloud networks, Docker's overlay networks, WiFi that isolates its
// clients, and bridges some minutes after the last report where nobody asks for reports (IGMP snooping without a querier).
// There a SEED is the way. No error tells of it: all that can be seen is that nobody is heard.
//
// # The beacon
//
// A beacon is one UDP packet: a JSON object (RFC 8259) in UTF-8 of at most 512 bytes, by default to 239.77.77.77:20000 and
// [ff02::7777]:20000.
//
//	key      type     bounds             meaning
//	hearsay  integer  1..2^31-1          version of this specification: 1. Required
//	name     string   a name             of the sender, as it stands first in its lists, with its port if it has one. Required
//	inc      integer  0..253402300799999 incarnation: Unix ms when the sender started. 0: not said
//	mesh     string   0..32              label of the sender's mesh; absent or empty: it has none
//
// Names and labels are those of package topics, and so are the rules for keys that are unknown, absent or repeated. Who
// receives a beacon of another mesh takes no hint from it. One of its own mesh tells it to listen to that name, and where
// DNS has no address for the name, to the address from which the packet came, unless that is link-local.
//
// A beacon is in the clear also where the mesh is locked, and may be forged. It says nothing that is secret: a name, and
// since when. In a locked mesh whoever is found by it has still to show a key.
//
// The directory testdata has golden vectors. In Python this is all it takes to hear them:
//
//	import json, socket, struct
//	group, port = "239.77.77.77", 20000
//	sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
//	sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
//	sock.bind((group, port))
//	sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, struct.pack("4sI", socket.inet_aton(group), socket.INADDR_ANY))
//	while True:
//	    packet, (address, _) = sock.recvfrom(512)
//	    beacon = json.loads(packet)
//	    print(beacon["name"], "of mesh", beacon.get("mesh", "-"), "at", address)
//
// # Bounds
//
// Packets over 512 bytes, those that are no beacon, and those that were sent to another group are dropped and counted. Of
// one address 64 are taken at once, and then 32 a second; of all together 2,048, and then 1,024 a second. What comes beyond
// that waits in a socket buffer of 256 KiB, and is lost there. 1,024 addresses are told apart.
package multicast
