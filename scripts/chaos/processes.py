"""Four node processes on 127.78.0.x, for where there are no containers."""
import os
import signal
import subprocess
import time

import cluster
import cut
import mesh
import nodes
import resolver

NET = "127.78.0"


class Processes(cluster.Cluster):
    has_guests = False

    def __init__(self):
        super().__init__()
        self.alone = "IN_OWN_NETWORK" in os.environ
        self.can_cut = self.alone and cut.possible()
        self.resolver = resolver.Resolver() if self.alone else None
        self.cuts = cut.Cuts() if self.can_cut else None
        self.mesh = self.nodes = None
        self.key = os.environ.get("HEARSAY_MESH_KEY")
        self.frozen, self.unplugged, self.moves = set(), set(), 0

    def begin(self):
        pass

    def fresh(self):
        self.end()
        self.mesh = mesh.Mesh().__enter__()
        self.nodes = nodes.Nodes(self.mesh, 4, self.resolver, net=NET)
        self.names, self.born = self.nodes.names, time.time()
        took, wrong = self.whole(self.names, self.born, cluster.STARTS)
        if took is None:
            raise RuntimeError(f"a fresh mesh is not whole: {wrong}")

    def end(self):
        if self.mesh:
            self.thaw(*self.frozen)
            self.heal()
            self.nodes.close()
            self.mesh.__exit__(None)
            self.mesh = None

    def hearsay(self, name, *args, patience=10):
        try:
            done = subprocess.run(self.command_at(name, *args), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                  text=True, timeout=patience)
        except subprocess.TimeoutExpired:
            return None
        return done.stdout if done.returncode == 0 else None

    def command_at(self, name, verb, *args):
        return [os.environ["HEARSAY"], verb, "--addr", f"{self.address(name)}:8080", *args]

    def address(self, name):
        return self.nodes.at[name]

    def messages(self, name):
        """The bodies that a node has received in its last life."""
        return self.nodes.processes[name].messages()

    def log(self, name):
        for node in self.nodes.lives[name]:
            yield from nodes.records(node)

    def kill(self, *names):
        for name in names:
            self.nodes.processes[name].kill()

    def stop(self, name):
        return self.nodes.processes[name].stop(patience=10)

    def start(self, *names):
        for name in names:
            if not self.nodes.processes[name].alive():
                self.nodes.start(name, self.nodes.at[name])
        return time.time()

    def remember(self, name):
        pass

    def put_key(self, text):
        """Replaces the key of all by renaming a file."""
        with open(os.open(self.key + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)
        os.replace(self.key + ".new", self.key)

    def move(self, name):
        old, begun = self.nodes.at[name], time.time()
        self.moves += 1
        self.nodes.start(name, mesh.address(100 + self.moves, NET))
        return begun, f"{old} -> {self.nodes.at[name]}"

    def freeze(self, name):
        self.frozen.add(name)
        self.nodes.processes[name].send(signal.SIGSTOP)

    def thaw(self, *names):
        for name in names:
            self.nodes.processes[name].send(signal.SIGCONT)
        self.frozen -= set(names)

    def at(self, names):
        return [self.nodes.at[name] for name in names]

    def unplug(self, name):
        self.cuts.split(self.at([name]), self.at(n for n in self.names if n != name))

    def plug(self, _):
        self.heal()

    def split(self, one, other):
        self.cuts.split(self.at(one), self.at(other))

    def one_way(self, source, target):
        self.cuts.one_way(self.at([source]), self.at([target]))

    def shut(self, name, port):
        (target,) = self.at([name])
        self.cuts.port(target, port, self.at(n for n in self.names if n != name))

    def lose(self, share, names):
        self.cuts.lose(share, self.at(names))

    def dropped(self):
        return self.cuts.dropped()

    def heal(self):
        if self.cuts:
            self.cuts.heal()

    def mend(self):
        self.thaw(*self.frozen)
        self.heal()
        self.start(*self.names)
