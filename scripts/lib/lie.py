"""False things that a publisher can say: in names, lists, headers, frames and topics."""
NODES = ["127.77.3.1", "127.77.3.2"]  # the honest nodes that some lies name
DECOY = "127.77.6.1"  # a living publisher that nobody names correctly: whoever mends a name would find it

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
