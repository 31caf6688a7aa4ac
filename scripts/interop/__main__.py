"""Runs the parts named on the command line, or all. See interop.sh."""
import sys

import asked
import clients
import garbage
import locked
import mesh
import mixed
import names
import phantoms

PARTS = {part.__name__: part for part in (mixed, clients, asked, garbage, phantoms, names, locked)}


def main():
    wanted = sys.argv[1:] or PARTS
    unknown = [name for name in wanted if name not in PARTS]
    if unknown:
        sys.exit(f"unknown part {unknown[0]!r}: known are {', '.join(PARTS)}")
    report = mesh.Report()
    for name in wanted:
        print(f"--- {name}", flush=True)
        PARTS[name].run(report)
    report.finish()


main()
