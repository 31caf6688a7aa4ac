"""How soon every node lists every node. See converge.sh."""
import argparse
import os
import statistics
import sys

import mesh
import shapes


def started(group, shape, n):
    """Starts the nodes of a shape; returns the moment of the last start."""
    if shape != "join":
        return [group.start(seeds) for seeds in shapes.SHAPES[shape](n)][-1]
    half = n // 2  # two rings, each whole, and then a newcomer given one node of each
    for seeds in shapes.ring_of(1, half) + shapes.ring_of(half + 1, n - 1):
        group.start(seeds)
    for ears in group.ears[:half], group.ears[half:]:
        names = [ear.host for ear in ears]
        if mesh.until(lambda e=ears, w=names: mesh.complete(e, w), 30, group.ears) is None:
            print(f"     one ring alone is not whole: {mesh.missing(ears, names)}")
    return group.start([1, half + 1])


def run(args):
    """One run: seconds from the last start until the last list is complete, or None."""
    with mesh.Mesh() as m:
        group = shapes.Group(m, args.kind, args.flags)
        last = started(group, args.shape, args.nodes)
        at = group.whole(args.deadline)
        if at is None:
            print(f"     {group.trouble()}", flush=True)
        group.close()
        return at and at - last


def main():
    args = arguments()
    shapes.require_binary()
    what = f"{args.shape} of {args.nodes} {args.kind}"
    times = []
    for number in range(1, args.runs + 1):
        took = run(args)
        times.append(took)
        print(f"{what}, run {number}: {'not whole' if took is None else f'{took:.2f} s'}", flush=True)
    whole = sorted(t for t in times if t is not None)
    good = sum(t <= args.within for t in whole)
    print(f"{'ok  ' if good == args.runs else 'FAIL'} {what}: {good} of {args.runs} whole within {args.within:g} s of the last start"
          + (f", {sum(t <= args.goal for t in whole)} within the goal of {args.goal:g} s" if args.goal else "")
          + (f"; median {statistics.median(whole):.2f} s ({whole[0]:.2f}-{whole[-1]:.2f})" if whole else "")
          + f"; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True)
    sys.exit(0 if good == args.runs else 1)


def arguments():
    parser = argparse.ArgumentParser(prog="converge.sh", description="Measures, on node processes, how soon after the last "
                                     "start every node lists every node. Lists are read off the wire.")
    parser.add_argument("--shape", choices=(*shapes.SHAPES, "join"), default="ring",
                        help="ring, star (all given node 1), chain, or join: two rings and a newcomer given one of each")
    parser.add_argument("--nodes", type=int, default=32, metavar="N", help="2 to 254 (default 32)")
    parser.add_argument("--runs", type=int, default=20, metavar="K", help="default 20")
    parser.add_argument("--within", type=float, default=1, metavar="S", help="fail if a run takes longer (default 1)")
    parser.add_argument("--goal", type=float, metavar="S", help="say how many runs met this goal as well; none fails by it")
    parser.add_argument("--deadline", type=float, default=30, metavar="S", help="when to give a run up (default 30)")
    parser.add_argument("--kind", choices=("hearsay", "naive"), default="hearsay")
    parser.add_argument("flags", nargs="*", help="after --: flags for hearsay node")
    args = parser.parse_args()
    if not (5 if args.shape == "join" else 2) <= args.nodes <= 254:
        parser.error(f"--nodes {args.nodes}: too few for a {args.shape}, or more than 254")
    return args


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
