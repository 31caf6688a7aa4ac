#!/usr/bin/env bash
# Breaks a mesh of real containers on purpose and watches it heal: what must hold is asked of every node by the program's
# own commands, inside its container.
#   scripts/chaos.sh list                          the cases
#   scripts/chaos.sh CASE...                       these cases; all: each of them
#   scripts/chaos.sh random --minutes M --seed S   random faults, and what must always hold checked between them
#   --local                                        on processes instead of containers: the cases that make sense there
#   --told FILE                                    what the places where people look said of same-name, wrong-seed, port-blocked
#   --no-build                                     the image hearsay as it is, instead of one built from this tree
# One line for each case, with its times and, in brackets, their bounds. Exit 1 if something did not hold. It uses a compose project of its own
# and takes everything down, whatever happens. Faults of the network need root and nft. Where no registry can be reached,
# run scripts/base-image.sh first.
# shellcheck source-path=SCRIPTDIR source=lib/build.sh
source "$(dirname "$0")/lib/build.sh"
case " $* " in
*" --local "*)
	build
	alone "$python" "$root/scripts/chaos" "$root" "$@"
	;;
*)
	[ -z "${LOCKED:-}" ] || build # for the key
	exec "$python" "$root/scripts/chaos" "$root" "$@"
	;;
esac
