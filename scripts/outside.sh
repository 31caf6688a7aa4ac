#!/usr/bin/env bash
# What somebody else's module sees of this one: a copy of the last commit is renamed by scripts/rename-module.sh and served
# as v0.1.0 by a module proxy in a directory. A program outside gets it with "go get", runs two nodes, and ends; "go
# install" makes a hearsay that knows its version, and so does "go build" in a clone.
set -euo pipefail
cd "$(dirname "$0")/.."
path=example.com/you/hearsay version=v0.1.0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "FAIL $*" >&2; exit 1; }
# says WANTED PROGRAM: hearsay version prints WANTED.
says() {
	local said
	said=$("$2" version)
	[[ $said == "hearsay $1 go"* ]] || fail "\"$said\" does not say $1"
	[ "$("$2" --version)" = "$said" ] || fail "--version is not version"
	echo "ok   $said"
}

git clone --quiet --no-hardlinks . "$work/copy"
cd "$work/copy"
git config user.name nobody
git config user.email nobody@example.com

# The version of a clone: what git says of the commit, and whether files were changed.
commit=$(git rev-parse --short=12 HEAD)
CGO_ENABLED=0 go build -buildvcs=true -o "$work/hearsay" ./cmd/hearsay
[[ $("$work/hearsay" version) == *"$commit go"* ]] || fail "a clean clone says $("$work/hearsay" version), not $commit"
echo "ok   $("$work/hearsay" version)"
echo >>README.md
CGO_ENABLED=0 go build -buildvcs=true -o "$work/hearsay" ./cmd/hearsay
[[ $("$work/hearsay" version) == *"$commit+dirty go"* ]] || fail "a changed clone says $("$work/hearsay" version), not $commit+dirty"
echo "ok   $("$work/hearsay" version)"
CGO_ENABLED=0 go build -buildvcs=false -o "$work/hearsay" ./cmd/hearsay
says unknown "$work/hearsay"

# What the renaming refuses: it changes nothing then.
refused() { # WHY PATH
	local words
	words=$(scripts/rename-module.sh "$2" 2>&1) && fail "renamed to $2"
	[[ $words == *"$1"* ]] || fail "\"$words\" does not say: $1"
}
refused "work tree has changes" "$path"
git checkout --quiet README.md
refused "no module path" "https://$path"
refused "no module path" hearsay
[ -z "$(git status --porcelain)" ] || fail "a refusal left changes"
echo "ok   bad paths and a changed tree are refused"

scripts/rename-module.sh "$path"
[ "$(go list -m)" = "$path" ] || fail "go.mod says $(go list -m)"
go list -f '{{join .Imports "\n"}}{{"\n"}}{{join .TestImports "\n"}}' ./... | grep -E '^hearsay(/|$)' && fail "imports were left"
go test ./topics
git commit --quiet --all --message "the module's path is where it is hosted"

# A module proxy is a directory. What else is needed comes from this machine's own module cache, or from where that came.
proxy=$work/proxy/$path/@v
mkdir -p "$proxy"
echo $version >"$proxy/list"
echo "{\"Version\":\"$version\"}" >"$proxy/$version.info"
cp go.mod "$proxy/$version.mod"
# A directory with a go.mod of its own is another module, and not in the zip.
others=()
while read -r mod; do others+=(":(exclude)${mod%/go.mod}"); done < <(git ls-files '*/go.mod')
git archive --format=zip --prefix="$path@$version/" --output="$proxy/$version.zip" HEAD -- . "${others[@]}"
cache=$(go env GOMODCACHE)/cache/download
GOPROXY=file://$work/proxy,file://$cache,$(go env GOPROXY)
export GOPROXY GONOSUMDB=$path GOMODCACHE=$work/modules GOFLAGS="-modcacherw -mod=mod" CGO_ENABLED=0

mkdir "$work/outside"
cp examples/two-nodes/main.go "$work/outside/"
cd "$work/outside"
go mod init example.org/outside 2>/dev/null
go get "$path@$version" 2>/dev/null || go get "$path@$version"
go build -o two-nodes .
go version -m two-nodes | grep -q "dep.$path.$version" || fail "built with another module: $(go version -m two-nodes)"
timeout 60 ./two-nodes || fail "two nodes of a program outside"
GOBIN=$work/bin go install "$path/cmd/hearsay@$version"
says $version "$work/bin/hearsay"
