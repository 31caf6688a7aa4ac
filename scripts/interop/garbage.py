"""A publisher that says one false thing after the other: nothing changes, and nothing of it is said again."""
import lie
import mesh
from lie import NODES

DEADLINE = 20  # seconds
FDS, MIB = 60, 48  # what a node may use more than before the first lie


class Lies:
    """Two honest nodes, and a fresh liar for each lie, which both have come to list and to hear."""

    def __init__(self, m, report):
        self.report = report
        self.nodes = [m.start("hearsay", a, [b]) for a, b in (NODES, NODES[::-1])]
        self.ears = [mesh.Ear(a) for a in NODES]
        self.decoy = mesh.Publisher(lie.DECOY)
        self.allowed, self.bodies = set(NODES), set()
        if mesh.until(lambda: mesh.complete(self.ears, NODES), DEADLINE, self.ears) is None:
            raise SystemExit(f"two honest nodes alone are not whole: {mesh.missing(self.ears, NODES)}")
        self.fds, self.rss = max(n.fds() for n in self.nodes), max(n.rss() for n in self.nodes)

    def listed(self, name):
        return all(name in ear.names for ear in self.ears)

    def hear(self, body):
        return all(body in node.messages() for node in self.nodes)

    def wait(self, condition, publishers):
        """Waits while these publishers, and the decoy, say their own names."""
        def meanwhile():
            for publisher in (self.decoy, *publishers):
                publisher.list()
        return mesh.until(condition, DEADLINE, self.ears, meanwhile, every=0.1) is not None

    def tell(self, number, what, say):
        """One lie: a liar becomes a peer and lies. That its next list and message are taken in shows that the lie was read."""
        rogue, sentinel = (mesh.Publisher(f"127.77.{net}.{number}") for net in (4, 5))
        self.allowed |= {rogue.host, sentinel.host}
        hello, bye = f"hello {number}", f"bye {number}"
        self.bodies |= {hello, bye}
        try:
            rogue.listen(*NODES)
            if not self.wait(lambda: rogue.say(hello) or self.listed(rogue.host) and self.hear(hello), [rogue]):
                self.report.check(False, what, "the liar was not even taken for a peer")
                return
            say(rogue)

            def read():
                rogue.list(sentinel.host)
                rogue.say(bye)
                return self.listed(sentinel.host) and self.hear(bye) or not self.listed(rogue.host)
            self.judge(what, self.wait(read, [sentinel]))
        finally:
            rogue.close()
            sentinel.close()

    def judge(self, what, read):
        wrong = [] if read else ["neither was the next thing that the liar said taken in, nor was it hung up on"]
        wrong += [f"{node.name} ended: {node.last_words()}" for node in self.nodes if not node.alive()]
        if not wrong:
            wrong += [f"{n.name} lacks an honest peer" for n, e in zip(self.nodes, self.ears) if not set(NODES) <= set(e.names)]
            wrong += [f"{e.host} lists {sorted(e.ever - self.allowed)[:3]}"[:200] for e in self.ears if e.ever - self.allowed]
            wrong += [f"{n.name} printed {b[:40]!r}" for n in self.nodes for b in n.messages() if b not in self.bodies][:2]
            wrong += [f"{n.name} has {n.fds()} fds, had {self.fds}" for n in self.nodes if n.fds() > self.fds + FDS]
            wrong += [f"{n.name} has {n.rss():.0f} MiB, had {self.rss:.0f}" for n in self.nodes if n.rss() > self.rss + MIB]
        self.report.check(not wrong, f"lie: {what}", "; ".join(wrong))

    def close(self):
        self.decoy.close()
        for ear in self.ears:
            ear.close()


def run(report):
    with mesh.Mesh() as m:
        lies = Lies(m, report)
        for number, (what, say) in enumerate(lie.CASES.items(), 1):
            if not all(node.alive() for node in lies.nodes):
                report.check(False, f"lie: {what}", "not tried, a node is dead")
                continue
            lies.tell(number, what, say)
        ever = set().union(*(ear.ever for ear in lies.ears))
        bad = [name for name in ever if not mesh.connectable(name)]
        report.check(not bad, "no name was ever listed that a naive node would die of", str(bad[:4]) if bad else "")
        fds, rss = max(n.fds() for n in lies.nodes), max(n.rss() for n in lies.nodes)
        print(f"     fds {lies.fds} -> {fds}, resident {lies.rss:.0f} -> {rss:.0f} MiB over {len(lie.CASES)} lies")
        lies.close()
