#!/usr/bin/env bash
# One stream of small messages from process to process: bare zmq4, node/link and libzmq, in turn, K rounds, with their
# ratios: scripts/bench.sh [--rounds K] [--messages N] [--size BYTES] [--at-least RATIO] [--locked]
# libzmq needs its headers: apt-get install libzmq3-dev
# shellcheck source-path=SCRIPTDIR source=lib/build.sh
source "$(dirname "$0")/lib/build.sh"
programs=$(mktemp -d)
trap 'rm -rf "$programs"' EXIT
(cd "$root" && CGO_ENABLED=0 go build -o "$programs/" ./scripts/bench/...)
cc -O2 -Wall -Wextra -o "$programs/libzmq" "$root/scripts/bench/libzmq/stream.c" -lzmq
(alone "$python" "$root/scripts/bench" "$programs" "$@")
