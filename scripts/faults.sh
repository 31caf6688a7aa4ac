#!/usr/bin/env bash
# What happens to node processes that die, freeze, move, are cut off or are hard to hear, measured beside the goals:
# scripts/faults.sh [--cases CASE,...] [--nodes N] [--runs K] [--quick] [--keep DIR]. Exit 1 on a missed goal.
# Power cuts, partitions and loss need root and nft; without, they are skipped, and the table says so.
# shellcheck source-path=SCRIPTDIR source=lib/build.sh
source "$(dirname "$0")/lib/build.sh"
build
alone "$python" "$root/scripts/faults" "$@"
