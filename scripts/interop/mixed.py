"""Naive nodes and hearsay nodes in one mesh: they know each other, hear each other, and the naive ones survive it."""
import signal

import mesh

DEADLINE = 30  # seconds: naive nodes need several of their intervals of 2.5 s


def name(i):
    return mesh.address(i, "127.77.1")


def ping(of):
    return f"PING! from host {of}"


class Mixed:
    """A ring of six, hearsay and naive in turn, and whoever joins it."""

    def __init__(self, m, report):
        self.mesh, self.report, self.ears = m, report, {}
        for i in range(1, 7):
            self.start("hearsay" if i % 2 else "naive", i, [name(i % 6 + 1)])

    def start(self, kind, i, seeds):
        flags = ["--ping"] if kind == "hearsay" else []
        self.mesh.start(kind, name(i), seeds, flags)
        self.ears.setdefault(name(i), mesh.Ear(name(i)))

    def nodes(self, kind=None):
        return [n for n in self.mesh.nodes.values() if n.alive() and kind in (None, n.kind)]

    def lists(self, what, kind=None, names=None):
        """Every living node (of a kind) lists exactly these names, or every living node."""
        names = names or [n.name for n in self.nodes()]
        ears = [self.ears[n.name] for n in self.nodes(kind)]
        took = mesh.until(lambda: mesh.complete(ears, names), DEADLINE, self.ears.values())
        self.report.check(took is not None, what, f"{took:.1f} s" if took is not None else mesh.missing(ears, names))

    def talk(self, what, of=None):
        """From now on every living node receives a new PING! of every living node, or every node and `of` of each other."""
        pairs = [(a, b) for a in self.nodes() for b in self.nodes() if of in (None, a.name, b.name)]
        had = {(a, b): a.messages().count(ping(b.name)) for a, b in pairs}

        def lacking():
            heard = {a: a.messages() for a in {a for a, _ in pairs}}
            return [f"{a.name} ({a.kind}) of {b.name} ({b.kind})" for a, b in pairs
                    if heard[a].count(ping(b.name)) <= had[a, b]]
        took = mesh.until(lambda: not lacking(), DEADLINE, self.ears.values(), every=0.3)
        self.report.check(took is not None, what, f"{took:.1f} s" if took is not None else f"nothing at {lacking()[:4]}")


def run(report):
    with mesh.Mesh() as m:
        mixed = Mixed(m, report)
        mixed.lists("a ring of 3 hearsay and 3 naive: every node lists every node")
        mixed.talk("every node receives the PING! of every node")

        mixed.start("naive", 7, [name(1)])
        mixed.lists("a naive newcomer given one hearsay node: every node lists it, and it lists all")
        mixed.talk("it hears everybody and is heard by everybody", of=name(7))

        mixed.start("hearsay", 8, [name(2)])
        mixed.lists("a hearsay newcomer given one naive node: every node lists it, and it lists all")
        mixed.talk("it hears everybody and is heard by everybody", of=name(8))

        m.nodes[name(3)].kill()
        mixed.lists("a hearsay node killed: no hearsay node lists it, though the naive ones do", "hearsay")
        mixed.start("hearsay", 3, [])
        mixed.lists("started again, given nobody: every node lists it, and it lists all")
        mixed.talk("it hears everybody and is heard by everybody", of=name(3))

        m.nodes[name(4)].kill()
        mixed.lists("a naive node killed: no hearsay node lists it, though the naive ones do", "hearsay")

        dead = [n for n in m.nodes.values() if not n.alive() and n.name != name(4)]
        report.check(not dead, "all others are alive", "; ".join(f"{n.name}: {n.last_words()}" for n in dead))
        ever = set().union(*(ear.ever for ear in mixed.ears.values()))
        bad = [n for n in ever if not mesh.connectable(n)]
        report.check(not bad, "no name was ever listed that a naive node would die of", str(bad[:4]) if bad else "")
        codes = [n.stop(signal.SIGTERM) for n in mixed.nodes("hearsay")]
        report.check(not any(codes), "SIGTERM ends each hearsay node cleanly", f"exit codes {codes}")
        for ear in mixed.ears.values():
            ear.close()
