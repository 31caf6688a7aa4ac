"""Cuts in the network between nodes: packets that one would get of the other are dropped, with nft.

Where the rules apply is for the caller to say: in the network namespace at hand, or through nsenter in a container's.
"""
import re
import subprocess

TABLE = "hearsay_cut"


class Cuts:
    """The cuts in one network namespace. `enter` is the command that leads into it."""

    def __init__(self, enter=()):
        self.enter = list(enter)
        self._nft(f"add table inet {TABLE}", f"delete table inet {TABLE}", f"add table inet {TABLE}",
                  f"add chain inet {TABLE} input {{ type filter hook input priority 0; }}")

    def _nft(self, *lines):
        subprocess.run([*self.enter, "nft", "-f", "-"], input="\n".join(lines) + "\n", text=True, check=True)

    def _drop(self, *rules):
        self._nft(*(f"add rule inet {TABLE} input {rule} counter drop" for rule in rules))

    def isolate(self, address):
        """Nothing reaches this address, and nothing of it reaches anybody."""
        self._drop(f"ip saddr {address}", f"ip daddr {address}")

    def one_way(self, sources, targets):
        """Nothing of the sources reaches the targets: connections between them stall, whoever began them."""
        self._drop(f"ip saddr {_set(sources)} ip daddr {_set(targets)}")

    def split(self, one, other):
        """Nothing passes between the two sides."""
        self.one_way(one, other)
        self.one_way(other, one)

    def port(self, target, port, sources):
        """No connection of the sources to a port of the target is answered, as behind a firewall that drops."""
        self._drop(f"ip saddr {_set(sources)} ip daddr {target} tcp dport {port}")

    def shut(self, port):
        """No connection to a port is answered, loopback apart, as behind a firewall that drops."""
        self._drop(f'iifname != "lo" tcp dport {port}')

    def lose(self, share, among):
        """This share of the packets among these addresses is lost, each by chance."""
        nodes = _set(among)
        self._drop(f"ip saddr {nodes} ip daddr {nodes} numgen random mod 1000 < {round(share * 1000)}")

    def deaf(self, sources):
        """Nothing of these addresses gets in."""
        self._drop(f"ip saddr {_set(sources)}")

    def noise(self, share):
        """This share of everything that comes in is lost, loopback apart."""
        self._drop(f'iifname != "lo" numgen random mod 1000 < {round(share * 1000)}')

    def dropped(self):
        """How many packets the cuts that are in force have dropped."""
        table = subprocess.run([*self.enter, "nft", "list", "table", "inet", TABLE], stdout=subprocess.PIPE, text=True, check=True)
        return sum(map(int, re.findall(r"packets (\d+)", table.stdout)))

    def heal(self):
        self._nft(f"flush chain inet {TABLE} input")


def _set(addresses):
    return "{ " + ", ".join(addresses) + " }"


def possible():
    """Whether this namespace lets us cut."""
    try:
        Cuts()
    except (OSError, subprocess.CalledProcessError):
        return False
    return True
