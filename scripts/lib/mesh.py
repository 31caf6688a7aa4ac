"""What the scripts share: node processes, ears on what they publish, waiting for a state, and reporting.

Nodes live on addresses of 127.0.0.0/8 with the standard ports, and are named by their address. What a node lists is
read from the wire by a libzmq SUB, as any client could; its messages are read from its standard output.
"""
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

try:
    import zmq
except ImportError:
    sys.exit(f"{sys.executable} has no zmq, which the scripts listen with: apt-get install python3-zmq")

import lock  # needs zmq

DISCOVERY, MESSAGE = 20000, 30000
NO_KEYS = ()  # for an ear without keys in a locked mesh
EAR = "127.77.255.1"  # where ears connect from: nothing listens there, so nobody takes an ear for a node
HERE = os.path.dirname(os.path.abspath(__file__))
NAIVE = os.path.join(HERE, "..", "naive.py")
TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")

context = zmq.Context()
context.max_sockets = 4096


def address(i, net="127.77.0"):
    """The address, and so the name, of node number i, counted from 1: 250 in each network."""
    first, _, third = net.rpartition(".")
    return f"{first}.{int(third) + (i - 1) // 250}.{(i - 1) % 250 + 1}"


class Node:
    """A node process. Its output goes to files, so that a slow reader never holds it up."""

    def __init__(self, directory, kind, name, seeds=(), flags=(), env=None, bind=None):
        self.kind, self.name, self.address = kind, name, bind or name
        environ = {k: v for k, v in {**os.environ, "HOSTNAME": name, **(env or {})}.items() if v is not None}
        if kind == "naive":
            environ["NAIVE_ADDRESS"] = self.address
            command = [sys.executable, NAIVE, *seeds]
        elif kind == "serf":
            command = [os.environ["SERF"], "agent", f"-node={name}", f"-bind={self.address}:7946", f"-rpc-addr={self.address}:7373",
                       "-log-level=err", "-retry-interval=1s", *(f"-retry-join={seed}" for seed in seeds)]
        else:
            command = [os.environ["HEARSAY"], "node", "--hostname", name, "--bind", self.address, *flags, *seeds]
        life = next(i for i in itertools.count(1) if not os.path.exists(os.path.join(directory, f"{name}-{i}.out")))
        self.out, self.err = (os.path.join(directory, f"{name}-{life}.{end}") for end in ("out", "err"))
        with open(self.out, "wb") as out, open(self.err, "wb") as err:
            self.started = time.monotonic()
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=environ)
        self.pid = self.process.pid

    def alive(self):
        return self.process.poll() is None

    def send(self, number):
        if self.alive():
            self.process.send_signal(number)

    def stop(self, number=signal.SIGTERM, patience=5):
        """Ends the process and waits for it; returns its exit code."""
        self.send(number)
        try:
            return self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()

    def kill(self):
        return self.stop(signal.SIGKILL)

    def messages(self):
        """The bodies received so far, in order. Here, and nowhere else, is known how each kind prints them."""
        with open(self.out, errors="replace") as out:
            lines = out.read().splitlines()
        if self.kind != "naive":
            return lines
        mark = "message received: "
        return [line[len(mark):] for line in lines if line.startswith(mark)]

    def last_words(self, lines=3):
        with open(self.err, errors="replace") as err:
            return " | ".join(err.read().splitlines()[-lines:])

    def _stat(self):
        with open(f"/proc/{self.pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()

    def cpu(self):
        """Processor time used since the start, in seconds."""
        fields = self._stat()
        return (int(fields[11]) + int(fields[12])) / TICK

    def rss(self):
        """Resident memory, in MiB."""
        return int(self._stat()[21]) * PAGE / 2**20

    def fds(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))


class Mesh:
    """Node processes that end with the block, whatever happens in it."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="hearsay-")
        self.nodes = {}

    def start(self, kind, name, seeds=(), flags=(), **more):
        node = self.nodes[name] = Node(self.directory, kind, name, seeds, flags, **more)
        return node

    def __enter__(self):
        # Python stops at these without unwinding; a script that is told to end must end its nodes, however often it is told.
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) != signal.SIG_IGN:  # as under nohup
                signal.signal(number, lambda number, _: sys.exit(128 + number))
        return self

    def __exit__(self, kind, *_):
        before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)}
        try:
            self._end()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _end(self):
        for node in self.nodes.values():
            node.send(signal.SIGTERM)
        for node in self.nodes.values():
            node.stop()
        shutil.rmtree(self.directory, ignore_errors=True)


class Ear:
    """A libzmq SUB on one node: the frames it hears, or the lists."""

    def __init__(self, host, topic="0", port=DISCOVERY, source=EAR, keys=None, server=None, **options):
        self.host = host
        self.socket = context.socket(zmq.SUB)
        self.socket.linger = 0
        self.socket.rcvhwm = 0
        self.socket.reconnect_ivl = 20  # ms; the node may not be up yet
        for option, value in options.items():
            setattr(self.socket, option, value)
        if keys != NO_KEYS:
            lock.client(self.socket, keys, server)
        self.socket.subscribe(topic)
        self.socket.connect(f"tcp://{source}:0;{host}:{port}" if source else f"tcp://{host}:{port}")
        self.frames = []    # every message, as its frames
        self.names = None   # the newest whole list
        self.at = None      # when that list was first seen to be so
        self.ever = set()   # every name that was ever in a list

    def read(self):
        """Takes in what has arrived."""
        while self.socket.poll(0):
            frames = self.socket.recv_multipart()
            self.frames.append(frames)
            if frames[0] == b"0" and len(frames) > 1:
                self._list(frames)

    def _list(self, frames):
        names = frames[1].decode("utf-8", "backslashreplace").split(",")
        self.ever.update(names)
        if is_pulse(frames):
            return
        if self.names is None or set(names) != set(self.names):
            self.at = time.monotonic()
        self.names = names

    def close(self):
        self.socket.close()


def is_pulse(frames):
    """Whether a beat stands for the whole list that was sent before it."""
    try:
        return bool(json.loads(frames[2]).get("pulse"))
    except (IndexError, ValueError, AttributeError):
        return False


def until(condition, seconds, ears=(), meanwhile=lambda: None, every=0.05):
    """Waits until condition() holds, reading the ears and calling meanwhile() at least each `every` seconds.

    Returns the seconds that it took, or None if the deadline passed first.
    """
    poller = zmq.Poller()
    for ear in ears:
        poller.register(ear.socket, zmq.POLLIN)
    start = time.monotonic()
    while True:
        for ear in ears:
            ear.read()
        meanwhile()
        if condition():
            return time.monotonic() - start
        if time.monotonic() - start > seconds:
            return None
        poller.poll(every * 1000)


def complete(ears, names):
    """Whether each ear's newest whole list holds exactly these names."""
    names = set(names)
    return all(ear.names is not None and set(ear.names) == names for ear in ears)


def missing(ears, names):
    """What complete() still waits for, in words."""
    names, words = set(names), []
    for ear in ears:
        have = set(ear.names or ())
        if have != names:
            words.append(f"{ear.host} lacks {sorted(names - have)[:4]} has {sorted(have - names)[:4]}")
    return "; ".join(words[:4]) + (f"; and {len(words) - 4} more" if len(words) > 4 else "")


def connectable(name):
    """Whether a naive node would survive this name: libzmq throws at what it cannot connect to."""
    probe = context.socket(zmq.SUB)
    probe.linger = 0
    try:
        probe.connect(f"tcp://{name}:{DISCOVERY}")
        return True
    except (zmq.ZMQError, ValueError, UnicodeError):
        return False
    finally:
        probe.close()


class Publisher:
    """A node's two publishers without a node behind them: says whatever it is told to say."""

    def __init__(self, host):
        self.host = host
        self.discovery, self.message = self._bind(DISCOVERY), self._bind(MESSAGE)
        self.ears = []

    def _bind(self, port):
        socket = context.socket(zmq.PUB)
        socket.linger, socket.sndhwm = 0, 10
        lock.server(socket)
        socket.bind(f"tcp://{self.host}:{port}")
        return socket

    def listen(self, *hosts):
        """Subscribes to these nodes from this publisher's address, as a naive newcomer would."""
        self.ears += [Ear(host, source=self.host) for host in hosts]

    def list(self, *names):
        """Publishes a list: its own name, then these."""
        self.send(b"0", ",".join((self.host, *names)).encode())

    def say(self, body):
        self.message.send_multipart([b"1", body.encode()])

    def send(self, *frames):
        self.discovery.send_multipart(frames)

    def close(self):
        for socket in self.discovery, self.message, *(ear.socket for ear in self.ears):
            socket.close()


class Report:
    """One line for each thing that was to hold."""

    def __init__(self):
        self.done = self.failed = 0

    def check(self, holds, what, detail=""):
        self.done += 1
        self.failed += not holds
        print(f"{'ok  ' if holds else 'FAIL'} {what}{': ' if detail else ''}{detail}", flush=True)
        return holds

    def finish(self):
        print(f"{self.done - self.failed} of {self.done} held", flush=True)
        sys.exit(1 if self.failed else 0)
