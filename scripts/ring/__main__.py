"""A ring of node processes on 127.77.0.x. See ring.sh."""
import argparse
import sys
import time

import mesh
import shapes


def main():
    args = arguments()
    shapes.require_binary()
    with mesh.Mesh() as m:
        print(f"messages and logs of each in {m.directory}", flush=True)
        group = shapes.Group(m, args.kind, args.flags)
        for seeds in shapes.SHAPES["ring"](args.nodes):
            last = group.start(seeds)
            node = group.nodes[-1]
            print(f"{node.name} pid {node.pid}", flush=True)
        at = group.whole(args.deadline)
        print(f"whole {at - last:.2f} s after the last start" if at else f"not whole: {group.trouble()}", flush=True)
        group.close()
        if args.once:
            sys.exit(0 if at else 1)
        print("Ctrl-C ends it", flush=True)
        while all(node.alive() for node in group.nodes):
            time.sleep(0.2)
        sys.exit(f"a node ended: {group.trouble()}")


def arguments():
    parser = argparse.ArgumentParser(prog="ring.sh", description="A ring of node processes on 127.77.0.x, the standard "
                                     "ports, each given only the next one, the last the first.")
    parser.add_argument("--nodes", type=int, default=4, metavar="N", help="2 to 128 (default 4)")
    parser.add_argument("--kind", choices=("hearsay", "naive"), default="hearsay")
    parser.add_argument("--once", action="store_true", help="end when the ring is whole: exit 0, or 1 at the deadline")
    parser.add_argument("--deadline", type=float, default=30, metavar="S", help="seconds to become whole (default 30)")
    parser.add_argument("flags", nargs="*", help="after --: flags for hearsay node, such as --ping")
    args = parser.parse_args()
    if not 2 <= args.nodes <= 128:
        parser.error(f"--nodes {args.nodes}: must be 2 to 128")
    return args


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        print()
