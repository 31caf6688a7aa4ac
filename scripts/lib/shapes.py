"""Meshes of node processes in the shapes that people start them in."""
import os
import time

import mesh
import web

# Who is given whom: number of nodes -> the seeds of each, by number, in the order of their starts.
SHAPES = {
    "ring": lambda n: [[i % n + 1] for i in range(1, n + 1)],
    "star": lambda n: [[] if i == 1 else [1] for i in range(1, n + 1)],
    "chain": lambda n: [[i + 1] if i < n else [] for i in range(1, n + 1)],
}


def ring_of(first, last):
    """The seeds of nodes first..last in a ring."""
    return [[first if i == last else i + 1] for i in range(first, last + 1)]


ALL = ("--full-mesh", "0")  # lists are read off the wire, and name everybody where all hear all


class Group:
    """Nodes of one kind in a mesh, numbered from 1, each with an ear on its lists, or, in a partial mesh, asked for its members."""

    def __init__(self, m, kind="hearsay", flags=(), partial=False):
        self.mesh, self.kind, self.partial = m, kind, partial
        self.flags = flags
        self.nodes, self.ears, self.lacking = [], [], {}

    def start(self, seeds):
        """Starts one more node, and an ear for it; returns the moment before its start."""
        name = mesh.address(len(self.nodes) + 1)
        start = time.monotonic()
        flags = ("--http", f"{name}:{web.PORT}") if self.partial else ALL if self.kind == "hearsay" else ()
        self.nodes.append(self.mesh.start(self.kind, name, [mesh.address(i) for i in seeds], (*flags, *self.flags)))
        if not self.partial:
            self.ears.append(mesh.Ear(name))
        return start

    def whole(self, seconds):
        """Waits until every node lists every node; returns the moment when the last list came in, or None if it did not
        or a node ended."""
        if self.partial:
            return self._known(seconds)
        names = [node.name for node in self.nodes]

        def settled():
            return mesh.complete(self.ears, names) or not all(node.alive() for node in self.nodes)
        mesh.until(settled, seconds, self.ears)
        return max(ear.at for ear in self.ears) if mesh.complete(self.ears, names) else None

    def _known(self, seconds):
        """The same by what each says of itself, asked every half second until it knows all."""
        self.lacking = {node: 0 for node in self.nodes}

        def settled():
            for node in list(self.lacking):
                status = web.ask(node.name, "/v1/status")
                self.lacking[node] = status["members"] if status else 0
                if self.lacking[node] == len(self.nodes):
                    del self.lacking[node]
            return not self.lacking or not all(node.alive() for node in self.nodes)
        mesh.until(settled, seconds, every=0.5)
        return None if self.lacking else time.monotonic()

    def trouble(self):
        """Why it is not whole, in words."""
        dead = [f"{n.name} ended: {n.last_words()}" for n in self.nodes if not n.alive()]
        if self.partial:
            dead += [f"{n.name} knows {members} of {len(self.nodes)}" for n, members in self.lacking.items()]
        return "; ".join(dead[:2]) or mesh.missing(self.ears, [node.name for node in self.nodes])

    def close(self):
        for ear in self.ears:
            ear.close()


def require_binary():
    if "HEARSAY" not in os.environ:
        raise SystemExit("HEARSAY names no program; start this by the script beside it, which builds one")
