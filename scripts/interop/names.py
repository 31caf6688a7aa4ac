"""Two names for one node are one peer, delivered once; a resolver that never answers holds up nothing."""
import os
import socket
import subprocess
import tempfile
import threading

import mesh

DEADLINE = 15   # seconds
PROMPT = 3      # seconds: less than any resolver's own patience
HOME = "127.0.0.1"  # has a second name on every machine: localhost
RESOLVER = "127.77.253.53"
FAST = ["--ping", "--interval", "500ms"]


def count(node, body):
    return node.messages().count(body)


def one_peer(report):
    """A publisher known by two names, and everything it says comes once."""
    with mesh.Mesh() as m:
        publisher = mesh.Publisher(HOME)
        node = m.start("hearsay", "127.77.11.1", [HOME, "localhost"])
        ear = mesh.Ear(node.name)
        number = 0

        def speak():
            nonlocal number
            number += 1
            publisher.list()
            publisher.say(f"message {number}")
        mesh.until(lambda: len(node.messages()) >= 50, DEADLINE, [ear], speak, every=0.1)
        heard = node.messages()
        twice = sorted({body for body in heard if heard.count(body) > 1})
        report.check(len(heard) >= 50 and not twice, "a peer given by two names: every message comes once",
                     f"{len(heard)} messages, {len(twice)} of them came again")
        report.check(set(ear.names or ()) == {node.name, HOME}, "it is listed once, by its own name", str(ear.names))
        publisher.close()
        ear.close()


def itself(report):
    """A node given itself, and an alias of itself."""
    with mesh.Mesh() as m:
        node = m.start("hearsay", HOME, [HOME, "localhost"], FAST)
        ear = mesh.Ear(HOME)
        said = mesh.Ear(HOME, "1", mesh.MESSAGE)
        mesh.until(lambda: len(said.frames) >= 10, DEADLINE, [ear, said])
        pings = len(said.frames)
        mesh.until(lambda: count(node, f"PING! from host {HOME}") >= pings, DEADLINE)  # it may be heard before it is printed
        own = count(node, f"PING! from host {HOME}")
        # The ear came a little later than the node's first PING!, and one more may have been said since.
        report.check(pings >= 10 and pings <= own <= pings + 5, "a node given itself by two names hears itself once",
                     f"it said {pings} and printed {own}")
        report.check(set(ear.names or ()) == {HOME}, "and lists only itself", str(ear.names))
        ear.close()
        said.close()


def use_resolver():
    """Makes RESOLVER the only resolver, here and for the nodes started from here."""
    with tempfile.NamedTemporaryFile("w", delete=False) as conf:
        conf.write(f"nameserver {RESOLVER}\n")
    os.chmod(conf.name, 0o644)
    subprocess.run(["mount", "--bind", conf.name, "/etc/resolv.conf"], check=True)
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((RESOLVER, 53))
    return server


def silent_resolver(report):
    """20 seeds whose names no resolver answers for, beside one that is there."""
    server = use_resolver()
    asked = set()

    def listen():
        while True:
            query = server.recv(512)
            asked.add(query[12:])
    threading.Thread(target=listen, daemon=True).start()

    with mesh.Mesh() as m:
        a, b = "127.77.12.1", "127.77.12.2"
        unanswered = [f"silent-{i}.invalid" for i in range(20)]
        nodes = [m.start("hearsay", a, [*unanswered, b], FAST), m.start("hearsay", b, [], FAST)]
        ears = [mesh.Ear(a), mesh.Ear(b)]
        took = mesh.until(lambda: mesh.complete(ears, [a, b]), DEADLINE, ears)
        report.check(took is not None and took <= PROMPT, "20 seeds without an answer of the resolver: the other one is found",
                     f"{took:.2f} s" if took is not None else mesh.missing(ears, [a, b]))
        mesh.until(lambda: count(nodes[0], f"PING! from host {b}") >= 20, DEADLINE, ears)
        heard = count(nodes[0], f"PING! from host {b}")
        report.check(heard >= 20 and asked, "and is heard all the while", f"{heard} messages; {len(asked)} names were asked for")
        for ear in ears:
            ear.close()


def run(report):
    one_peer(report)
    itself(report)
    if "IN_OWN_NETWORK" in os.environ:
        silent_resolver(report)
    else:
        print("skip a silent resolver: needs root or user namespaces", flush=True)
