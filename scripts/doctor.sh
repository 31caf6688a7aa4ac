#!/usr/bin/env bash
# Sixteen meshes that are broken as meshes often are, and what 'hearsay doctor' says of each in one call:
# scripts/doctor.sh [--cases CASE,...] [--show]. Exit 1 where it does not find the fault, or finds one that is not there.
# Needs root and nft: everything runs in a network namespace of its own.
# shellcheck source-path=SCRIPTDIR source=lib/build.sh
source "$(dirname "$0")/lib/build.sh"
build
if [ -z "${OTHER_HEARSAY:-}" ]; then
	OTHER_HEARSAY=$(mktemp -d)/hearsay
	trap 'rm -rf "$(dirname "$OTHER_HEARSAY")"' EXIT
	(cd "$root" && CGO_ENABLED=0 go build -ldflags "-X main.version=v0.0.1" -o "$OTHER_HEARSAY" ./cmd/hearsay)
fi
export OTHER_HEARSAY
[ -n "${IN_OWN_NETWORK:-}" ] || alone "$python" "$root/scripts/doctor" "$@"
