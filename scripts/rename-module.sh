#!/usr/bin/env bash
# Gives the module the path under which you host it, so that others can "go get" it: scripts/rename-module.sh PATH, such as
# github.com/you/hearsay. It changes go.mod, imports, linter configuration and documents, and commits nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
exec go run ./scripts/rename-module "$@"
