// Package doctor finds what is wrong with a node and its mesh, and says what to do about it.
//
//	HTTP, DNS, interfaces, visits -> Facts -> Examine -> Findings
//
// Gather looks: it asks the node over HTTP, and over DNS where it answers that, looks names up, and visits the two
// publishers of seeds and peers as a subscriber would. Examine judges: it is pure, and each of its rules is a function of
// the facts with a table of tests.
//
// A visit is a TCP connection, a ZMTP handshake as a SUB and, on the discovery port, subscriptions to "0", which is
// answered by the newest list, and to "mesh", which is answered by the label of another mesh. Its hello says the label of
// the node's mesh, if it has one, and no name, so nobody takes the doctor for a node. The doctor changes nothing.
package doctor
