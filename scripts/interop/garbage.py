"""A publisher that says one false thing after the other: nothing changes, and nothing of it is said again."""
import mesh

DEADLINE = 20  # seconds
NODES = ["127.77.3.1", "127.77.3.2"]
DECOY = "127.77.6.1"  # a living publisher that nobody names correctly: whoever mends a name would find it
FDS, MIB = 60, 48     # what a node may use more than before the first lie

MEGABYTE = 1 << 20
PHANTOMS = ",".join(f"127.{80 + i // 65536}.{i // 256 % 256}.{i % 256}" for i in range(MEGABYTE // 13))


def names(*garbage):
    """A list that begins with the liar's own name."""
    def say(rogue):
        rogue.discovery.send_multipart([b"0", b",".join([rogue.host.encode(), *garbage])])
    return say


def beat(*frames):
    """A beat whose list is just the liar's own name, followed by these frames."""
    return lambda rogue: rogue.send(b"0", rogue.host.encode(), *frames)


def lists(*frames):
    return lambda rogue: rogue.discovery.send_multipart(frames)


def says(*frames):
    return lambda rogue: rogue.message.send_multipart(frames)


CASES = {
    "*": names(b"*"),
    "a newline": names(b"a\nb"),
    "NUL": names(b"a\0b"),
    "a leading space": names(b" " + DECOY.encode()),
    "a trailing space": names(DECOY.encode() + b" "),
    "a space inside": names(b"a b"),
    "tcp://": names(b"tcp://" + DECOY.encode()),
    "ip:99": names(DECOY.encode() + b":99"),
    "two ports": names(DECOY.encode() + b":20000:20000"),
    "999.1.1.1": names(b"999.1.1.1"),
    "an unresolvable name": names(b"no-such-node.invalid"),
    "20 unresolvable names": names(*(b"no-such-node-%d.invalid" % i for i in range(20))),
    "commas": names(b",,,,,,,,"),
    "an empty entry": names(b"", b""),
    "an empty list": lists(b"0", b""),
    "no list": lists(b"0"),
    "one name of 1 MB": names(b"a" * MEGABYTE),
    "1 MB of names": names(PHANTOMS.encode()),
    "a label of 64 bytes": names(b"a" * 64),
    "a name of 254 bytes": names(b".".join([b"a" * 50] * 5)[:254]),
    "UTF-8": names("nöde".encode()),
    "not UTF-8": names(b"\xff\xfe"),
    "an endpoint with a source": names(b"127.0.0.1:0;" + DECOY.encode()),
    "a zone": names(DECOY.encode() + b"%lo"),
    "an open bracket": names(b"[::1"),
    "hyphens and dots": names(b"-a", b"a-", b".", b"..", b"a..b"),
    "short forms of an honest node's address": names(b"127.77.769", b"0x7f.77.3.1", b"2135753473", b"127.077.003.001"),
    "an honest node's name first": lists(b"0", NODES[1].encode() + b"," + DECOY.encode() + b":99"),
    "an honest node's goodbye": lists(b"0", NODES[1].encode(), b'{"v":1,"inc":1,"seq":1,"beat":1000,"leaving":true}'),
    "a header that is no JSON": beat(b"}{"),
    "a header that nests 10,000 deep": beat(b"[" * 10_000),
    "a header of 1 MB": beat(b'{"v":1,"x":"' + b"a" * MEGABYTE + b'"}'),
    "a header of absurd numbers": beat(b'{"v":-1,"inc":1e400,"seq":-1,"beat":-99999999999999999999,"list":1e99}'),
    "10,000 frames": beat(*[b"x"] * 10_000),
    "topics that begin like others": lambda rogue: [rogue.send(topic, f"{rogue.host},{DECOY}:99".encode())
                                                    for topic in (b"00", b"0x", b"0\0", b"\x00", b"", b"01")],
    'a message on "2/x"': says(b"2/x", b"lie"),
    'a list on "2/x"': lists(b"2/x", DECOY.encode()),
    'topics "3" and "hello/x"': lambda rogue: [says(topic, b"lie")(rogue) for topic in (b"3", b"hello/x", b"\xff")],
    "a message without a body": says(b"1"),
    "a message of 2 MiB": says(b"1", b"lie" * (2 * MEGABYTE // 3 + 1)),
    "a message of 10,000 frames": says(b"1", *[b"lie"] * 10_000),
    "messages on topics that begin like others": lambda rogue: [says(topic, b"lie")(rogue) for topic in (b"11", b"1x", b"1\0")],
}


class Lies:
    """Two honest nodes, and a fresh liar for each lie, which both have come to list and to hear."""

    def __init__(self, m, report):
        self.report = report
        self.nodes = [m.start("hearsay", a, [b]) for a, b in (NODES, NODES[::-1])]
        self.ears = [mesh.Ear(a) for a in NODES]
        self.decoy = mesh.Publisher(DECOY)
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
        for number, (what, say) in enumerate(CASES.items(), 1):
            if not all(node.alive() for node in lies.nodes):
                report.check(False, f"lie: {what}", "not tried, a node is dead")
                continue
            lies.tell(number, what, say)
        ever = set().union(*(ear.ever for ear in lies.ears))
        bad = [name for name in ever if not mesh.connectable(name)]
        report.check(not bad, "no name was ever listed that a naive node would die of", str(bad[:4]) if bad else "")
        fds, rss = max(n.fds() for n in lies.nodes), max(n.rss() for n in lies.nodes)
        print(f"     fds {lies.fds} -> {fds}, resident {lies.rss:.0f} -> {rss:.0f} MiB over {len(CASES)} lies")
        lies.close()
