#!/usr/bin/env bash
# How soon nodes that are given nobody find each other by multicast, each in a network namespace of its own on one bridge:
# scripts/multicast.sh [--nodes N] [--runs K] [--within S]. Exit 1 unless every run was whole within S seconds. Needs root, or
# a machine that lets users make network namespaces.
# shellcheck source-path=SCRIPTDIR source=lib/build.sh
source "$(dirname "$0")/lib/build.sh"
build
alone "$python" "$root/scripts/multicast" "$@"
