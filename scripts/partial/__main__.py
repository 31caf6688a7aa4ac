"""A partial mesh of processes, broken on purpose. See partial.sh."""
import argparse
import collections
import os
import random
import shutil
import signal
import sys
import time

import cut
import mesh
import shapes
import web

MEMBERS = ("alive", "far")
GONE = 10.0  # seconds within which many that are killed, or fall silent, are members for nobody
KILLED = 1.0  # and one that is killed
FROZEN = 6.0  # and one that falls silent
HEALED = 5.0  # until a mesh that was cut in two is one
CUT = 60.0  # for so long


def members(name):
    """Those who are members for a node, itself among them; None: it does not answer."""
    answer = web.ask(name, "/v1/members")
    return {name} | {m["name"] for m in answer["members"] if m["state"] in MEMBERS} if answer else None


class Wait:
    """Waits until each of these nodes has exactly those members."""

    def __init__(self, wanted):
        self.wanted = {name: set(names) for name, names in wanted.items()}
        self.wrong = {}

    def settled(self):
        for name in list(self.wanted):
            found = members(name)
            if found == self.wanted[name]:
                del self.wanted[name]
                self.wrong.pop(name, None)
            else:
                wanted = self.wanted[name]
                self.wrong[name] = ("does not answer" if found is None
                                    else f"lacks {sorted(wanted - found)[:3]} has {sorted(found - wanted)[:3]}")
        return not self.wanted

    def within(self, seconds):
        """The seconds that it took, or None."""
        return mesh.until(self.settled, seconds, every=0.25)

    def why(self):
        return "; ".join(f"{name} {words}" for name, words in list(self.wrong.items())[:3]) + f" ({len(self.wrong)} nodes)"


class Trial:
    """One mesh, and what is done to it."""

    def __init__(self, args, m, report):
        self.args, self.report = args, report
        self.group = shapes.Group(m, flags=("--full-mesh", str(args.full_mesh)), partial=True)
        for seeds in shapes.SHAPES["ring"](args.nodes):
            self.group.start(seeds)
        if self.group.whole(60) is None:
            sys.exit(f"{args.nodes} nodes do not find each other: {self.group.trouble()}")
        mesh.until(lambda: False, args.settle)
        self.nodes = {node.name: node for node in self.group.nodes}

    def close(self):
        self.group.close()

    def exact(self, what, living, goal):
        wait = Wait({name: living for name in living})
        took = wait.within(3 * goal + 5)
        self.report.check(took is not None and took < goal, what, f"{took:.1f} s, goal {goal:g}" if took is not None else wait.why())

    def heard(self, what, living):
        """Each of some publishes; each of the living prints each message once."""
        speakers = random.sample(sorted(living), min(10, len(living)))
        bodies = [f"{what} {speaker} {number}" for number in range(3) for speaker in speakers]
        for body in bodies:
            if not web.publish(body.split()[-2], body):
                self.report.check(False, what, f"{body} could not be published")
                return
        wrong = {}

        def arrived():
            for name in living - arrived.done:
                counts = collections.Counter(self.nodes[name].messages())
                missed, twice = [b for b in bodies if not counts[b]], [b for b in bodies if counts[b] > 1]
                if missed or twice:
                    wrong[name] = f"missed {missed[:2]}, twice {twice[:2]}"
                else:
                    wrong.pop(name, None)
                    arrived.done.add(name)
            return not wrong
        arrived.done = set()
        took = mesh.until(arrived, 15, every=0.5)
        arrived.done.clear()
        mesh.until(lambda: False, 1)  # for copies that come later
        took = took if arrived() else None
        self.report.check(took is not None, f"{what}: {len(bodies)} messages, each at {len(living)} nodes once",
                          f"{took:.1f} s" if took is not None else "; ".join(f"{n} {w}" for n, w in list(wrong.items())[:3])
                          + f" ({len(wrong)} nodes)")

    def kill(self, share):
        dead = set(random.sample(sorted(self.nodes), max(1, self.args.nodes * share // 100)))
        living = set(self.nodes) - dead
        self.heard(f"before-kill-{share}", set(self.nodes))
        for name in dead:
            self.nodes[name].send(signal.SIGKILL)
        begin = time.monotonic()
        self.exact(f"kill-{share}: {len(dead)} are members for nobody", living, KILLED if len(dead) == 1 else GONE)
        mesh.until(lambda: time.monotonic() - begin > 5, 6)
        self.heard(f"kill-{share}", living)

    def freeze(self, share):
        frozen = set(random.sample(sorted(self.nodes), max(1, self.args.nodes * share // 100)))
        living = set(self.nodes) - frozen
        for name in frozen:
            self.nodes[name].send(signal.SIGSTOP)
        try:
            self.exact(f"freeze-{share}: {len(frozen)} are members for nobody", living, FROZEN if len(frozen) == 1 else GONE)
            self.heard(f"freeze-{share}", living)
        finally:
            for name in frozen:
                self.nodes[name].send(signal.SIGCONT)
        self.exact(f"freeze-{share}: and are back", set(self.nodes), HEALED)

    def halves(self, _):
        names = list(self.nodes)
        one, other = set(names[0::2]), set(names[1::2])
        cuts = cut.Cuts()
        try:
            cuts.split(one, other)
            mesh.until(lambda: False, CUT)
            self.heard("half", one)
            self.heard("other-half", other)
            cuts.heal()
            self.exact("halves: one mesh again", set(names), HEALED)
            self.heard("healed", set(names))
        finally:
            cuts.heal()


CASES = {"kill-1": ("kill", 1), "kill-10": ("kill", 10), "kill-30": ("kill", 30), "kill-50": ("kill", 50), "kill-70": ("kill", 70),
         "freeze-1": ("freeze", 1), "freeze-10": ("freeze", 10), "halves": ("halves", 50)}


def main():
    args = arguments()
    report = mesh.Report()
    print(f"{args.nodes} processes, partial meshes from {args.full_mesh} on, seed {args.seed}, load {os.getloadavg()[0]:.1f}", flush=True)
    random.seed(args.seed)
    for _ in range(args.runs):
        for case in args.cases.split(","):
            if case == "halves" and (os.geteuid() or not shutil.which("nft")):
                print("skip halves: needs root and nft", flush=True)
                continue
            method, share = CASES[case]
            with mesh.Mesh() as m:
                trial = Trial(args, m, report)
                getattr(trial, method)(share)
                trial.close()
    report.finish()


def arguments():
    parser = argparse.ArgumentParser(prog="partial.sh", description="What a partial mesh of processes makes of deaths and cuts.")
    parser.add_argument("--nodes", type=int, default=96, metavar="N", help="processes (default 96)")
    parser.add_argument("--full-mesh", type=int, default=48, metavar="N", help="of more than this each hears some (default 48)")
    parser.add_argument("--cases", default=",".join(CASES), help="default %(default)s")
    parser.add_argument("--runs", type=int, default=1, metavar="K", help="default 1")
    parser.add_argument("--settle", type=float, default=10, metavar="S", help="to rest before each case (default 10)")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of who is chosen (default: the clock)")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
