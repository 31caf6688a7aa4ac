#!/usr/bin/env bash
# How soon every node lists every node, over K runs: scripts/converge.sh [--shape ring|star|chain|join] [--nodes N] [--runs K]
# [--within S] [--goal S] [--kind naive]. Exit 1 unless every run was whole within S seconds.
# shellcheck source-path=SCRIPTDIR source=lib/build.sh
source "$(dirname "$0")/lib/build.sh"
build
alone "$python" "$root/scripts/converge" "$@"
