#!/usr/bin/env bash
# What a partial mesh of processes makes of members that are killed, frozen or cut off in halves, and of messages meanwhile:
# scripts/partial.sh [--nodes 96] [--full-mesh 48] [--cases kill-10,kill-30,...] [--runs K]. Exit 1 on a missed goal.
# halves needs root and nft; without, it is skipped, and that is said.
# shellcheck source-path=SCRIPTDIR source=lib/build.sh
source "$(dirname "$0")/lib/build.sh"
build
alone "$python" "$root/scripts/partial" "$@"
