"""Measures how soon nodes that are given nobody find each other by multicast. See multicast.sh."""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import datetime

BRIDGE = "segment"
PATIENCE = 30  # seconds until a run is given up

# What a node does in its namespace: it has its address as soon as it is told to go on, and then starts.
NODE = 'ip link set lo up && read go && ip addr add "$1/16" dev eth0 && ip link set eth0 up && shift && exec "$@"'


def ip(*args):
    subprocess.run(["ip", *args], check=True)


class Node:
    """A node in a namespace of its own, at the end of a cable to the bridge."""

    def __init__(self, directory, i):
        self.address, self.name = f"10.77.{i >> 8}.{i & 255}", f"cast_{i}"
        self.port = f"port{i}"
        self.log = open(os.path.join(directory, self.name), "w+", encoding="utf-8")
        command = [os.environ["HEARSAY"], "node", "--multicast", "--hostname", self.name, "--http", "", "--log-format", "json"]
        self.process = subprocess.Popen(["unshare", "--net", "sh", "-c", NODE, "sh", self.address, *command],
                                        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=self.log)
        self.plug()

    def plug(self):
        for _ in range(500):  # until the process has its namespace
            if os.readlink(f"/proc/{self.process.pid}/ns/net") != os.readlink("/proc/self/ns/net"):
                break
            time.sleep(0.01)
        ip("link", "add", self.port, "type", "veth", "peer", "name", "eth0", "netns", str(self.process.pid))
        ip("link", "set", self.port, "master", BRIDGE, "up")

    def go(self):
        self.process.stdin.write(b"\n")
        self.process.stdin.close()

    def joined(self):
        """How many have joined, and when the last of them did."""
        count, at = 0, 0
        self.log.seek(0)
        for line in self.log:
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            if entry.get("msg") in ("peer joined", "peers joined"):
                count += entry.get("count", 1)
                at = datetime.fromisoformat(entry["time"]).timestamp()
        return count, at

    def end(self):
        # The kernel takes a namespace, and its end of the cable, down when it comes to it: the next run has the same names.
        subprocess.run(["ip", "link", "del", self.port], stderr=subprocess.DEVNULL)
        self.process.kill()
        self.process.wait()
        self.log.close()


def run(count):
    """The time from the start of the first until all have joined all, or None."""
    with tempfile.TemporaryDirectory() as directory:
        ip("link", "add", BRIDGE, "type", "bridge")
        ip("link", "set", BRIDGE, "up")
        nodes = []
        try:
            nodes = [Node(directory, i) for i in range(1, count + 1)]
            begin = time.time()
            for node in nodes:
                node.go()
            while time.time() - begin < PATIENCE:
                found = [node.joined() for node in nodes]
                if all(n == count - 1 for n, _ in found):
                    return max(at for _, at in found) - begin
                time.sleep(0.2)
            print("\n".join(f"{node.name} has met {n} of {count - 1}" for node, (n, _) in zip(nodes, found)))
            return None
        finally:
            for node in nodes:
                node.end()
            ip("link", "del", BRIDGE)


def main():
    parser = argparse.ArgumentParser(prog="multicast.sh", description="Measures how soon nodes find each other by multicast.")
    parser.add_argument("--nodes", type=int, default=5, metavar="N")
    parser.add_argument("--runs", type=int, default=3, metavar="K")
    parser.add_argument("--within", type=float, default=5, metavar="S", help="fail if a run takes longer (default 5)")
    args = parser.parse_args()
    if "IN_OWN_NETWORK" not in os.environ:
        sys.exit("no network namespace to be had: this needs root")
    took = [run(args.nodes) for _ in range(args.runs)]
    good = [t for t in took if t is not None]
    if good:
        print(f"{args.nodes} nodes, {args.runs} runs: whole after {statistics.median(good):.2f} s, {max(good):.2f} s at worst")
    sys.exit(0 if len(good) == len(took) and max(good) <= args.within else 1)


if __name__ == "__main__":
    main()
