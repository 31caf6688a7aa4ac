#!/usr/bin/env bash
# The page in a real browser: real nodes come, are killed and return; made-up ones show what is rare. Pictures of it all,
# light and dark, wide and narrow, 4 to 128 nodes, are kept in a directory: scripts/browser.sh [DIRECTORY]
# Chromium has to be there: apt-get install chromium
set -euo pipefail
pictures=${1:-$(mktemp -d)}
mkdir -p "$pictures"
pictures=$(cd "$pictures" && pwd)
trap 'echo "pictures: $pictures ($(find "$pictures" -name "*.png" | wc -l))"' EXIT
cd "$(dirname "$0")/.."
HEARSAY_BROWSER_TEST=${HEARSAY_BROWSER_TEST:-must} HEARSAY_SCREENSHOTS=$pictures timeout 600 go test -count=1 ./node/web/page
