#!/usr/bin/env bash
# What a node costs when nothing happens: processor, memory and traffic of rings of processes, with and without messages:
# scripts/steady.sh [--nodes 8,16,32] [--seconds 60] [--full-mesh 0] [--kind naive]. Exit 1 if a goal is missed. With SERF=PROGRAM the
# goal for the processor is --times, 2, what serf takes meanwhile (go install github.com/hashicorp/serf/cmd/serf@v0.10.2).
# shellcheck source-path=SCRIPTDIR source=lib/build.sh
source "$(dirname "$0")/lib/build.sh"
build
alone "$python" "$root/scripts/steady" "$@"
