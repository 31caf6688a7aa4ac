package doctor

import (
	"fmt"

	"hearsay/node/web"
	"hearsay/topics"
)

// A remedy is for the one who reads it: it asks for nothing that what is known rules out.

// fewOwnFiles is what hinders a doctor that may open no more files.
const fewOwnFiles = "too few file descriptors for the doctor itself"

// remedy is what to do about a publisher that is not reached. isThere: its node runs, as somebody hears it, or it calls.
func remedy(v Visit, who topics.Name, isThere bool) string {
	switch v.Outcome {
	case Hindered:
		if v.Hindrance == fewOwnFiles {
			return "raise it here: ulimit -n 65536, and run the doctor again; of the other it says nothing"
		}
		return "mend that on this machine; of the other it says nothing"
	case Refused:
		if isThere {
			return fmt.Sprintf("let the firewall of %s, and those between, pass TCP port %s from here: one of them refuses it, or --bind of that node is another address", who, port(v))
		}
		return fmt.Sprintf("start the node on %s, or correct the address", who)
	case TimedOut:
		if isThere {
			return fmt.Sprintf("let the firewall of %s, and those between, pass TCP port %s from here", who, port(v))
		}
		return fmt.Sprintf("is %s switched on? Let its firewall, and those between, pass TCP port %s from here", who, port(v))
	case NoHost:
		if isThere {
			return fmt.Sprintf("let the firewall of %s, and those between, pass TCP port %s from here: one of them says that no host is there; see 'ip route get %s' here, too", who, port(v), addrOf(v))
		}
		return fmt.Sprintf("is %s switched on, and that its address? See 'ip route get %s' here, too", who, addrOf(v))
	case Wordless:
		if port(v) != fmt.Sprint(topics.DiscoveryPort) && !isThere {
			return fmt.Sprintf("is %s a port for lists? Others may wait for the caller to speak, as HTTP does. If so, look at its process: it is stopped, or starved", port(v))
		}
		if !isThere {
			return fmt.Sprintf("look at the process on %s: it is stopped, or starved, or is no node", who)
		}
		return fmt.Sprintf("look at the process on %s: it is stopped, or starved", who)
	case HungUp, Foreign:
		return "another program has the port: correct the name or the port; or a node has it that has no connection to spare: ulimit -n there"
	case Silent:
		return "ask again: a node without headers sends its list every 2.5 s; if it stays so, its process is stopped, or that is no port for lists"
	}
	return ""
}

// isThere reports whether a node of a peer's name runs, by what the node that was asked knows: it is heard, by that one or
// by others, or it calls.
func isThere(m *web.Member) bool {
	return m != nil && (m.State == "alive" || m.State == "detached" || m.OneWay != "" || m.Stale != "")
}

// isOpen reports whether a publisher answers at an endpoint.
func isOpen(v Visit) bool { return v.Outcome == Spoke || v.Outcome.ofKeys() }

// noAnswer is why a name has no address where no name server could be asked.
const noAnswer = "DNS does not answer"

// nameRemedy is what to do about a name without an address.
func nameRemedy(why string) string {
	if why == noAnswer {
		return "see whether the name servers in /etc/resolv.conf here are reached and answer; of the name that says nothing"
	}
	return "correct the name, or enter it into DNS or /etc/hosts"
}
