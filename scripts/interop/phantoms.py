"""5,000 names that nobody has, from one publisher: in no list ever, at a bounded price, and newcomers join as fast."""
import socket
import statistics

import mesh

DEADLINE = 20   # seconds
SECONDS = 15    # how long the liar goes on before newcomers come
JOIN = 3        # seconds that a newcomer may take, phantoms or not
FDS, MIB = 300, 64        # what a node may use more than before
DIALS = 50                # that a node may make a second, on average
SILENT = 200              # so many of the phantoms take a connection and never say a word
NODES = [mesh.address(i, "127.77.8") for i in range(1, 5)]
PHANTOMS = [f"127.90.{i // 250}.{i % 250 + 1}" for i in range(5000)]
LISTS = 5       # in so many lists they come, each below the limit of names


def silent_listeners():
    """Listens on some of the phantoms' addresses. The kernel completes the handshake; nobody ever reads."""
    made = []
    for i in range(SILENT):
        for port in mesh.DISCOVERY, mesh.MESSAGE:
            made.append(socket.create_server((PHANTOMS[i * len(PHANTOMS) // SILENT], port), backlog=64))
    return made


def active_opens():
    """TCP connections begun in this network namespace so far, by whomever."""
    with open("/proc/net/snmp") as snmp:
        keys, values = [line.split() for line in snmp if line.startswith("Tcp:")]
    return int(values[keys.index("ActiveOpens")])


class Honest:
    def __init__(self, m):
        self.mesh = m
        self.nodes = [m.start("hearsay", name, [NODES[i - 1]]) for i, name in enumerate(NODES)]
        self.ears = [mesh.Ear(name) for name in NODES]
        self.extra = []    # names that may be listed besides
        self.fds = self.rss = 0

    def sample(self):
        self.fds = max(self.fds, *(n.fds() for n in self.nodes))
        self.rss = max(self.rss, *(n.rss() for n in self.nodes))

    def join(self, name, meanwhile):
        """Starts a newcomer given one node: seconds until all list it and it lists all."""
        self.extra.append(name)
        node, ear = self.mesh.start("hearsay", name, [NODES[0]]), mesh.Ear(name)
        ears = [*self.ears, ear]
        wanted = {*NODES, name}
        took = mesh.until(lambda: all(e.names and wanted <= set(e.names) for e in ears), DEADLINE, ears, meanwhile, every=0.01)
        node.stop()
        ear.close()
        return took


def joins(honest, net, meanwhile):
    took = [honest.join(mesh.address(i, net), meanwhile) for i in range(1, 4)]
    return [DEADLINE if t is None else t for t in took]


def run(report):
    with mesh.Mesh() as m:
        honest = Honest(m)
        if mesh.until(lambda: mesh.complete(honest.ears, NODES), DEADLINE, honest.ears) is None:
            raise SystemExit(f"four honest nodes alone are not whole: {mesh.missing(honest.ears, NODES)}")
        before = joins(honest, "127.77.9", lambda: None)
        honest.sample()
        fds, rss = honest.fds, honest.rss

        rogue = mesh.Publisher("127.77.8.99")
        honest.extra.append(rogue.host)
        rogue.listen(*NODES)
        listeners = silent_listeners()
        known = mesh.until(lambda: all(rogue.host in e.names for e in honest.ears), DEADLINE, honest.ears, rogue.list, every=0.1)
        report.check(known is not None, "the liar is taken for a peer by all")

        turn = 0

        def lie():
            nonlocal turn
            turn += 1
            rogue.list(*PHANTOMS[turn % LISTS::LISTS])
            honest.sample()
        opens = active_opens()
        mesh.until(lambda: False, SECONDS, honest.ears, lie, every=0.1)
        dials = (active_opens() - opens) / SECONDS / len(NODES)
        during = joins(honest, "127.77.10", lie)
        judge(report, honest, (fds, rss), dials, before, during)
        for thing in rogue, *listeners, *honest.ears:
            thing.close()


def judge(report, honest, had, dials, before, during):
    listed = set().union(*(ear.ever for ear in honest.ears)) - set(NODES) - set(honest.extra)
    report.check(not listed, "5,000 phantoms: in no list ever", str(sorted(listed)[:4]) if listed else "")
    report.check(all(n.alive() for n in honest.nodes), "all nodes are alive")
    report.check(honest.fds <= had[0] + FDS, "open files are bounded", f"{had[0]} before, at most {honest.fds}")
    report.check(honest.rss <= had[1] + MIB, "memory is bounded", f"{had[1]:.0f} MiB before, at most {honest.rss:.0f}")
    report.check(dials <= DIALS, "dials are bounded", f"{dials:.1f} a second and node")
    a, b = statistics.median(before), statistics.median(during)
    report.check(max(before + during) <= JOIN, "a newcomer joins as fast",
                 f"{a:.2f} s before ({min(before):.2f}-{max(before):.2f}), {b:.2f} s during ({min(during):.2f}-{max(during):.2f})")
