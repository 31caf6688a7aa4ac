#!/usr/bin/env bash
# Strangers who try to fill a node's memory, in several ways, each with a node of its own; says the most that it took:
# scripts/attack.sh [-time 10s] [-at-most MiB] [gaps|kept|streams|rows|filled|half|answers|requests|relayed]...
# shellcheck source-path=SCRIPTDIR source=lib/build.sh
source "$(dirname "$0")/lib/build.sh"
build
programs=$(mktemp -d)
trap 'rm -rf "$programs"' EXIT
(cd "$root" && CGO_ENABLED=0 go build -o "$programs/attack" ./scripts/attack)
(alone "$programs/attack" -hearsay "$HEARSAY" "$@")
