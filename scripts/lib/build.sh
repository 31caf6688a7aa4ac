# shellcheck shell=bash
# Sourced by the scripts: builds the program once, and offers a network of one's own.
# LOCKED=1 locks every mesh that a script starts. HEARSAY names a program to use instead of the one built from this tree.

set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export PYTHONDONTWRITEBYTECODE=1
export PYTHONPATH=$root/scripts/lib
export python=/usr/bin/python3 # Debian's: the one that has python3-zmq

build() {
	if [ -z "${HEARSAY:-}" ]; then
		(cd "$root" && CGO_ENABLED=0 go build -ldflags "-X main.version=$(scripts/version.sh)" -o bin/hearsay ./cmd/hearsay)
		HEARSAY=$root/bin/hearsay
	fi
	export HEARSAY
	if [ -n "${LOCKED:-}" ]; then # all meshes of the script, in which naive nodes and ears have the key too
		[ -e "$root/bin/mesh.key_secret" ] || { mkdir -p "$root/bin" && "$HEARSAY" keygen --dir "$root/bin" >/dev/null; }
		export HEARSAY_MESH_KEY=$root/bin/mesh.key_secret
	fi
}

# alone COMMAND...: runs it in a network and mount namespace of its own, where no other program holds an address of
# 127.0.0.0/8 and no name leaves the machine. Where that is not allowed, it runs in the network at hand.
alone() {
	local own=(unshare --net --mount)
	[ "$(id -u)" = 0 ] || own+=(--map-root-user)
	if "${own[@]}" ip link set lo up 2>/dev/null; then
		# shellcheck disable=SC2016 # expanded inside
		IN_OWN_NETWORK=1 exec "${own[@]}" sh -c 'ip link set lo up && exec "$@"' sh "$@"
	fi
	echo "no network namespace to be had: using this machine's own 127.0.0.0/8" >&2
	exec "$@"
}
