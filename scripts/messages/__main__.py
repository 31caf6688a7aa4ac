"""Messages from application to application: hearsay, libzmq and NATS core in turn. See messages.sh.

Every process of a measurement says "ready", begins at the next line of its standard input, and says in one line of JSON
what it has seen. What processes are called with stands in scripts/bench/node/main.go.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile

import zmq.auth

NAMES = {"hearsay": "hearsay", "libzmq": "libzmq, in C", "nats": "NATS core"}
NATS = "127.0.0.1:24222"
TICK = os.sysconf("SC_CLK_TCK")
SHAPES = {"1-1": (1, 1), "1-8": (1, 8), "1-32": (1, 32), "8-8": (8, 8)}
PATIENCE = 120  # seconds for one measurement
BURST = {100: 190_000_000, 1024: 500_000_000, 65536: 2_000_000_000}  # bytes that a measurement delivers, about
RATES = (1_000, 20_000)
LOCKED_GOAL = 0.8  # times libzmq's rate with CURVE, of one stream of messages of 1 KiB


class Process:
    def __init__(self, *command):
        self.name = " ".join(map(str, command))
        self.popen = subprocess.Popen([str(c) for c in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def say(self, line=""):
        self.popen.stdin.write(line + "\n")
        self.popen.stdin.flush()

    def line(self):
        line = self.popen.stdout.readline()
        if not line:
            sys.exit(f"messages.sh: {self.name} ended with status {self.popen.wait()}")
        return line.strip()

    def cpu(self):
        """Seconds of processor that it has used."""
        with open(f"/proc/{self.popen.pid}/stat", encoding="ascii") as f:
            fields = f.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def end(self):
        self.popen.stdin.close()
        try:
            self.popen.wait(10)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()


def commands(args, kind, shape, count, size, rate):
    """The command lines of all members, publishers first."""
    publishers, subscribers = SHAPES[shape]
    if publishers > 1:
        roles = ["both"] * publishers
    else:
        roles = ["pub"] + ["sub"] * subscribers
    program = os.path.join(args.programs, {"hearsay": "node"}.get(kind, kind))
    more = {"nats": [NATS], "hearsay": args.hearsay.split()}.get(kind, [])
    return [[program, role, i, len(roles), count, size, rate, *more] for i, role in enumerate(roles)]


def measure(args, kind, shape, count, size, rate=0):
    """One measurement. Returns what it comes to."""
    server = [Process(os.path.join(args.programs, "nats"), "server", NATS)] if kind == "nats" else []
    members = []
    try:
        for p in server:
            p.line()
        members = [Process(*c) for c in commands(args, kind, shape, count, size, rate)]
        for p in members:
            p.line()
        before = sum(p.cpu() for p in server + members)
        for p in reversed(members):
            p.say()
        results = [json.loads(p.line()) for p in members]
        cpu = sum(p.cpu() for p in server + members) - before
    finally:
        for p in members + server:
            p.end()
    heard = [r for r in results if r["expected"]]
    got, expected = sum(r["got"] for r in heard), sum(r["expected"] for r in heard)
    if any(r["disorder"] for r in heard):
        sys.exit(f"messages.sh: {kind} {shape}: {sum(r['disorder'] for r in heard)} messages out of order")
    first, last = min(r["first"] for r in heard), max(r["last"] for r in heard)
    latency = [max(r["latency"][i] for r in heard if r["latency"]) for i in range(4)]
    return {"rate": (got - len(heard)) / max((last - first) / 1e9, 1e-9), "lost": 1 - got / expected, "latency": latency,
            "cpu": cpu / got * 1e6}


def rounds(args, shape, count, size, rate=0):
    """The same of all kinds, several times in turn: the medians."""
    all_of = {kind: [] for kind in args.kinds}
    for _ in range(args.rounds):
        for kind in args.kinds:
            all_of[kind].append(measure(args, kind, shape, count, size, rate))
    out = {}
    for kind, results in all_of.items():
        out[kind] = {key: statistics.median(r[key] for r in results) for key in ("rate", "lost", "cpu")}
        out[kind]["lost"] = max(r["lost"] for r in results)
        out[kind]["latency"] = [statistics.median(r["latency"][i] for r in results) for i in range(4)]
    return out


class Goals:
    def __init__(self):
        self.lines, self.missed = [], 0

    def check(self, what, value, bound, least=True):
        good = value >= bound if least else value <= bound
        self.missed += not good
        self.lines.append(f"{'ok  ' if good else 'FAIL'} {what}: {value:.2f}, goal {'at least' if least else 'at most'} {bound:g}")


def throughput(args, goals):
    print(f"{'as fast as it goes':20}" + "".join(f"{NAMES[k] + ', k/s':>20}{'lost':>8}{'CPU s/M':>9}" for k in args.kinds)
          + "".join(f"{'x ' + NAMES[k]:>15}" for k in args.kinds[1:]))
    for size in args.sizes:
        for shape in args.shapes:
            publishers, subscribers = SHAPES[shape]
            fan = subscribers if publishers == 1 else publishers * (publishers - 1)
            count = max(200, int(args.scale * BURST[size] / (size + 90) / fan ** 0.5 / publishers ** 0.5))
            r = rounds(args, shape, count, size)
            mine = r[args.kinds[0]]
            print(f"{shape + ' ' + str(size) + ' B':20}" + "".join(
                f"{r[k]['rate'] / 1e3:>20,.1f}{r[k]['lost']:>8.1%}{r[k]['cpu']:>9.2f}" for k in args.kinds)
                + "".join(f"{mine['rate'] / r[k]['rate']:>15.2f}" for k in args.kinds[1:]), flush=True)
            judge(args, goals, shape, size, r)


def judge(args, goals, shape, size, r):
    if "hearsay" not in r:
        return
    mine, what = r["hearsay"], f"{shape} {size} B"
    goals.check(f"{what}, lost", mine["lost"], 0, least=False)
    if "nats" in r:
        goals.check(f"{what}, rate, times NATS", mine["rate"] / r["nats"]["rate"], 1.0 if size == 65536 else 1.3)
        goals.check(f"{what}, CPU of a delivery, times NATS", mine["cpu"] / r["nats"]["cpu"], 1, least=False)
    if "libzmq" in r and args.locked and shape == "1-1" and size == 1024:
        goals.check(f"{what}, rate, times libzmq", mine["rate"] / r["libzmq"]["rate"], LOCKED_GOAL)
    if "libzmq" in r and not args.locked and shape == "1-1" and size == 100:
        goals.check(f"{what}, rate, times libzmq", mine["rate"] / r["libzmq"]["rate"], 1.0)


def latency(args, goals):
    print(f"{'latency, µs, 100 B':20}" + "".join(f"{NAMES[k] + ', p50':>20}{'p99':>9}{'p99.9':>9}{'CPU s/M':>9}" for k in args.kinds))
    for rate in RATES:
        r = rounds(args, "1-1", int(rate * args.seconds), 100, rate)
        print(f"{f'1-1 at {rate:,}/s':20}" + "".join(
            f"{v['latency'][0]:>20,.0f}{v['latency'][1]:>9,.0f}{v['latency'][2]:>9,.0f}{v['cpu']:>9.2f}" for v in r.values()), flush=True)
        if "hearsay" in r:
            for k, bound in (("nats", 1), ("libzmq", 1.5)):
                if k in r:
                    goals.check(f"p99 at {rate:,}/s, times {NAMES[k]}", r["hearsay"]["latency"][1] / r[k]["latency"][1], bound, least=False)


def main():
    args = arguments()
    goals = Goals()
    if args.locked:
        with tempfile.TemporaryDirectory() as directory:
            lock(directory)
            measure_all(args, goals)
    else:
        measure_all(args, goals)
    if goals.lines:
        print("\n".join(goals.lines))
    sys.exit(1 if args.goals and goals.missed else 0)


def lock(directory):
    """Makes one key for all members, in a file for hearsay, and as libzmq's options want it."""
    _, secret = zmq.auth.create_certificates(directory, "mesh")
    os.environ["BENCH_MESH_KEY"] = secret
    os.environ["BENCH_KEY"] = b" ".join(zmq.auth.load_certificate(secret)).decode()


def measure_all(args, goals):
    print(f"{args.rounds} rounds{', locked' if args.locked else ''}, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    if "rate" in args.what:
        throughput(args, goals)
    if "latency" in args.what:
        latency(args, goals)


def arguments():
    parser = argparse.ArgumentParser(prog="messages.sh", description="Messages from application to application, beside others.")
    parser.add_argument("programs", help=argparse.SUPPRESS)
    parser.add_argument("--short", action="store_true", help="one round of 1-1 and 1-8 with 100 B and 64 KiB")
    parser.add_argument("--rounds", type=int, default=3, metavar="K", help="default 3")
    parser.add_argument("--shapes", default="1-1,1-8,1-32,8-8", help="default %(default)s")
    parser.add_argument("--sizes", default="100,1024,65536", help="bytes of a body (default %(default)s)")
    parser.add_argument("--kinds", help="default hearsay,libzmq,nats; --locked: hearsay,libzmq")
    parser.add_argument("--what", default="rate,latency", help="default %(default)s")
    parser.add_argument("--scale", type=float, default=1, metavar="X", help="times as many messages as usual")
    parser.add_argument("--seconds", type=float, default=5, metavar="S", help="of each measurement of latency (default 5)")
    parser.add_argument("--hearsay", default="", metavar="WORDS",
                        help="channel: read the channel; lossy: never wait; echo: publishers read too")
    parser.add_argument("--locked", action="store_true", help="with CURVE, which NATS has not")
    parser.add_argument("--goals", action="store_true", help="fail if a goal is missed")
    args = parser.parse_args()
    if args.short:
        args.rounds, args.shapes, args.sizes, args.seconds = 1, "1-1,1-8", "100,65536", 2
    args.kinds = args.kinds or ("hearsay,libzmq" if args.locked else "hearsay,libzmq,nats")
    args.shapes, args.kinds = args.shapes.split(","), args.kinds.split(",")
    args.sizes = [int(s) for s in args.sizes.split(",")]
    return args


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
