"""A partial mesh of processes, broken on purpose. See partial.sh."""
import argparse
import os
import random
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

    def exact(self, what, wanted, goal):
        """Each of these nodes comes to have those members."""
        wait = Wait(wanted)
        took = wait.within(3 * goal + 5)
        self.report.check(took is not None and took < goal, what, f"{took:.1f} s, goal {goal:g}" if took is not None else wait.why())

    def say(self, what, speakers):
        """Some publish; returns what, by who said it, in its order. None: it could not be published."""
        said = {speaker: [f"{what} {speaker} {number}" for number in range(3)]
                for speaker in random.sample(sorted(speakers), min(10, len(speakers)))}
        for number in range(3):
            for speaker, words in said.items():
                if not web.publish(speaker, words[number]):
                    self.report.check(False, what, f"{words[number]} could not be published")
                    return None
        return said

    def gaps(self, name):
        """How often a node has told that messages are missed."""
        with open(self.nodes[name].err, errors="replace") as log:
            return log.read().count("messages missed")

    def wrong(self, name, said, before, told):
        """What is wrong with what a node printed of that; None: nothing. Told: it may have told that it missed some."""
        bodies = {body for words in said.values() for body in words}
        came = [body for body in self.nodes[name].messages() if body in bodies]
        gaps = self.gaps(name) - before
        for speaker, words in said.items():
            own = [body for body in came if body in words]
            if own != [body for body in words if body in own]:
                return f"has {own} of {speaker}, twice or out of order"
            if len(own) < len(words) and not (told and gaps):
                return f"misses {[body for body in words if body not in own][:2]}" + (", and told a gap" if gaps else "")
        return f"told {gaps} gaps, and has everything" if gaps and len(came) == len(bodies) else None

    def arrives(self, what, said, names, before, told=False):
        """Each of these prints each message once, and each speaker's in its order, or tells that it missed some."""
        def look():
            found = {name: self.wrong(name, said, before[name], told) for name in names - done}
            done.update(name for name, words in found.items() if not words)
            found = {name: words for name, words in found.items() if words}
            faults[:] = [f"{name} {words}" for name, words in found.items()]
            return not faults
        done, faults = set(), []
        took = mesh.until(look, 15, every=0.5)
        done.clear()
        mesh.until(lambda: False, 1)  # for copies that come later
        took = took if look() else None
        count = sum(map(len, said.values()))
        what += f": {count} messages, each at {len(names)} nodes once" + (", or told" if told else "")
        self.report.check(took is not None, what,
                          f"{took:.1f} s" if took is not None else "; ".join(faults[:3]) + f" ({len(faults)} nodes)")

    def heard(self, what, living):
        """Some of the living publish; all of them print it."""
        before = {name: self.gaps(name) for name in living}
        said = self.say(what, living)
        if said:
            self.arrives(what, said, living, before)

    def kill(self, share):
        dead = set(random.sample(sorted(self.nodes), max(1, self.args.nodes * share // 100)))
        living = set(self.nodes) - dead
        self.heard(f"before-kill-{share}", set(self.nodes))
        for name in dead:
            self.nodes[name].send(signal.SIGKILL)
        begin = time.monotonic()
        self.exact(f"kill-{share}: {len(dead)} are members for nobody", {name: living for name in living},
                   KILLED if len(dead) == 1 else GONE)
        mesh.until(lambda: time.monotonic() - begin > 5, 6)
        self.heard(f"kill-{share}", living)

    def freeze(self, share):
        frozen = set(random.sample(sorted(self.nodes), max(1, self.args.nodes * share // 100)))
        living = set(self.nodes) - frozen
        for name in frozen:
            self.nodes[name].send(signal.SIGSTOP)
        try:
            self.exact(f"freeze-{share}: {len(frozen)} are members for nobody", {name: living for name in living},
                       FROZEN if len(frozen) == 1 else GONE)
            before = {name: self.gaps(name) for name in self.nodes}
            said = self.say(f"freeze-{share}", living)
            if said:
                self.arrives(f"freeze-{share}", said, living, before)
        finally:
            for name in frozen:
                self.nodes[name].send(signal.SIGCONT)
        self.exact(f"freeze-{share}: and are back", {name: set(self.nodes) for name in living}, HEALED)
        self.exact(f"freeze-{share}: for themselves, too", {name: set(self.nodes) for name in frozen}, HEALED)
        if said:
            self.arrives(f"freeze-{share}, later", said, frozen, before, told=True)
        self.heard(f"thawed-{share}", set(self.nodes))

    def halves(self, _):
        names = list(self.nodes)
        one, other = set(names[0::2]), set(names[1::2])
        cuts = cut.Cuts()
        try:
            cuts.split(one, other)
            begin = time.monotonic()
            self.exact("halves: each is a mesh of its own", {name: half for half in (one, other) for name in half}, GONE)
            mesh.until(lambda: time.monotonic() - begin > CUT, CUT)
            self.report.check(cuts.dropped() > 0, "halves: the cut has dropped packets", f"{cuts.dropped()}")
            self.heard("half", one)
            self.heard("other-half", other)
            cuts.heal()
            self.exact("halves: one mesh again", {name: set(names) for name in names}, HEALED)
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
            if case == "halves" and not ("IN_OWN_NETWORK" in os.environ and cut.possible()):
                print("skip halves: needs root and nft", flush=True)
                continue
            method, share = CASES[case]
            with mesh.Mesh() as m:
                trial = Trial(args, m, report)
                getattr(trial, method)(share)
                trial.close()
    if not report.done:
        sys.exit("nothing was looked at")
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
