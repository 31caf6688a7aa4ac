#!/usr/bin/env bash
# What happens to node processes that die, freeze, move, are cut off or are hard to hear, measured beside the goals:
# scripts/faults.sh [--cases CASE,...] [--nodes N] [--runs K] [--rate R] [--quick] [--keep DIR]. Exit 1 on a missed goal.
# The cases traffic-* count messages of applications (faults/talker): each arrives once, in order, or is told as lost.
# Power cuts, partitions and loss need root and nft; without, they are skipped, and the table says so.
# shellcheck source-path=SCRIPTDIR source=lib/build.sh
source "$(dirname "$0")/lib/build.sh"
build
programs=$(mktemp -d)
trap 'rm -rf "$programs"' EXIT
(cd "$root" && CGO_ENABLED=0 go build -o "$programs/talker" ./scripts/faults/talker)
export TALKER=$programs/talker
(alone "$python" "$root/scripts/faults" "$@")
