#!/usr/bin/env bash
# Where no registry can be reached: makes a stand-in for the image that the Dockerfile builds in, under its very name,
# out of this machine's Go, busybox-static and CA certificates. An image already there is kept, unless --force.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)

image=$(sed -n 's/^FROM \([^ ]*\) AS build$/\1/p' "$root/Dockerfile")
if [ "${1:-}" != --force ] && docker image inspect "$image" >/dev/null 2>&1; then
	echo "$image is there"
	exit
fi

wanted=${image#*:}
wanted=${wanted%-alpine}
case $(go env GOVERSION) in
"go$wanted" | "go$wanted".*) ;;
*)
	echo "$image wants Go $wanted, this machine has $(go env GOVERSION)" >&2
	exit 1
	;;
esac
goroot=$(readlink -f "$(go env GOROOT)")
busybox=$(command -v busybox) || { echo "busybox is missing: apt-get install busybox-static" >&2; exit 1; }
if readelf -l "$busybox" 2>/dev/null | grep -q INTERP; then
	echo "$busybox is not static: apt-get install busybox-static" >&2
	exit 1
fi

tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree"/{bin,etc/ssl/certs,go,root,usr/local,var}
mkdir -m 1777 "$tree/tmp"
cp "$busybox" "$tree/bin/busybox"
for applet in $("$busybox" --list); do
	[ "$applet" = busybox ] || ln -s busybox "$tree/bin/$applet"
done
cp -L /etc/ssl/certs/ca-certificates.crt "$tree/etc/ssl/certs/" # with the certificates that this machine adds
echo 'root:x:0:0:root:/root:/bin/sh' >"$tree/etc/passwd"
echo 'root:x:0:' >"$tree/etc/group"

tar -c --owner=0 --group=0 --numeric-owner \
	--exclude="${goroot#/}/test" --exclude="${goroot#/}/api" --exclude="${goroot#/}/doc" \
	--transform="s,^${goroot#/},usr/local/go," \
	-C "$tree" . -C / "${goroot#/}" |
	docker import \
		--change 'ENV PATH=/go/bin:/usr/local/go/bin:/bin GOPATH=/go GOTOOLCHAIN=local' \
		--change "ENV GOPROXY=$(go env GOPROXY) GOSUMDB=$(go env GOSUMDB)" \
		--change 'WORKDIR /go' --change 'CMD ["sh"]' \
		--message "stand-in made by scripts/base-image.sh" - "$image"
