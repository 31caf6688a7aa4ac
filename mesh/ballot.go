package mesh

import (
	"strings"

	"hearsay/mesh/shares"
)

// ballot counts votes by address. A host is one voter, however many processes run there, else who rents one machine and
// opens four thousand ports would decide for everybody. A mesh that lives on one host counts its processes: there nobody
// is outvoted by a neighbour.
type ballot struct {
	hosts map[string]hostVotes
}

// hostVotes is what the voters at one address say.
type hostVotes struct{ voters, vouches, confirms int }

// begin empties the ballot.
func (b *ballot) begin() {
	if b.hosts == nil {
		b.hosts = make(map[string]hostVotes)
	}
	clear(b.hosts)
}

// voter adds one, and whether it vouches.
func (b *ballot) voter(host string, vouches bool) {
	host = voterOf(host)
	h := b.hosts[host]
	h.voters++
	if vouches {
		h.vouches++
	}
	b.hosts[host] = h
}

// confirm adds that a voter, counted before, has lost the peer too.
func (b *ballot) confirm(host string) {
	host = voterOf(host)
	h := b.hosts[host]
	h.confirms++
	b.hosts[host] = h
}

// count sums up. A host vouches when half of its voters do, and confirms when more than half do, so that a doubt spares
// the suspect.
func (b *ballot) count() (voters, vouches, confirms int) {
	for _, h := range b.hosts {
		if len(b.hosts) == 1 {
			return h.voters, h.vouches, h.confirms
		}
		voters++
		if 2*h.vouches >= h.voters {
			vouches++
		}
		if 2*h.confirms > h.voters {
			confirms++
		}
	}
	return voters, vouches, confirms
}

// voterOf is the voter that an address belongs to. Whoever has one IPv6 address has its /64; IPv4 addresses are few.
func voterOf(host string) string {
	if strings.Contains(host, ":") {
		return shares.Network(host)
	}
	return host
}
