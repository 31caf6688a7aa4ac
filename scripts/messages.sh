#!/usr/bin/env bash
# Messages from application to application, beside libzmq and NATS core in the same run:
# scripts/messages.sh [--short] [--rounds K] [--shapes 1-1,1-8] [--sizes 100,1024] [--locked] [--goals]
# libzmq needs its headers: apt-get install libzmq3-dev. NATS comes through the Go module proxy, into a module of its own.
# shellcheck source-path=SCRIPTDIR source=lib/build.sh
source "$(dirname "$0")/lib/build.sh"
programs=$(mktemp -d)
trap 'rm -rf "$programs"' EXIT
(cd "$root" && CGO_ENABLED=0 go build -o "$programs/node" ./scripts/bench/node)
[[ " $* " == *" --locked "* ]] || (cd "$root/scripts/bench/nats" && CGO_ENABLED=0 go build -o "$programs/nats" .)
cc -O2 -Wall -Wextra -o "$programs/libzmq" "$root/scripts/bench/libzmq/messages.c" -lzmq -lpthread
(alone "$python" "$root/scripts/messages" "$programs" "$@")
