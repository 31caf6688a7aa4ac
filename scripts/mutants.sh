#!/usr/bin/env bash
# Whether the tests see what breaks the rules of membership: each mutant of scripts/mutants/table.txt, one at a time, before
# the unit tests of mesh and the simulator's suite: scripts/mutants.sh [--quick|--check] [--seeds 10] [--jobs 2] [NAME...].
# One line for each mutant, with what caught it. Exit 1 if one was missed, or does not apply to the code any more.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
exec python3 "$root/scripts/mutants" "$@"
