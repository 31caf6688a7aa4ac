"""Open and locked rings in turn. See locked.sh."""
import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time

import mesh
import shapes
import zmq.auth

WHOLE, CPU = 1.5, 1.3  # how many times the open ring's time, and processor, a locked one may take
PATIENCE = 60  # seconds until a ring is whole
SETTLE = 5  # seconds between that and rest


def ring(args, key):
    """The seconds until a ring is whole, and the processor time of a node a minute at rest."""
    env = {"HEARSAY_MESH_KEY": key} if key else {}
    keys = zmq.auth.load_certificate(key) if key else mesh.NO_KEYS
    names = [mesh.address(i) for i in range(1, args.nodes + 1)]
    with mesh.Mesh() as m:
        ears = [mesh.Ear(name, keys=keys) for name in names]
        nodes = []
        for i, seeds in enumerate(shapes.ring_of(1, args.nodes), 1):
            nodes.append(m.start("hearsay", mesh.address(i), [mesh.address(s) for s in seeds], ["--http", ""], env=env))
        took = mesh.until(lambda: mesh.complete(ears, names), PATIENCE, ears)
        if took is None:
            sys.exit(f"a ring of {args.nodes} is not whole: {mesh.missing(ears, names)}")
        last = max(node.started for node in nodes)
        whole = max(ear.at for ear in ears) - last
        for ear in ears:
            ear.close()
        time.sleep(SETTLE)
        before = sum(node.cpu() for node in nodes)
        time.sleep(args.seconds)
        cpu = (sum(node.cpu() for node in nodes) - before) / len(nodes) / args.seconds * 60
    return whole, cpu


def main():
    args = arguments()
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run([os.environ["HEARSAY"], "keygen", "--dir", directory], check=True, stdout=subprocess.DEVNULL)
        key = os.path.join(directory, "mesh.key_secret")
        times = {kind: [] for kind in ("open", "locked")}
        for number in range(1, args.rounds + 1):
            for kind, path in ("open", None), ("locked", key):
                times[kind].append(ring(args, path))
                whole, cpu = times[kind][-1]
                print(f"round {number}: {kind} ring of {args.nodes} whole after {whole:.2f} s, "
                      f"{cpu:.3f} s of CPU a minute and node", flush=True)
    report = mesh.Report()
    for i, (what, goal) in enumerate((("time until whole", WHOLE), ("CPU at rest", CPU))):
        medians = {kind: statistics.median(t[i] for t in times[kind]) for kind in times}
        ratio = medians["locked"] / medians["open"]
        report.check(args.no_goals or ratio <= goal, f"{what}: locked takes {ratio:.2f} times what open does; the goal is {goal}",
                     f"medians {medians['locked']:.3f} and {medians['open']:.3f} s, "
                     f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    report.finish()


def arguments():
    parser = argparse.ArgumentParser(prog="locked.sh", description="What a lock costs.")
    parser.add_argument("--nodes", type=int, default=32, metavar="N", help="default 32")
    parser.add_argument("--rounds", type=int, default=3, metavar="K", help="default 3")
    parser.add_argument("--seconds", type=float, default=30, metavar="S", help="at rest, for each ring (default 30)")
    parser.add_argument("--no-goals", action="store_true", help="show figures only")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
