#!/usr/bin/env bash
# hearsay beside naive nodes, libzmq's own sockets and liars: scripts/interop.sh [mixed|clients|garbage|phantoms|names|locked]...
# With LOCKED=1 the meshes of all parts are locked with a key.
# One line for each thing that must hold; exit 1 if one did not.
# shellcheck source-path=SCRIPTDIR source=lib/build.sh
source "$(dirname "$0")/lib/build.sh"
build
alone "$python" "$root/scripts/interop" "$@"
