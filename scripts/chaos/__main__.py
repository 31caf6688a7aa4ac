"""Runs the cases named on the command line. See chaos.sh."""
import argparse
import os
import signal
import subprocess
import sys
import time

import cases
import containers
import mistakes
import processes
import soak


def run(mesh, name):
    """One case on a fresh mesh; prints its line, and returns whether everything held."""
    why = cases.possible(mesh, name)
    if why:
        print(f"skip {name}: {why}", flush=True)
        return True
    act, victim, _, _ = cases.CASES[name]
    begin = time.monotonic()
    case = cases.Case(mesh, name)
    try:
        mesh.fresh()
        act(case, mesh, mesh.names[victim - 1])
    except (RuntimeError, subprocess.CalledProcessError) as error:  # the cases after this one are played all the same
        case.wrong.append(str(error))
    print(f"{'FAIL' if case.wrong else 'ok  '} {name}: {'; '.join(case.words)} [{time.monotonic() - begin:.0f} s]", flush=True)
    for line in case.wrong:
        print(f"       {line}", flush=True)
    return not case.wrong


def main():
    args = arguments()
    if args.cases == ["list"]:
        for name, (act, *_) in cases.CASES.items():
            print(f"{name:<12} {act.__doc__}")
        return
    mistakes.Places.recorded = args.told and os.path.abspath(args.told)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    mesh = processes.Processes() if args.local else containers.Containers(args.root, not args.no_build)
    print(f"{'processes' if args.local else 'containers'}; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True)
    try:
        mesh.begin()
        if args.cases == ["random"]:
            held = soak.run(mesh, args.minutes, args.seed)
        else:
            held = all([run(mesh, name) for name in (cases.CASES if args.cases == ["all"] else args.cases)])
    finally:
        mesh.end()
    sys.exit(0 if held else 1)


def arguments():
    parser = argparse.ArgumentParser(prog="chaos.sh", description="Breaks a mesh of four on purpose and watches it heal.")
    parser.add_argument("root", help=argparse.SUPPRESS)
    parser.add_argument("cases", nargs="+", metavar="CASE", help=f"list, all, random, or of {', '.join(cases.CASES)}")
    parser.add_argument("--local", action="store_true", help="node processes instead of containers")
    parser.add_argument("--no-build", action="store_true", help="use the image hearsay as it is")
    parser.add_argument("--told", metavar="FILE", help="write what the places said of mistakes to FILE")
    parser.add_argument("--minutes", type=float, default=5, metavar="M", help="how long random goes on (default 5)")
    parser.add_argument("--seed", type=int, default=int(time.time()), metavar="S", help="of the random faults")
    args = parser.parse_args()
    unknown = [case for case in args.cases if case not in cases.CASES]
    if unknown and args.cases not in (["list"], ["all"], ["random"]):
        parser.error(f"unknown case {unknown[0]!r}: known are {', '.join(cases.CASES)}, or alone list, all or random")
    return args


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
