"""A locked mesh: stock libzmq is in it with the key, and gets nothing without; nothing goes over the wire in the clear."""
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import capture
import mesh
import web
import zmq
import zmq.auth

DEADLINE = 20  # seconds
ROOT = os.path.join(mesh.HERE, "..", "..")
EXAMPLES = os.path.join(ROOT, "examples", "locked")
LATER = 2.0  # seconds in which nothing may come


def name(i):
    return f"127.77.9.{i}"


class Keys:
    """A directory with key pairs, made by this program and by pyzmq."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="hearsay-keys-")

    def make(self, of):
        subprocess.run([os.environ["HEARSAY"], "keygen", "--dir", self.dir, "--name", of], check=True, stdout=subprocess.DEVNULL)
        return self.secret(of)

    def secret(self, of):
        return os.path.join(self.dir, of + ".key_secret")

    def pair(self, of):
        return zmq.auth.load_certificate(self.secret(of))

    def close(self):
        shutil.rmtree(self.dir, ignore_errors=True)


class Program:
    """Another process, and what it prints."""

    def __init__(self, directory, *command):
        self.path = os.path.join(directory, f"program-{time.monotonic_ns()}")
        with open(self.path, "wb") as out:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)

    def said(self):
        with open(self.path, errors="replace") as out:
            return out.read().splitlines()

    def close(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def open_environment(env):
    """For a node that has the keys that it is given, and no others."""
    return {"HEARSAY_MESH_KEY": None, **env}


def counter(of):
    """What the first node has counted."""
    status = web.ask(name(1), "/v1/status")
    return status["counters"][f"link_{of}"] if status else 0


def compile_c(directory):
    program = os.path.join(directory, "subscriber")
    subprocess.run(["cc", "-O2", "-Wall", "-Wextra", "-o", program, os.path.join(EXAMPLES, "subscriber.c"), "-lzmq"], check=True)
    return program


def certificates(report, keys):
    """Each program reads what the other wrote."""
    keys.make("mesh")
    public, secret = keys.pair("mesh")
    report.check(secret and zmq.curve_public(secret) == public, "pyzmq reads a pair of hearsay keygen, and it is a pair")
    public, _ = zmq.auth.load_certificate(os.path.join(keys.dir, "mesh.key"))
    report.check(public == keys.pair("mesh")[0], "and the file of its public key alone")
    report.check(os.stat(keys.secret("mesh")).st_mode & 0o777 == 0o600, "the secret is for its owner alone")
    zmq.auth.create_certificates(keys.dir, "pyzmq")


def members(report, keys):
    """Nodes whose pair pyzmq made, and stock clients among them."""
    secret = keys.secret("pyzmq")
    env = open_environment({"HEARSAY_MESH_KEY": secret})
    with mesh.Mesh() as m:
        nodes = [m.start("hearsay", name(i), [name(i % 2 + 1)], ["--ping", "--interval", "500ms"], env=env) for i in (1, 2)]
        python = [sys.executable, os.path.join(EXAMPLES, "subscriber.py")]
        compiled = [compile_c(m.directory)]
        good = {"pyzmq": Program(m.directory, *python, name(1), secret), "C": Program(m.directory, *compiled, name(1), secret)}
        bad = [Program(m.directory, *python, name(1), keys.secret("mesh")), Program(m.directory, *compiled, name(1), keys.secret("mesh"))]
        member = Program(m.directory, sys.executable, os.path.join(EXAMPLES, "member.py"), name(3), secret, name(1))
        ears = [mesh.Ear(name(i), keys=keys.pair("pyzmq")) for i in (1, 2)]
        stranger, public = zmq.curve_keypair(), keys.pair("pyzmq")[0]
        eaves = [mesh.Ear(name(i), "", port, keys=stranger, server=public) for i in (1, 3) for port in (mesh.DISCOVERY, mesh.MESSAGE)]
        everybody = [name(i) for i in (1, 2, 3)]
        took = mesh.until(lambda: mesh.complete(ears, everybody), DEADLINE, ears)
        report.check(took is not None, "a member of fifty lines of Python and two nodes list each other", mesh.missing(ears, everybody))
        for kind, program in good.items():
            took = mesh.until(lambda p=program: f"PING! from host {name(1)}" in p.said(), DEADLINE)
            report.check(took is not None, f"a SUB of {kind} with three socket options gets the messages", str(program.said()[-2:]))
        wanted = {f"PING! from host {of}" for of in everybody}
        took = mesh.until(lambda: wanted <= set(member.said()) and
                          all(f"PING! from host {name(3)}" in n.messages() for n in nodes), DEADLINE)
        report.check(took is not None, "the member hears all, and all hear it", str(sorted(set(member.said()))[-4:]))
        took = mesh.until(lambda: counter("refused_wrong_key") >= 2, DEADLINE)
        report.check(took is not None and not any(p.said() for p in bad), "both with another key get nothing",
                     str([p.said()[-1:] for p in bad]))
        mesh.until(lambda: False, LATER, eaves)
        report.check(not any(e.frames for e in eaves), "who knows the public key alone reads neither a node nor the member",
                     str([e.frames[:1] for e in eaves]))
        plain = []

        def refused():
            """libzmq leaves when it sees CURVE. What it had said is lost if it resets the connection before the node reads."""
            if counter("refused_no_key") >= 2:
                return True
            plain.extend([mesh.Ear(name(1), keys=mesh.NO_KEYS), mesh.Ear(name(1), "1", mesh.MESSAGE, keys=mesh.NO_KEYS)])
            return False

        took = mesh.until(refused, DEADLINE, plain, every=1)
        mesh.until(lambda: False, LATER, plain)
        report.check(took is not None and not any(e.frames for e in plain), "and so do those without a key")
        report.check(mesh.complete(ears, everybody) and all(n.alive() for n in nodes), "the nodes are unharmed")
        lines = sum("peer refused" in line for line in open(nodes[0].err, errors="replace"))
        report.check(0 < lines <= 8, "each address is logged once, not each attempt", f"{lines} lines")
        for end in [*good.values(), *bad, member, *ears, *eaves, *plain]:
            end.close()


def own_keys(report, keys):
    """Each node has its own pair. A reader of pyzmq has one too, and is nobody's peer."""
    for i in 1, 2:
        keys.make(name(i))
    readers = os.path.join(keys.dir, "authorized", "readers")
    os.makedirs(readers)
    for i in 1, 2:
        shutil.copy(os.path.join(keys.dir, name(i) + ".key"), os.path.join(keys.dir, "authorized"))
    zmq.auth.create_certificates(keys.dir, "screen")
    shutil.copy(os.path.join(keys.dir, "screen.key"), readers)
    zmq.auth.create_certificates(keys.dir, "stranger")
    with mesh.Mesh() as m:
        nodes = []
        for i in 1, 2:
            env = open_environment({"HEARSAY_KEY": keys.secret(name(i)), "HEARSAY_AUTHORIZED_KEYS": os.path.join(keys.dir, "authorized")})
            nodes.append(m.start("hearsay", name(i), [name(i % 2 + 1)], env=env))
        ears = [mesh.Ear(name(i), keys=keys.pair("screen"), server=keys.pair(name(i))[0]) for i in (1, 2)]
        both = [name(1), name(2)]
        report.check(mesh.until(lambda: mesh.complete(ears, both), DEADLINE, ears) is not None,
                     "own keys: two nodes list each other, and a reader of pyzmq hears both", mesh.missing(ears, both))
        strangers = [mesh.Ear(name(1), keys=keys.pair("stranger"), server=keys.pair(name(1))[0]),
                     mesh.Ear(name(1), keys=keys.pair("screen"), server=keys.pair(name(2))[0])]
        took = mesh.until(lambda: counter("refused_unauthorized") and
                          counter("refused_wrong_key"), DEADLINE, strangers)
        report.check(took is not None and not any(e.frames for e in strangers),
                     "a stranger with a pair of its own, and a reader that means another node, get nothing")
        mesh.until(lambda: False, LATER, ears)
        report.check(set(web.states(name(1))) == {name(2)}, "the reader is nobody's peer", str(web.states(name(1))))
        os.remove(os.path.join(readers, "screen.key"))
        gone = time.monotonic()
        mesh.until(lambda: counter("withdrawn") >= 1, DEADLINE, ears)
        silent = time.monotonic() - gone
        for ear in ears:
            ear.frames.clear()
        mesh.until(lambda: False, LATER, ears)
        report.check(silent < 5 and not any(e.frames for e in ears), "its key is withdrawn: it hears nothing any more", f"{silent:.1f} s")
        report.check(all(n.alive() for n in nodes), "the nodes are unharmed")
        for ear in ears + strangers:
            ear.close()


def ring(report):
    """The ring in one process is locked for others, too."""
    with tempfile.TemporaryDirectory() as directory:
        program = Program(directory, "env", "-u", "HEARSAY_MESH_KEY", os.environ["HEARSAY"], "ring", "--locked")
        made = "locked: the key is in "
        mesh.until(lambda: any(line.startswith(made) for line in program.said()), DEADLINE)
        (path,) = [line[len(made):].split(",")[0] for line in program.said() if line.startswith(made)]
        names = [mesh.address(i) for i in (1, 2, 3, 4)]
        within, outside = mesh.Ear(names[0], keys=zmq.auth.load_certificate(path)), mesh.Ear(names[0], keys=mesh.NO_KEYS)
        took = mesh.until(lambda: mesh.complete([within], names), DEADLINE, [within, outside])
        report.check(took is not None and not outside.frames, "hearsay ring --locked: who has its key hears it, and others do not",
                     mesh.missing([within], names))
        program.process.send_signal(signal.SIGINT)
        ended = program.process.wait(timeout=DEADLINE) == 0
        report.check(ended and not os.path.exists(path), "and the key goes with it", path)
        within.close()
        outside.close()


def in_the_clear(report, keys):
    """What a capture shows of a ring that forms and talks: all, if it is open, and nothing, if it is locked."""
    if not capture.possible():
        print("skip: a capture needs a network of its own", flush=True)
        return
    names = [name(i) for i in (1, 2, 3)]
    said = [*names, "channel_of_nobody_else", "PING! from host"]
    for kind, env in ("open", {}), ("locked", {"HEARSAY_MESH_KEY": keys.secret("mesh")}):
        with mesh.Mesh() as m, capture.Capture() as wire:
            flags = ["--channel", said[3], "--ping", "--interval", "500ms", "--http", ""]
            nodes = [m.start("hearsay", n, names, flags, env=open_environment(env)) for n in names]
            pings = {f"PING! from host {n}" for n in names}
            talked = mesh.until(lambda: all(pings <= set(n.messages()) for n in nodes), DEADLINE) is not None
        found = wire.holds(*said)
        what = f"{len(wire.data)} bytes in {wire.packets} packets, in the clear {found}"
        if kind == "open":
            report.check(talked and found == said, "capture of an open ring: it shows every name, topic and body", what)
        else:
            report.check(talked and wire.packets > 100 and not found, "capture of a locked ring: it shows none", what)


def run(report):
    keys = Keys()
    try:
        certificates(report, keys)
        members(report, keys)
        own_keys(report, keys)
        ring(report)
        in_the_clear(report, keys)
    finally:
        keys.close()
