"""Faults of real node processes, and how long the others take to notice and to mend. See faults.sh."""
import argparse
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time

import cut
import mesh
import resolver
import shapes
import traffic
import web
from nodes import Nodes

PATIENCE = 30  # seconds that anything may take before it is given up


class Row:
    """One line of the table: a goal, and what was measured."""

    def __init__(self, what, goal, unit="s"):
        self.what, self.goal, self.unit, self.measured, self.notes = what, goal, unit, [], []

    def add(self, value, note=""):
        self.measured.append(value)
        if value is None or value > self.goal:
            self.notes.append(note)

    def holds(self):
        return bool(self.measured) and all(v is not None and v <= self.goal for v in self.measured)

    def show(self):
        got = sorted(PATIENCE * 100 if v is None else v for v in self.measured)
        words = [f"{statistics.median(got):.2f}", f"{got[-1]:.2f}"] if self.unit == "s" else [f"{statistics.median(got):g}", f"{got[-1]:g}"]
        words = ["never" if float(w) >= PATIENCE * 100 else w for w in words]
        measured = f"{words[0]} ({words[1]})" + (f" {self.unit}" if self.unit == "s" else "")
        print(f"{'ok  ' if self.holds() else 'FAIL'} {self.what:<66} {f'{self.goal:g} {self.unit}':>12} {measured:>22}", flush=True)
        for note in filter(None, self.notes):
            print(f"       {note}", flush=True)


class Bench:
    """The rows that were measured so far, and how long things last in this run."""

    def __init__(self, args):
        self.args, self.rows, self.skipped = args, {}, []

    def seconds(self, full, quick):
        return quick if self.args.quick else full

    def row(self, what, goal, unit="s"):
        return self.rows.setdefault(what, Row(what, goal, unit))

    def took(self, what, goal, begin, end, why):
        """Adds a time to a row; why() tells the story if the goal was missed."""
        took = end - begin if end is not None else None
        self.row(what, goal).add(took, "" if took is not None and took <= goal else why())
        return took is not None

    def count(self, what, found):
        """Adds a number that must be 0 to a row."""
        self.row(what, 0, "times").add(sum(found.values()), str(dict(list(found.items())[:4])) if found else "")

    def runs(self, nodes):
        """A victim for each run, no two the same."""
        return nodes.names[1:1 + self.args.runs]


def steady(nodes):
    if nodes.whole(deadline=60) is None:
        raise RuntimeError(f"the mesh is not whole before the fault: {nodes.missing()}")


def untold(nodes, victim, names):
    """Why a victim is not seen as it should be: by the first of those who do not list it, or that it does not list."""
    def why():
        lacking = next((n for n in names if n != victim and victim not in (nodes.ears[n].names or ())), None)
        tale = nodes.story(victim, lacking) if lacking else nodes.story(nodes.names[0], victim)
        return f"{nodes.missing(names)}; {lacking or victim} logged: {' | '.join(tale)}"
    return why


def still(nodes, victim, names):
    def why():
        lister = next((n for n in names if victim in (nodes.ears[n].names or ())), names[0])
        return f"{lister} logged: {' | '.join(nodes.story(victim, lister))}"
    return why


def killed(bench, nodes):
    """kill -9, and a new start at the same address."""
    for victim in bench.runs(nodes):
        steady(nodes)
        others = nodes.others(victim)
        begin = time.monotonic()
        nodes.processes[victim].kill()
        bench.took("kill -9: off all lists", 0.5, begin, nodes.unlisted(victim, others), still(nodes, victim, others))
        bench.took("kill -9: quarantined everywhere", 9, begin, nodes.state(victim, others, "quarantined"), still(nodes, victim, others))
        begin = nodes.start(victim, nodes.at[victim])
        bench.took("killed and started again: alive everywhere", 1, begin, nodes.whole(), untold(nodes, victim, nodes.names))


def moved(bench, nodes):
    """kill -9, and a new start with the same name at another address."""
    for i, victim in enumerate(bench.runs(nodes), 1):
        steady(nodes)
        nodes.processes[victim].kill()
        nodes.unlisted(victim, nodes.others(victim))
        begin = nodes.start(victim, mesh.address(i, "127.77.1"))
        bench.took("killed and started at another IP: alive everywhere", 1, begin, nodes.whole(), untold(nodes, victim, nodes.names))


def frozen_shortly(bench, nodes):
    """SIGSTOP for 2 s, while another node publishes 50 messages a second and the frozen one is to get them all."""
    for victim in bench.runs(nodes):
        steady(nodes)
        begin = time.monotonic()
        sent, stopped = [], [False]
        speaker = nodes.names[0]

        def speak():
            age = time.monotonic() - begin
            if not stopped[0] and age >= 1:
                nodes.processes[victim].send(signal.SIGSTOP)
                stopped[0] = True
            if stopped[0] and age >= 3:
                nodes.processes[victim].send(signal.SIGCONT)
            body = f"{victim} {len(sent)}"
            sent.append(body if web.publish(nodes.at[speaker], body) else None)
        mesh.until(lambda: time.monotonic() - begin > 4, PATIENCE, nodes.ears.values(), speak, every=0.02)
        said = {body for body in sent if body}

        def lost():
            return {name: len(said - set(nodes.processes[name].messages())) for name in nodes.names}
        mesh.until(lambda: not any(lost().values()), 5, nodes.ears.values(), every=0.5)
        bench.count(f"frozen 2 s: messages lost of {len(nodes.names)} nodes' 50/s", {k: v for k, v in lost().items() if v})
        bench.count("frozen 2 s: evictions", nodes.events("evicted"))


def frozen(bench, nodes, seconds):
    """SIGSTOP until it has long been evicted, and CONT."""
    for victim in bench.runs(nodes):
        steady(nodes)
        others = nodes.others(victim)
        begin = time.monotonic()
        nodes.processes[victim].send(signal.SIGSTOP)
        bench.took("frozen: off all lists", 4.5, begin, nodes.unlisted(victim, others), still(nodes, victim, others))
        mesh.until(lambda: time.monotonic() - begin > seconds, seconds + 1, nodes.ears.values())
        cont = time.monotonic()
        nodes.processes[victim].send(signal.SIGCONT)
        bench.took(f"frozen {seconds} s: alive everywhere after CONT", 1, cont, nodes.whole(), untold(nodes, victim, nodes.names))
    innocent = {pair: n for pair, n in nodes.events("evicted").items() if pair[1] not in bench.runs(nodes)}
    bench.count("frozen: evictions of others, by anybody", innocent)


def frozen_10(bench, nodes):
    frozen(bench, nodes, 10)


def frozen_30(bench, nodes):
    frozen(bench, nodes, bench.seconds(30, 20))


def power_cut(bench, nodes):
    """All packets are dropped and the process is killed: no FIN and no RST gets out. 5 s later the address is back, with
    a new process on it and no memory of the old connections."""
    cuts = cut.Cuts()
    for victim in bench.runs(nodes):
        steady(nodes)
        others = nodes.others(victim)
        begin = time.monotonic()
        cuts.isolate(nodes.at[victim])
        nodes.processes[victim].kill()
        off = nodes.unlisted(victim, others)
        # The old sockets are gone in a machine that was off. Here the kernel would try for minutes to send what they hold.
        subprocess.run(["ss", "-K", "src", nodes.at[victim]], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        bench.took("power cut: off all lists", 4.5, begin, off, still(nodes, victim, others))
        mesh.until(lambda: time.monotonic() - begin > 5, 6, nodes.ears.values())
        if mesh.until(lambda: not sockets(nodes.at[victim]), 10, nodes.ears.values()) is None:
            raise RuntimeError(f"{sockets(nodes.at[victim])} sockets of {victim} outlived the power cut by far")
        cuts.heal()
        begin = nodes.start(victim, nodes.at[victim])
        bench.took("power cut, back after 5 s: alive everywhere", 3, begin, nodes.whole(), untold(nodes, victim, nodes.names))


def sockets(address):
    """How many TCP sockets have this local address, those apart that are over (TIME_WAIT)."""
    local = socket.inet_aton(address)[::-1].hex().upper()
    with open("/proc/self/net/tcp") as table:
        rows = [line.split() for line in table]
    return sum(row[1].startswith(local + ":") and row[3] != "06" for row in rows[1:])


def split(bench, nodes):
    """Half and half, and healed."""
    cuts = cut.Cuts()
    seconds = bench.seconds(60, 25)
    half = len(nodes.names) // 2
    sides = nodes.names[:half], nodes.names[half:]
    for _ in range(bench.args.runs):
        steady(nodes)
        begin = time.monotonic()
        cuts.split(*([nodes.at[name] for name in side] for side in sides))
        bench.took(f"half/half of {len(nodes.names)}: each half lists just itself", 4.5, begin, nodes.whole(*sides),
                   lambda: "; ".join(nodes.missing(side) for side in sides))
        mesh.until(lambda: time.monotonic() - begin > seconds, seconds + 1, nodes.ears.values())
        healed = time.monotonic()
        cuts.heal()
        bench.took(f"half/half of {len(nodes.names)} for {seconds} s: one mesh after healing", 3, healed, nodes.whole(), nodes.missing)


def loss(bench, nodes):
    """30 % of all packets between nodes are lost."""
    cuts = cut.Cuts()
    seconds = bench.seconds(180, 60)
    steady(nodes)
    cuts.lose(0.3, nodes.at.values())
    begin = time.monotonic()
    mesh.until(lambda: time.monotonic() - begin > seconds, seconds + 1, nodes.ears.values())
    evicted, suspected = nodes.events("evicted"), nodes.events("suspect")
    bench.count(f"30 % packet loss for {seconds} s: false evictions", evicted)
    dropped, healed = cuts.dropped(), time.monotonic()
    cuts.heal()
    if not dropped:
        raise RuntimeError("not one packet was lost")
    bench.took("30 % packet loss: whole after it ends", 3, healed, nodes.whole(), nodes.missing)
    print(f"     30 % packet loss: {dropped} packets, {sum(suspected.values())} suspicions, {len(suspected)} pairs", flush=True)


def left(bench, nodes):
    """SIGTERM: goodbye."""
    for victim in bench.runs(nodes):
        steady(nodes)
        others = nodes.others(victim)
        begin = time.monotonic()
        nodes.processes[victim].send(signal.SIGTERM)
        bench.took("leave: off all lists", 0.2, begin, nodes.unlisted(victim, others), still(nodes, victim, others))
        nodes.processes[victim].process.wait(10)
        bench.took("leave: known as left everywhere", 2, begin, nodes.state(victim, others, "left"), still(nodes, victim, others))
        bad = {pair: n for kind in ("suspect", "evicted") for pair, n in nodes.events(kind).items() if pair[1] == victim}
        bench.count("leave: suspicions and evictions of it", bad)
        nodes.start(victim, nodes.at[victim])


# name -> (what it runs, whether names are resolved, whether it cuts the network, how many nodes at most)
CASES = {
    "kill": (killed, False, False, 0),
    "move": (moved, True, False, 0),
    "freeze-2": (frozen_shortly, False, False, 0),
    "freeze-10": (frozen_10, False, False, 0),
    "freeze-30": (frozen_30, False, False, 0),
    "leave": (left, False, False, 0),
    "power-cut": (power_cut, False, True, 0),
    "partition": (split, False, True, 8),
    "loss": (loss, False, True, 0),
}


def run_traffic(bench, case):
    act, cutting = traffic.CASES[case]
    if cutting and not ("IN_OWN_NETWORK" in os.environ and cut.possible()):
        bench.skipped.append(f"skip {case}: needs root and nft")
        return
    with mesh.Mesh() as m:
        try:
            act(bench, m.directory)
        finally:
            if cutting:
                cut.Cuts()
            if bench.args.keep:
                shutil.copytree(m.directory, os.path.join(bench.args.keep, case), dirs_exist_ok=True)


def run(bench, case):
    if case in traffic.CASES:
        run_traffic(bench, case)
        return
    act, named, cutting, most = CASES[case]
    alone = "IN_OWN_NETWORK" in os.environ
    if named and not alone:
        bench.skipped.append(f"skip {case}: needs a namespace of its own for its resolver (root or user namespaces)")
        return
    if cutting and not (alone and cut.possible()):
        bench.skipped.append(f"skip {case}: needs root and nft")
        return
    names = resolver.Resolver() if named else None
    try:
        with mesh.Mesh() as m:
            nodes = Nodes(m, min(bench.args.nodes, most or bench.args.nodes), names)
            try:
                act(bench, nodes)
            finally:
                for lives in nodes.lives.values():
                    for node in lives:
                        node.send(signal.SIGCONT)
                nodes.close()
                if bench.args.keep:
                    shutil.copytree(m.directory, os.path.join(bench.args.keep, case), dirs_exist_ok=True)
    finally:
        if cutting:
            cut.Cuts()
        if names:
            names.close()


def main():
    args = arguments()
    shapes.require_binary()
    bench = Bench(args)
    print(f"{args.nodes} node processes, {args.runs} runs{', quick: shorter faults than the goals are for' if args.quick else ''}; "
          f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True)
    failed = []
    for case in args.cases:
        shown = len(bench.rows)
        try:
            run(bench, case)
        except RuntimeError as error:
            failed.append(f"FAIL {case}: {error}")
        for row in list(bench.rows.values())[shown:]:
            row.show()
    for line in bench.skipped + failed:
        print(line, flush=True)
    missed = [row for row in bench.rows.values() if not row.holds()]
    print(f"{len(bench.rows) - len(missed)} of {len(bench.rows)} goals met; load {os.getloadavg()[0]:.1f}", flush=True)
    sys.exit(1 if missed or failed else 0)


def arguments():
    parser = argparse.ArgumentParser(prog="faults.sh", description="Faults of node processes on 127.77.0.x: what was measured, "
                                     "median and (worst), beside the goal. Lists are read off the wire.")
    known = [*CASES, *traffic.CASES]
    parser.add_argument("--cases", default=",".join(known), metavar="CASE,...", help=f"of {', '.join(known)} (default all)")
    parser.add_argument("--rate", type=int, default=0, metavar="R",
                        help="messages a second of each node in the cases traffic-* of all nodes (default 500, or 20)")
    parser.add_argument("--nodes", type=int, default=16, metavar="N", help="4 to 48, so that all hear all (default 16)")
    parser.add_argument("--runs", type=int, default=1, metavar="K", help="of each case, each with another victim (default 1)")
    parser.add_argument("--quick", action="store_true", help="shorter freezes, partitions and loss")
    parser.add_argument("--keep", metavar="DIR", help="copy the logs here")
    args = parser.parse_args()
    args.cases = args.cases.split(",")
    unknown = [case for case in args.cases if case not in known]
    if unknown:
        parser.error(f"unknown case {unknown[0]!r}: known are {', '.join(known)}")
    if not 4 <= args.nodes <= 48:
        parser.error(f"--nodes {args.nodes}: must be 4 to 48")
    if not 1 <= args.runs < min(args.nodes, 8):
        parser.error(f"--runs {args.runs}: must be 1 to {min(args.nodes, 8) - 1}")
    return args


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
