"""Throughput of one stream, several programs in turn. See bench.sh.

A program is called twice: PROGRAM pub ENDPOINT N SIZE binds, waits for a subscriber, sends, and stays until its
standard input ends; PROGRAM sub ENDPOINT N receives N messages and prints "messages N seconds S".
"""
import argparse
import os
import re
import statistics
import subprocess
import sys

import zmq

NAMES = {"zmq4": "bare zmq4", "link": "node/link", "libzmq": "libzmq, in C"}
RESULT = re.compile(r"messages (\d+) seconds ([0-9.]+)")
TIMEOUT = 120  # seconds for one stream


def stream(program, port, args):
    """Messages a second of one stream."""
    endpoint = f"tcp://127.0.0.1:{port}"
    pub = subprocess.Popen([program, "pub", endpoint, str(args.messages), str(args.size)], stdin=subprocess.PIPE)
    try:
        sub = subprocess.run([program, "sub", endpoint, str(args.messages)], stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, text=True, check=True, timeout=TIMEOUT)
    finally:
        pub.stdin.close()
        try:
            pub.wait(5)
        except subprocess.TimeoutExpired:
            pub.kill()
    n, seconds = RESULT.fullmatch(sub.stdout.strip()).groups()
    if int(n) != args.messages:
        sys.exit(f"{program} counted {n} of {args.messages} messages")
    return int(n) / float(seconds)


def main():
    args = arguments()
    if args.locked:
        NAMES.pop("zmq4")  # it has no CURVE
        os.environ["BENCH_KEY"] = b" ".join(zmq.curve_keypair()).decode()
    kinds = [kind for kind in NAMES if os.path.exists(os.path.join(args.programs, kind))]
    rates = {kind: [] for kind in kinds}
    port = 21000
    for number in range(1, args.rounds + 1):
        for kind in kinds:
            port += 1
            rates[kind].append(stream(os.path.join(args.programs, kind), port, args))
        print(f"round {number}: " + ", ".join(f"{NAMES[k]} {rates[k][-1] / 1000:,.0f} k/s" for k in kinds), flush=True)
    medians = {kind: statistics.median(rates[kind]) for kind in kinds}
    print(f"{args.messages:,} messages of {args.size} bytes, one {'locked ' if args.locked else ''}stream, {args.rounds} rounds, "
          f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(f"{'':14}{'median':>12}{'least':>12}{'most':>12}" + "".join(f"{'x ' + NAMES[k]:>18}" for k in kinds))
    for kind in kinds:
        print(f"{NAMES[kind]:14}" + "".join(f"{v / 1000:>8,.0f} k/s" for v in (medians[kind], min(rates[kind]), max(rates[kind])))
              + "".join(f"{medians[kind] / medians[k]:>18.2f}" for k in kinds))
    if args.at_least:
        other = "libzmq" if args.locked else "zmq4"
        ratio = medians["link"] / medians[other]
        held = "ok  " if ratio >= args.at_least else "FAIL"
        print(f"{held} node/link is {ratio:.2f} times {NAMES[other]}; the goal is {args.at_least:g}")
        sys.exit(ratio < args.at_least)


def arguments():
    parser = argparse.ArgumentParser(prog="bench.sh", description="Messages a second of one stream from process to process.")
    parser.add_argument("programs", help=argparse.SUPPRESS)
    parser.add_argument("--rounds", type=int, default=5, metavar="K", help="default 5")
    parser.add_argument("--messages", type=int, default=1_000_000, metavar="N", help="default 1,000,000")
    parser.add_argument("--size", type=int, default=100, metavar="BYTES", help="of a body (default 100)")
    parser.add_argument("--at-least", type=float, metavar="RATIO",
                        help="fail if node/link is not so many times bare zmq4, or libzmq with --locked")
    parser.add_argument("--locked", action="store_true", help="with CURVE, which bare zmq4 has not")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
