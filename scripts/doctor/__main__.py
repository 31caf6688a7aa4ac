"""Sixteen broken meshes, and what 'hearsay doctor' finds in each. See scripts/doctor.sh."""
import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

import cut
import mesh
import web
from resolver import Resolver

SETTLE = 9  # seconds: three missed beats, and the five that a peer has before the doctor judges it
BLOCKED = 20  # seconds: what is said over a connection in vain is told after ten at the latest
TOLD = 40  # seconds: TCP asks every ten whether the other end is there, and no answer for twenty is told


class Broken:
    """A mesh of named nodes that a case breaks."""

    def __init__(self, m, resolver, cuts):
        self.mesh, self.resolver, self.cuts, self.nodes, self.unsaid = m, resolver, cuts, {}, []

    def start(self, name, i, *seeds, program="HEARSAY", files=None, label=None, flags=()):
        address = mesh.address(i)
        self.resolver.names.setdefault(name, address)
        before = os.environ["HEARSAY"]
        os.environ["HEARSAY"] = os.environ[program]
        if files:
            limit = os.path.join(self.mesh.directory, f"limited-{name}")
            with open(limit, "w") as script:
                script.write(f'#!/bin/sh\nulimit -n {files}\nexec {before} "$@"\n')
            os.chmod(limit, 0o755)
            os.environ["HEARSAY"] = limit
        try:
            self.mesh.start("hearsay", name, seeds, [*flags, *(["--mesh", label] if label else [])], bind=address)
            self.nodes[name] = self.mesh.nodes[f"{name} at {address}"] = self.mesh.nodes.pop(name)  # two may have one name
        finally:
            os.environ["HEARSAY"] = before

    def ring(self, n=3, first=1):
        for i in range(first, first + n):
            self.start(f"node_{i}", i, f"node_{first + (i - first + 1) % n}")
        self.wait(first, n)

    def wait(self, i, n):
        done = mesh.until(lambda: sum(s == "alive" for s in web.states(mesh.address(i)).values()) == n - 1, 20)
        if done is None:
            sys.exit(f"node_{i} does not hear {n - 1}: {web.states(mesh.address(i))}")

    def doctor(self, i, *seeds):
        command = [os.environ["HEARSAY"], "doctor", "--json", "--addr", f"{mesh.address(i)}:8080", "--bind", mesh.address(i), *seeds]
        run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
        try:
            return run.returncode, json.loads(run.stdout)["findings"]
        except (ValueError, KeyError):
            sys.exit(f"{' '.join(command)}: status {run.returncode}, {run.stdout} {run.stderr}")

    def says(self, i, *words, command, status=0):
        """What a command prints when it asks a node has these words."""
        run = subprocess.run([os.environ["HEARSAY"], command[0], "--addr", f"{mesh.address(i)}:8080", *command[1:]],
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
        self.holds(run.returncode == status and all(w in run.stdout for w in words), f"{' '.join(command)} at node_{i}", run.stdout)

    def shows(self, i, path, *words):
        """What a node answers at a path has these words."""
        with urllib.request.urlopen(f"http://{mesh.address(i)}:8080{path}", timeout=10) as answer:
            text = answer.read().decode()
        self.holds(all(w in text for w in words), f"{path} of node_{i}", text)

    def shows_any(self, i, path, *words):
        """The same, where a node may not be ready."""
        try:
            self.shows(i, path, *words)
        except urllib.error.HTTPError as refused:
            text = refused.read().decode()
            self.holds(all(w in text for w in words), f"{path} of node_{i}", text)

    def logs(self, i, *words):
        """One line of a node's log has these words."""
        self.log_of(f"node_{i} at {mesh.address(i)}", *words)

    def log_of(self, node, *words):
        """The same of a node by its name and address: two may have one name."""
        with open(self.mesh.nodes[node].err) as log:
            lines = log.read().splitlines()
        self.holds(any(all(w in line for w in words) for line in lines), f"log of {node}", "\n".join(lines))

    def holds(self, well, what, said):
        if not well:
            self.unsaid.append(f"{what} does not say so: {said[:2000]}")


def sound(b):
    """Nothing is wrong."""
    b.ring()
    time.sleep(6)
    yield b.doctor(1), []


def one_name(b):
    """Two nodes with one name."""
    b.ring()
    time.sleep(2)
    b.start("node_3", 9, "node_1")
    time.sleep(SETTLE)
    yield b.doctor(1), [("fault", "peers", "two processes use this name", "127.77.0.3:20000", "127.77.0.9:20000")]
    yield b.doctor(9), [("fault", "name", "is the member", "node_3")]
    words = "another process, younger than this one, uses the name node_3 at 127.77.0.9:20000"
    told = mesh.until(lambda: web.ask(mesh.address(3), "/v1/status")["namesake"], TOLD)
    b.holds(told is not None, "/v1/status of node_3", "nothing of the other process")
    yield b.doctor(3), [("fault", "name", words)]
    for i, said in (1, "two processes use this name"), (3, words), (9, "is the member"):
        b.says(i, said, command=["health"])
        b.shows_any(i, "/readyz", said)
    for command in ["health", "--ready"], ["members"]:
        b.says(3, words, command=command)
    b.logs(1, "level=WARN", "peer conflict", "node_3", "127.77.0.3:20000", "127.77.0.9:20000")
    b.logs(3, "level=WARN", "peer conflict", words)
    b.log_of("node_3 at 127.77.0.9", "level=WARN", "peer conflict", "is the member")


def wrong_seed(b):
    """A seed that does not exist, and one where nobody runs."""
    b.resolver.names["node_2"] = mesh.address(2)
    b.start("node_1", 1, "noed_2", "node_2")
    time.sleep(3)
    yield b.doctor(1), [("fault", "seeds", "noed_2", "no such host"), ("fault", "seeds", "node_2", "refuses connections"),
                        ("fault", "node", "not ready", "no such host")]
    b.says(1, "no member is reached: the node hears nobody", command=["pub", "hello"])
    b.start("node_2", 2)
    b.wait(1, 2)
    for command, word in (["health"], "ok: "), (["health", "--ready"], "ready: "), (["members"], "it hears 1 peer, but "):
        b.says(1, word, "seed noed_2: no such host", command=command)
    b.shows(1, "/metrics", "hearsay_seeds_unreached 1")
    b.nodes["node_2"].kill()
    dead = mesh.until(lambda: "suspect" in web.states(mesh.address(1)).values(), 20)
    b.holds(dead is not None, "members", "no suspect")
    b.says(1, "no member is reached: not handed to 1 member: node_2", command=["pub", "hello"])


def messages_blocked(b):
    """Port 30000 of one is blocked, port 20000 is not."""
    b.cuts.port(mesh.address(2), mesh.MESSAGE, [mesh.address(1), mesh.address(3)])
    b.ring()
    time.sleep(SETTLE)
    yield b.doctor(1), [("fault", "peers", "node_2 is heard, but its messages do not arrive", "127.77.0.2:30000", "timed out")]
    yield b.doctor(2), [("fault", "peers", "node_1 does not get this node's messages"), ("fault", "peers", "node_3 does not get")]
    time.sleep(5)
    b.logs(1, "level=WARN", "peer unlinked", "peer=node_2",
           "its messages do not arrive directly: 127.77.0.2:30000 does not answer: timed out")
    for other in "node_1", "node_3":
        b.logs(2, "level=WARN", "unlinked", other, "this node's messages do not reach it")
    for i, other, cause in ((1, "node_2", "127.77.0.2:30000 does not answer: timed out"),
                            (2, "node_1", "no connection of it comes to port 30000")):
        b.says(i, "ok: messages do not pass directly between it and ", other, cause, command=["health"])
        b.says(i, "ready: messages do not pass directly between it and ", other, command=["health", "--ready"])
        b.shows(i, "/readyz", "but messages do not pass directly between it and ", other, cause)
        b.shows(i, "/metrics", f'hearsay_peer_unlinked{{peer="{other}"}} 1', f"hearsay_peers_unlinked {i}")
    b.says(1, "no message link", "unlinked: its messages do not arrive directly", command=["members"])
    b.says(2, "our messages do not reach it", command=["members"])
    b.says(1, "those of node_2 do not arrive here", command=["links"])
    b.says(2, "ours do not reach node_1", "ours do not reach node_3", command=["links"])
    b.says(1, "published 5 bytes\n", command=["pub", "hello"])
    b.says(2, "no member is reached: not handed to 2 members: ", "node_1", "node_3", command=["pub", "hello"])
    b.says(1, "node_2: heard; no message link", command=["wait", "--members", "3", "--timeout", "2s"], status=4)


def messages_blocked_later(b):
    """Port 30000 of one is blocked while everybody is linked to it and nobody says anything, and opened again."""
    b.ring()
    linked = mesh.until(lambda: all(flowing(i) == 2 for i in (1, 2, 3)), 20)
    b.holds(linked is not None, "the ring", "not linked before the fault")
    time.sleep(SETTLE)
    b.cuts.port(mesh.address(2), mesh.MESSAGE, [mesh.address(1), mesh.address(3)])
    begin = time.monotonic()
    yield b.doctor(1), [("fault", "peers", "node_2 is heard, and a connection for its messages stands", "127.77.0.2:30000", "timed out")]
    pairs = (1, "node_2"), (3, "node_2"), (2, "node_1"), (2, "node_3")
    told = mesh.until(lambda: all(unlinked(i, other) for i, other in pairs), 2 * TOLD)
    print(f"    told by both ends after {time.monotonic() - begin:.1f} s", flush=True)
    b.holds(told is not None and time.monotonic() - begin < BLOCKED, "members", "too late")
    time.sleep(5)  # what many are told of waits, to be one line of the log
    b.logs(1, "level=WARN", "peer unlinked", "peer=node_2", "nothing comes back over the connection to its port 30000")
    for other in "node_1", "node_3":
        b.logs(2, "level=WARN", "unlinked", other, "nothing comes back over its connection to port 30000")
    yield b.doctor(1), [("fault", "peers", "node_2 is heard, but its messages do not arrive", "127.77.0.2:30000", "timed out")]
    yield b.doctor(2), [("fault", "peers", "node_1 does not get this node's messages"), ("fault", "peers", "node_3 does not get")]
    b.says(2, "no member is reached: not handed to 2 members: ", "node_1", "node_3", command=["pub", "while shut"])
    b.cuts.heal()
    back = mesh.until(lambda: all(flowing(i) == 2 for i in (1, 2, 3)), 60)
    b.holds(back is not None, "members", "not taken back after it is open again")
    heard = mesh.until(lambda: all("while shut" in b.nodes[f"node_{i}"].messages() for i in (1, 3)), 20)
    b.holds(heard is not None, "messages", "what was said meanwhile did not arrive")
    yield b.doctor(1), []


def flowing(i):
    return sum(m["flowing"] for m in web.ask(mesh.address(i), "/v1/members")["members"] if m["state"] == "alive")


def unlinked(i, other):
    return any(m["name"] == other and m["unlinked"] for m in web.ask(mesh.address(i), "/v1/members")["members"])


def one_way(b):
    """Port 20000 of one is blocked for one other."""
    b.cuts.port(mesh.address(1), mesh.DISCOVERY, [mesh.address(2)])
    b.ring()
    time.sleep(SETTLE)
    yield b.doctor(1), [("fault", "peers", "node_2 does not hear this node")]
    yield b.doctor(2), [("fault", "seeds|peers", "node_1", "127.77.0.1:20000", "timed out")]
    sides = ((1, "node_2", "it does not hear this node, which hears it"),
             (2, "node_1", "it hears this node, which does not hear it: 127.77.0.1:20000 does not"))
    for i, other, words in sides:
        begin = time.monotonic()
        told = mesh.until(lambda: any(m["name"] == other and m["one_way"] for m in web.ask(mesh.address(i), "/v1/members")["members"]), 20)
        b.holds(told is not None, f"members of node_{i}", "nothing of the one way")
        print(f"    told by node_{i} {time.monotonic() - begin:.1f} s later", flush=True)
        for command in ["health"], ["health", "--ready"], ["members"]:
            b.says(i, words, command=command)
        b.shows(i, "/metrics", "hearsay_peers_one_way 1")
    for i in 1, 2, 3:  # node_3 relays
        b.says(i, "3 alive", command=["wait", "--members", "3", "--timeout", "10s"])
    b.says(1, "not handed directly to 1 member: node_2", command=["pub", "hello"])
    time.sleep(1)  # what many may be told of waits, to be one line of the log
    for i, other, words in sides:
        b.logs(i, "level=WARN", "one-way", other, words)


def stale_dns(b):
    """DNS leads to where a node was."""
    b.ring()
    time.sleep(2)
    b.nodes["node_3"].kill()
    b.start("node_3", 9, "node_1")
    time.sleep(SETTLE)
    yield b.doctor(1), [("fault", "peers", "leads to 127.77.0.3, but calls from 127.77.0.9", "DNS is out of date")]
    words = "its name leads elsewhere than it calls from, which is 127.77.0.9: 127.77.0.3:20000 refuses connections"
    told = mesh.until(lambda: any(m["name"] == "node_3" and m["stale"] for m in web.ask(mesh.address(1), "/v1/members")["members"]), 40)
    b.holds(told is not None, "members", "nothing of the stale name")
    for command in ["health"], ["health", "--ready"], ["members"]:
        b.says(1, words, command=command)
    time.sleep(1)
    b.logs(1, "level=WARN", "stale", "node_3", words)


def clock(b):
    """The clock of one is an hour off."""
    b.ring(2)
    with Clocks(b, "node_1", node_3=3600):
        b.wait(1, 3)
        time.sleep(8)
        yield b.doctor(1), [("fault", "clocks", "clock of node_3", "1h0m", "ahead")]
        off_clock(b, "node_3", "its clock is 1h0m0s ahead of this node's", 'hearsay_peer_clock_ahead_seconds{peer="node_3"} 3')


def late_clock(b):
    """The clock of one is a minute behind, as what is delayed may seem to be."""
    b.ring(2)
    with Clocks(b, "node_1", node_3=-60):
        b.wait(1, 3)
        yield b.doctor(1), [("fault", "clocks", "clock of node_3", "behind")]
        off_clock(b, "node_3", "its clock is 1m", "behind this node's", 'hearsay_peer_clock_ahead_seconds{peer="node_3"} -')


def own_clock(b):
    """The clock of the node itself is an hour off: the others agree."""
    b.start("node_1", 1)
    with Clocks(b, "node_1", node_3=3600, node_4=3600):
        b.wait(1, 3)
        time.sleep(8)
        yield b.doctor(1), [("fault", "clocks", "this machine's clock is 1h0m0s behind those of 2 peers")]
        off_clock(b, "node_1", "this node's clock is 1h0m0s behind those of 2 peers", "hearsay_clock_off 1")


class Clocks:
    """Nodes whose clocks are so many seconds ahead."""

    def __init__(self, b, seed, **ahead):
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "clock.py")
        for name in ahead:
            b.resolver.names[name] = mesh.address(int(name.rpartition("_")[2]))
        self.processes = [subprocess.Popen([sys.executable, script, name, b.resolver.names[name], seed, str(seconds)])
                          for name, seconds in ahead.items()]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.kill()
            process.wait()


def off_clock(b, who, *words):
    """node_1 tells of whose clock is off, unasked."""
    *words, metric = words
    told = mesh.until(lambda: words[0] in json.dumps(web.ask(mesh.address(1), "/v1/members")), TOLD)
    b.holds(told is not None, "members", "nothing of the clock")
    for command in ["health"], ["health", "--ready"], ["members"]:
        b.says(1, *words, command=command)
    b.shows(1, "/readyz", *words)
    b.shows(1, "/metrics", metric)
    time.sleep(1)
    b.logs(1, "level=WARN", "peer clock", who, *words)


def few_files(b):
    """One may open 64 files."""
    b.start("node_1", 1, "node_2", files=64)
    b.start("node_2", 2, "node_1")
    b.wait(1, 2)
    time.sleep(6)
    yield b.doctor(1), [("fault", "files", "may open 64 files")]


def two_meshes(b):
    """Two meshes in one network."""
    b.ring(2)
    b.ring(2, first=3)
    time.sleep(6)
    yield b.doctor(1, "node_3"), [("fault", "seeds", "node_3 is in another mesh", "node_4", "node_2")]


def two_labels(b):
    """Two meshes in one network, each with a label, and a seed that leads from one into the other."""
    for i, label, seed in (1, "blue", "node_2"), (2, "blue", "node_1"), (3, "red", "node_4"), (4, "red", "node_3"):
        b.start(f"node_{i}", i, seed, *(["node_3"] if i == 1 else []), label=label)
    b.wait(1, 2)
    b.wait(3, 2)
    time.sleep(6)
    yield b.doctor(1, "node_3"), [("fault", "seeds", "node_3", "127.77.0.3:20000 is of another mesh (red)", "this node is of mesh blue")]
    yield b.doctor(3), [("ok", "mesh", "node_1", "of another mesh (blue)")]
    b.logs(1, "level=WARN", "node_3", "another mesh (red)")
    b.says(1, "node_3", "another mesh (red)", command=["members"])
    b.shows(1, "/metrics", 'mesh="blue"')


def keys(b):
    """Locked meshes: no key, a wrong key, one that is not authorised, and an open seed."""
    def pair(directory, name="mesh"):
        os.makedirs(os.path.join(b.mesh.directory, directory), exist_ok=True)
        subprocess.run([os.environ["HEARSAY"], "keygen", "--name", name, "--dir", os.path.join(b.mesh.directory, directory)],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return os.path.join(b.mesh.directory, directory, name + ".key_secret")
    one, other = ("--mesh-key", pair("one")), ("--mesh-key", pair("other"))
    own = {}
    for name in "node_6", "node_7":
        own[name] = "--key", pair(name, name), "--authorized-keys", os.path.join(b.mesh.directory, name)
    shutil.copy(os.path.join(b.mesh.directory, "node_7", "node_7.key"), os.path.join(b.mesh.directory, "node_6"))
    b.start("node_1", 1, "node_2", flags=one)
    b.start("node_2", 2, "node_1", flags=one)
    b.start("node_3", 3, "node_1", flags=other)
    b.start("node_4", 4, "node_1")
    b.start("node_5", 5, "node_4", flags=one)
    b.start("node_6", 6, "node_7", flags=own["node_6"])
    b.start("node_7", 7, flags=own["node_7"])
    b.wait(1, 2)
    time.sleep(6)
    yield b.doctor(1, *one), []
    yield b.doctor(1), []
    yield b.doctor(3, *other), [("fault", "seeds", "node_1", "wrong key", "127.77.0.1:20000")]
    yield b.doctor(3), [("fault", "seeds", "node_1", "wrong key"), ("warning", "keys", "the doctor has no key")]
    yield b.doctor(4), [("fault", "seeds", "node_1", "no key", "locked, and this node is open")]
    yield b.doctor(5, *one), [("fault", "seeds", "node_4", "no key", "is open, and this node is locked")]
    yield b.doctor(6, *own["node_6"]), [("fault", "seeds", "node_7", "not let in", "does not know this node's key")]
    b.logs(1, "level=WARN", "peer refused", "127.77.0.4", "no key: it is open, and this node is locked")
    b.logs(4, "level=WARN", "peer refused", "127.77.0.5", "no key here: it is locked, and this node is open")
    b.logs(4, "level=WARN", "node_1", "no key: 127.77.0.1:20000 is locked, and this node is open")
    b.logs(5, "level=WARN", "node_4", "no key: 127.77.0.4:20000 is open, and this node is locked")
    yield b.doctor(1), [("warning", "keys", "127.77.0.3 knocked", "wrong key"),
                        ("warning", "keys", "127.77.0.4 knocked", "no key: it is open")]
    yield b.doctor(3, *one), [("fault", "keys", "not that of node_3"), ("fault", "seeds", "node_1", "wrong key")]


def versions(b):
    """A peer of another version."""
    b.start("node_1", 1, "node_2")
    b.start("node_2", 2, "node_1", program="OTHER_HEARSAY")
    b.wait(1, 2)
    time.sleep(6)
    yield b.doctor(1), [("warning", "versions", "hearsay v0.0.1 on node_2")]


def frozen(b):
    """A node that is stopped."""
    b.ring()
    b.nodes["node_3"].send(signal.SIGSTOP)
    try:
        time.sleep(SETTLE)
        yield b.doctor(1), [("fault", "peers", "node_3", "accepts connections and says nothing")]
        yield b.doctor(3), [("fault", "node", "127.77.0.3:8080 accepts connections and does not answer")]
    finally:
        b.nodes["node_3"].send(signal.SIGCONT)


CASES = {f.__name__: f for f in (
    sound, one_name, wrong_seed, messages_blocked, messages_blocked_later, one_way, stale_dns, clock, late_clock, own_clock,
    few_files, two_meshes, two_labels, keys, versions, frozen)}


def same(finding, want):
    level, checks, *words = want
    return finding["level"] == level and finding["check"] in checks.split("|") and all(w in finding["text"] for w in words)


def judge(status, findings, wanted):
    """What is wrong with the doctor's word: findings that are missing, faults that are not there."""
    wrong = [f"nothing of {want}" for want in wanted if not any(same(f, want) for f in findings)]
    checks = {check for _, check, *_ in wanted for check in check.split("|")}
    about = checks | ({"seeds", "peers", "mesh", "node", "links"} if wanted else set())
    wrong += [f"unasked: {f['check']}: {f['text']}" for f in findings if f["level"] == "fault" and f["check"] not in about]
    faults = any(level == "fault" for level, *_ in wanted)
    if (status == 1) != faults:
        wrong.append(f"status {status}")
    return wrong


def play(case, resolver, cuts, show):
    resolver.names.clear()
    cuts.heal()
    bad = []
    with mesh.Mesh() as m:
        broken = Broken(m, resolver, cuts)
        for (status, findings), wanted in case(broken):
            wrong = judge(status, findings, wanted)
            bad += wrong
            for f in findings:
                if show or wrong or any(same(f, want) for want in wanted):
                    print(f"    {f['level']:8} {f['check']:9} {f['text']}")
                    if f.get("do"):
                        print(f"    {'':18} > {f['do']}")
            for text in wrong:
                print(f"    WRONG: {text}")
        for text in broken.unsaid:
            print(f"    WRONG: {text}")
        bad += broken.unsaid
    return bad


def main():
    parser = argparse.ArgumentParser(prog="doctor.sh")
    parser.add_argument("--cases", default=",".join(CASES))
    parser.add_argument("--show", action="store_true", help="all that the doctor says")
    args = parser.parse_args()
    resolver, cuts = Resolver(), cut.Cuts()
    failed = 0
    try:
        for name in args.cases.split(","):
            print(f"{name}: {CASES[name].__doc__}", flush=True)
            failed += bool(play(CASES[name], resolver, cuts, args.show))
            sys.stdout.flush()
    finally:
        cuts.heal()
        resolver.close()
    print(f"{len(args.cases.split(',')) - failed} of {len(args.cases.split(','))} meshes were seen through")
    sys.exit(failed > 0)


main()
