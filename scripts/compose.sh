#!/usr/bin/env bash
# Builds the image, brings up the four nodes of docker-compose.yml, checks that they find and hear each other and that a
# node which comes back with another address is found again, and takes everything down, whatever happened.
# Where no registry can be reached, run scripts/base-image.sh first.
# shellcheck source-path=SCRIPTDIR source=lib/build.sh
source "$(dirname "$0")/lib/build.sh"
HEARSAY_VERSION=$("$root/scripts/version.sh")
export HEARSAY_VERSION
exec "$python" "$root/scripts/compose" "$root"
