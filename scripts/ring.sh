#!/usr/bin/env bash
# A ring of node processes on this machine: scripts/ring.sh [--nodes N] [--kind naive] [--once] [-- NODE-FLAGS]
# Ctrl-C ends it. Anybody may listen: a libzmq SUB on "0" at 127.77.0.1:20000 gets the lists of the first node.
# shellcheck source-path=SCRIPTDIR source=lib/build.sh
source "$(dirname "$0")/lib/build.sh"
build
exec "$python" "$root/scripts/ring" "$@"
