// Package dns answers DNS for the members of a mesh, so that programs which know nothing of it find its services by name.
//
//	s, err := dns.Listen(dns.Options{Addr: "127.0.0.1:5300"})
//	s.Start(n)
//	...
//	s.Close()
//
// # What there is
//
// All names are in one domain, hearsay unless told otherwise. It has A, AAAA and SRV records of
//
//	NAME.hearsay                  a member by its name, without a port; the node itself too
//	KEY-VALUE.hearsay             all members that say the tag KEY=VALUE: role-web.hearsay of role=web
//	hearsay                       all members; SOA and NS as well
//	_hearsay._tcp.(one of these)  SRV alone, with the ports of discovery
//	_NAME._tcp.(one of these)     SRV alone, with the port of the tag port.NAME; _udp, too
//
// A healthy member is one that the node hears and lists: none but these are in an answer. Addresses are those where members
// are heard. An SRV record has the port of the member's tag port, and its discovery port where there is none.
//
// Names are compared without regard to case. A tag's value may have characters that names do not have: each of : / + @ is
// written as '-', and a tag without a value is its key alone. An IPv6 address that is a member's name is written with '-'
// for ':'. What is longer than a name in DNS may be is left out. A member's name goes before a tag that is written the same.
//
// # How it answers
//
// A name that is there, and has no record of the type that was asked for, is answered with no error and no record
// (NODATA). So are the names and tags of members that were heard and are not healthy. Any other name in the domain does
// not exist (NXDOMAIN). What is outside is refused: nobody is asked on behalf of a client. Records live for two seconds,
// and so does the word that there are none. Answers are in a random order, so that clients spread themselves.
//
// Over UDP an answer has as many bytes as the client says that it takes, 1,232 at most, and 512 at most for another machine:
// whoever is not who it says gets little for its trouble. What does not fit is cut, which tells the client to ask over
// TCP.
//
// # Bounds
//
// The loop is asked once a second, and after a change at most ten times a second; no query waits for it. When it has not
// answered for ten seconds, the answer is that there is none (SERVFAIL). Each address, of IPv6 each network of 64 bits, may
// ask 100 times at once and then 50 times a second, each loopback address 4,000 and 2,000 times: what is beyond is dropped
// and counted. 4,096 addresses are told apart; those beyond share 1,000 times a second. There are 64 connections at most,
// or a sixteenth of the file descriptors, and as everywhere the address that holds most gives way.
package dns
