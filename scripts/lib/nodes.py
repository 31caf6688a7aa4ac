"""A ring of named nodes whose addresses may change, with an ear on each: who lists whom, and since when."""
import collections
import json
import time

import mesh
import shapes
import web


class Nodes:
    """Nodes 1 to n in a ring, each hearing all before a fault begins."""

    def __init__(self, m, n, resolver=None, flags=(), net="127.77.0"):
        self.mesh, self.resolver, self.net = m, resolver, net
        self.flags = ["--log-format", "json", *flags]
        self.seeds, self.at, self.ears, self.processes = {}, {}, {}, {}
        self.lives = collections.defaultdict(list)  # every process of a name
        for i, seeds in enumerate(shapes.ring_of(1, n), 1):
            self.seeds[self.name(i)] = [self.name(s) for s in seeds]
            self.start(self.name(i), mesh.address(i, net))
        self.names = list(self.seeds)

    def name(self, i):
        return f"node_{i}" if self.resolver else mesh.address(i, self.net)

    def start(self, name, address):
        """Starts a node; returns the moment before."""
        self.at[name] = address
        if self.resolver:
            self.resolver.names[name] = address
        begin = time.monotonic()
        node = self.processes[name] = self.mesh.start("hearsay", name, self.seeds[name], self.flags, bind=address)
        self.lives[name].append(node)
        if name in self.ears:
            self.ears.pop(name).close()
        self.ears[name] = mesh.Ear(address)
        return begin

    def close(self):
        for ear in self.ears.values():
            ear.close()

    def others(self, name):
        return [other for other in self.names if other != name]

    def listening(self, names):
        return [self.ears[name] for name in names]

    def whole(self, *sides, deadline=30, hold=1.0):
        """Waits until on each of these sides, or on the only one, every node lists exactly its side, and that stays so
        for `hold` seconds. Returns the moment when it became so, or None."""
        sides = [(self.listening(side), side) for side in sides or [self.names]]
        since = None

        def held():
            nonlocal since
            if not all(mesh.complete(ears, side) for ears, side in sides):
                since = None
            elif since is None:
                since = time.monotonic()
            return since is not None and time.monotonic() - since >= hold
        return since if mesh.until(held, deadline + hold, self.ears.values()) is not None else None

    def unlisted(self, victim, by, deadline=30):
        """Waits until none of these lists the victim; returns the moment, or None."""
        ears = self.listening(by)
        done = mesh.until(lambda: not any(victim in (ear.names or ()) for ear in ears), deadline, self.ears.values())
        return time.monotonic() if done is not None else None

    def state(self, victim, by, state, deadline=30):
        """Waits until all of these say over HTTP that the victim is in a state; returns the moment, or None."""
        left = set(by)

        def reached():
            for name in list(left):
                if web.states(self.at[name]).get(victim) != state:
                    return False
                left.discard(name)
            return True
        done = mesh.until(reached, deadline, self.ears.values(), every=0.1)
        return time.monotonic() if done is not None else None

    def missing(self, names=None):
        names = names or self.names
        return mesh.missing(self.listening(names), names)

    def events(self, kind):
        """How often each (observer, peer) logged a change of this kind, such as evicted, in all lives."""
        found = collections.Counter()
        for name, lives in self.lives.items():
            for record in (r for node in lives for r in records(node)):
                if record.get("msg") == f"peer {kind}":
                    found[name, record.get("peer")] += 1 + record.get("repeated", 0)
        return found

    def story(self, about, by, lines=6):
        """What one node logged about another, for a report of what went wrong."""
        told = [r for node in self.lives[by] for r in records(node) if about in (r.get("peer"), r.get("from"))]
        return [" ".join(str(r.get(k, "")) for k in ("time", "msg", "from", "state", "why")) for r in told[-lines:]]


def records(node):
    """The log of a process."""
    with open(node.err, errors="replace") as log:
        for line in log:
            try:
                yield json.loads(line)
            except ValueError:
                continue
