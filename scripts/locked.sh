#!/usr/bin/env bash
# What a lock costs: rings of processes, open and locked in turn, K rounds: how soon each is whole after its last start,
# and what its nodes take of the processor at rest, with their ratios.
# scripts/locked.sh [--nodes N] [--rounds K] [--seconds S] [--no-goals]. Exit 1 if a goal is missed.
# shellcheck source-path=SCRIPTDIR source=lib/build.sh
source "$(dirname "$0")/lib/build.sh"
build
alone "$python" "$root/scripts/locked" "$@"
