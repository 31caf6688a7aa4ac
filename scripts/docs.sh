#!/usr/bin/env bash
# Makes docs/wire.md of topics/doc.go: scripts/docs.sh [-check]. With -check it fails if the page is stale.
set -euo pipefail
cd "$(dirname "$0")/.."
exec go run ./scripts/docs "$@"
