"""Two networks and two bridges: bridges.yml."""
import os
import time

import cluster
import compose
import containers
import replicas

LEFT, RIGHT, BRIDGES = ["a_1", "a_2"], ["b_1", "b_2"], ["bridge_1", "bridge_2"]


class Bridges(replicas.Replicas):
    """Six containers, of which names are those that take part in what is asked."""

    def __init__(self, mesh):
        super().__init__(mesh)
        self.file = os.path.join(mesh.root, "scripts", "chaos", "bridges.yml")
        self.project = f"{containers.PROJECT}-bridges"

    def up(self):
        """Starts all; returns the moment when the last of them started."""
        self.names = [*LEFT, *RIGHT, *BRIDGES]
        self.compose("up", "--detach", "--no-build")
        self.ids = {name: compose.output(*self.command, "ps", "--quiet", name) for name in self.names}
        self.born = max(self.begun(name) for name in self.names)
        return self.born

    def whole(self, names, since, within, beside=()):
        """Waits until each of these nodes has the others for members, by its own ears or those of a bridge."""
        deadline = time.time() + within
        while True:
            views = self.views(names)
            wrong = [f"{n} has {sorted(cluster.alive(v))}" for n, v in views.items() if cluster.alive(v) != set(names) - {n}]
            if not wrong:
                return time.time() - since, ""
            if time.time() > deadline:
                return None, "; ".join(wrong)
            time.sleep(0.1)

    def vias(self, name):
        """By whose word a node has those that it does not hear."""
        return {v for m in (self.members(name) or {}).values() if m["state"] == "alive" for v in m["via"]}
