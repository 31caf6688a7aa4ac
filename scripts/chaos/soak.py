"""Random faults, one to three at a time, and what must always hold between them."""
import math
import random
import time

import cases

BASE = 10       # seconds to be whole after the last fault is mended, for nodes without a penalty
NETWORK = ["one-way", "loss", "split"]  # faults of more than one node
FORGIVEN = 1.25  # the penalty without consequence, as in mesh/record/record.go


def run(mesh, minutes, seed):
    """Returns whether everything held."""
    rng, rounds, bad = random.Random(seed), 0, 0
    print(f"seed {seed}, {minutes:g} minutes", flush=True)
    mesh.fresh()
    end = time.time() + 60 * minutes
    while time.time() < end:
        rounds += 1
        case = cases.Case(mesh, f"round {rounds}")
        faults = plan(mesh, rng)
        begin(mesh, faults)
        time.sleep(rng.uniform(0.5, 15))
        between(case, mesh, faults)
        since = mend(mesh, faults)
        bound = BASE + sentence(mesh)
        case.must("whole", mesh.whole(mesh.names, since, bound), bound)
        words = ", ".join(" ".join((kind, *names)) for kind, names in faults)
        print(f"{'FAIL' if case.wrong else 'ok  '} {case.name}: {words}: {'; '.join(case.words + case.wrong)}", flush=True)
        bad += bool(case.wrong)
        if case.wrong:
            show(mesh)
            mesh.fresh()
    print(f"{rounds - bad} of {rounds} rounds held, seed {seed}", flush=True)
    return not bad


def plan(mesh, rng):
    """Faults of different nodes, or one of the whole network."""
    names = rng.sample(mesh.names, len(mesh.names))
    single = ["kill", "stop", "freeze"] + (["unplug"] if mesh.can_cut else [])
    whole = NETWORK if mesh.can_cut else []
    kind = rng.choice(single * 2 + whole)
    if kind == "one-way":
        return [(kind, names[:2])]
    if kind in whole:
        return [(kind, names)]
    return [(kind, names[:1])] + [(rng.choice(single[:3]), [name]) for name in names[1:rng.randint(1, 3)]]


def begin(mesh, faults):
    for kind, names in faults:
        if kind == "split":
            mesh.split(names[:len(names) // 2], names[len(names) // 2:])
        elif kind == "one-way":
            mesh.one_way(*names)
        elif kind == "loss":
            mesh.lose(0.3, names)
        else:
            getattr(mesh, kind)(*names)


def mend(mesh, faults):
    """Undoes them; returns the moment."""
    mesh.heal()
    for kind, names in faults:
        if kind == "freeze":
            mesh.thaw(*names)
        elif kind == "unplug":
            mesh.plug(*names)
    gone = [name for kind, names in faults for name in names if kind in ("kill", "stop")]
    if gone:
        mesh.start(*gone)
    return time.time()


def between(case, mesh, faults):
    """While the faults last: nobody who can be asked lists one that has been dead for long enough, and where the faults
    are of single nodes, the others hear each other."""
    dead = {name for kind, names in faults for name in names if kind in ("kill", "stop")}
    out = dead | {name for kind, names in faults for name in names if kind in ("freeze", "unplug")}
    asked = [name for name in mesh.names if name not in out]
    for victim in dead:
        states = ("suspect", "quarantined", "left", "unknown")
        took, why = mesh.seen_as(victim, asked, states, time.time(), cases.OFF) if asked else (0, "")
        if took is None:
            case.wrong.append(f"a dead name is listed: {why}")
    if asked and len(asked) + len(out) == len(mesh.names) and not set(kind for kind, _ in faults) & set(NETWORK):
        took, why = mesh.whole(asked, time.time(), cases.OFF, out)
        if took is None:
            case.wrong.append(f"those without a fault do not hear each other: {why}")


def sentence(mesh):
    """How much longer than others the one with the greatest penalty anywhere has to prove itself, in seconds: what hold, the
    wait for a probe and probation come to, as mesh/backoff.go and mesh/record have them, with their jitter."""
    penalties = [m["penalty"] for view in mesh.views(mesh.names).values() for m in view.values()]
    worst = max(penalties, default=0)
    if worst <= FORGIVEN:
        return 0
    wait = min(300, 10 * 2 ** (worst - 1))
    return math.ceil(1.5 * wait + min(48, 4 ** (worst - FORGIVEN)))


def show(mesh):
    """What each node says of the others, for the report."""
    for name, view in mesh.views(mesh.names).items():
        for peer, m in view.items():
            if m["state"] != "alive":
                print(f"       {name}: {peer} {m['state']}, {m['why']}, penalty {m['penalty']}, next try {m['next_try']}", flush=True)
                for line in mesh.story(peer, name):
                    print(f"         {line}", flush=True)
