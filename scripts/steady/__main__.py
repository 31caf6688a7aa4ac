"""What a node costs in a steady mesh. See steady.sh."""
import argparse
import os
import re
import statistics
import subprocess
import sys
import time

import mesh
import shapes

# Ethernet, IPv4 and TCP with timestamps: what a segment takes on a wire besides its payload.
SEGMENT = 14 + 20 + 32
PID = re.compile(r"pid=(\d+)")
FIELD = re.compile(r"\b(bytes_sent|bytes_received|segs_out|segs_in):(\d+)")


def traffic():
    """What each connection that is up has carried so far: (pid, its two ends) -> counters."""
    lines = subprocess.run(["ss", "--tcp", "--info", "--processes", "--numeric", "--no-header", "--oneline", "state", "established"],
                           stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
    counters = {}
    for line in lines:
        pid = PID.search(line)
        if pid:
            ends = tuple(line.split()[2:4])
            counters[int(pid[1]), ends] = {key: int(value) for key, value in FIELD.findall(line)}
    return counters


def flows(before, after, pids):
    """Bytes received and sent by each process between two readings, as on a wire."""
    rx, tx = dict.fromkeys(pids, 0), dict.fromkeys(pids, 0)
    for key, now in after.items():
        if key[0] not in rx:
            continue
        then = before.get(key, {})
        grown = {field: value - then.get(field, 0) for field, value in now.items()}
        rx[key[0]] += grown.get("bytes_received", 0) + SEGMENT * grown.get("segs_in", 0)
        tx[key[0]] += grown.get("bytes_sent", 0) + SEGMENT * grown.get("segs_out", 0)
    return list(rx.values()), list(tx.values())


def serf_cluster(m, n):
    """Serf agents that all know each other."""
    names = [mesh.address(i, "127.78.0") for i in range(1, n + 1)]
    agents = [m.start("serf", name, names[:1] if name != names[0] else []) for name in names]
    members = [os.environ["SERF"], "members", f"-rpc-addr={names[0]}:7373", "-status=alive"]

    def complete():
        return len(subprocess.run(members, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False).stdout.splitlines()) == n
    if mesh.until(complete, 120, every=0.5) is None:
        sys.exit(f"{n} serf agents do not find each other: {agents[-1].last_words()}")
    return agents


def measure(args, n, beside=False):
    """One steady ring: the figures of each node, and those of as many serf agents in the same time."""
    with mesh.Mesh() as m:
        agents = serf_cluster(m, n) if beside else []
        partial = args.kind == "hearsay" and 0 < args.full_mesh < n
        flags = [*args.flags, *(["--full-mesh", str(args.full_mesh)] if partial else [])]
        group = shapes.Group(m, args.kind, flags, partial)
        for seeds in shapes.SHAPES["ring"](n):
            start = group.start(seeds)
        whole = group.whole(60)
        if whole is None:
            sys.exit(f"a ring of {n} is not whole: {group.trouble()}")
        group.close()
        time.sleep(args.settle)
        pids = [node.pid for node in group.nodes]
        spent = {node: node.cpu() for node in group.nodes + agents}
        before, begin = traffic(), time.monotonic()
        time.sleep(args.seconds)
        took = time.monotonic() - begin
        after = traffic()
        dead = [node for node in spent if not node.alive()]
        if dead:
            sys.exit(f"{dead[0].name} ended: {dead[0].last_words()}")
        rx, tx = flows(before, after, pids)
        a_minute = {node: (node.cpu() - had) * 60 / took for node, had in spent.items()}
        return {
            "cpu": [a_minute[node] for node in group.nodes],
            "rss": [node.rss() for node in group.nodes],
            "serf cpu": [a_minute[node] for node in agents],
            "serf rss": [node.rss() for node in agents],
            "rx": [value / took for value in rx],
            "tx": [value / took for value in tx],
            "fds": [node.fds() for node in group.nodes],
            "whole": [whole - start],
            "links": len([key for key in after if key[0] in pids]) / n,
        }


def main():
    args = arguments()
    sizes = [int(n) for n in args.nodes.split(",")]
    print(f"{args.kind} rings, a process a node, {args.seconds:g} s each after {args.settle:g} s of rest; per node, median (most)")
    print(f"{'N':>4}{'CPU s/min':>16}{'resident MiB':>16}{'rx B/s':>16}{'rx B/s / N':>12}{'tx B/s':>16}{'sockets':>9}"
          f"{'whole s':>9}{'load':>6}", flush=True)
    failed = []
    for n in sizes:
        beside = "SERF" in os.environ and n == max(sizes)
        figures = measure(args, n, beside)
        median = {key: statistics.median(values) for key, values in figures.items() if key != "links" and values}

        def cell(key, form):
            return f"{median[key]:{form}} ({max(figures[key]):{form}})"
        print(f"{n:>4}{cell('cpu', '.2f'):>16}{cell('rss', '.1f'):>16}{cell('rx', ',.0f'):>16}{median['rx'] / n:>12.1f}"
              f"{cell('tx', ',.0f'):>16}{figures['links']:>9.1f}{median['whole']:>9.1f}{os.getloadavg()[0]:>6.1f}", flush=True)
        if beside:
            print(f"serf{cell('serf cpu', '.2f'):>16}{cell('serf rss', '.1f'):>16}")
            args.cpu = round(args.times * median["serf cpu"], 2)
            print(f"CPU {median['cpu'] / median['serf cpu']:.2f} times serf's")
        if n == max(sizes):
            failed = [f"{what} {median[key]:.2f} > {goal}" for key, what, goal in
                      (("cpu", "CPU s/min", args.cpu), ("rss", "resident MiB", args.rss)) if median[key] > goal]
    print(f"goal at N = {max(sizes)}: at most {args.cpu} CPU s/min and {args.rss} MiB: "
          + (f"FAIL {', '.join(failed)}" if failed else "ok"))
    sys.exit(bool(failed))


def arguments():
    parser = argparse.ArgumentParser(prog="steady.sh", description="Processor, memory and traffic of a node in a mesh where nothing "
                                     "happens. Traffic is counted as on a wire: payload, and 66 bytes for each segment. Where $SERF "
                                     "names a serf program, as many of its agents as the largest ring has nodes run at the same "
                                     "time, and the goal for the processor is --times what they take.")
    parser.add_argument("--nodes", default="8,16,32", metavar="N,N…", help="sizes of the rings (default 8,16,32)")
    parser.add_argument("--seconds", type=float, default=60, metavar="S", help="to measure each (default 60)")
    parser.add_argument("--settle", type=float, default=10, metavar="S", help="to rest before (default 10)")
    parser.add_argument("--cpu", type=float, default=0.30, metavar="S", help="goal: CPU seconds a minute (default 0.30)")
    parser.add_argument("--times", type=float, default=2, metavar="RATIO", help="goal: CPU beside serf's, with $SERF (default 2)")
    parser.add_argument("--rss", type=float, default=30, metavar="MIB", help="goal: resident memory (default 30)")
    parser.add_argument("--full-mesh", type=int, default=48, metavar="N",
                        help="with more nodes than this, partial meshes, which also serve HTTP (default 48); 0: never")
    parser.add_argument("--kind", choices=("hearsay", "naive"), default="hearsay")
    parser.add_argument("flags", nargs="*", help="after --: flags for hearsay node, such as --ping")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
