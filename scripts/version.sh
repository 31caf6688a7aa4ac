#!/usr/bin/env bash
# The version of this tree, for builds that Go cannot stamp: the last tag, how many commits after it, and the commit;
# "+dirty" if tracked files were changed. Prints nothing where there is no git.
git -C "$(dirname "$0")/.." describe --tags --always --abbrev=12 --dirty=+dirty 2>/dev/null || true
