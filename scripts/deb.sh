#!/usr/bin/env bash
# Builds the Debian package: program, systemd unit, manual page, completion, alert rules and dashboard.
# scripts/deb.sh [DIRECTORY] writes it there; scripts/deb.sh --check builds one, installs it into a root of its own and
# looks at what came.
# shellcheck source-path=SCRIPTDIR source=lib/build.sh
source "$(dirname "$0")/lib/build.sh"
cd "$root"
arch=$(dpkg --print-architecture)
version=$(scripts/version.sh)
case $version in
v[0-9]*.*) version=${version#v} ;;
*) version=0~$version ;; # a commit
esac
version=$(printf '%s' "$version" | tr -c 'A-Za-z0-9.+~' .)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

build_into() {
	local tree=$1
	build
	install -D "$HEARSAY" "$tree/usr/bin/hearsay"
	install -D -m644 deploy/hearsay.service "$tree/usr/lib/systemd/system/hearsay.service"
	install -D -m644 deploy/hearsay.yaml "$tree/etc/hearsay/hearsay.yaml"
	install -D -m644 LICENSE "$tree/usr/share/doc/hearsay/copyright"
	install -D -m644 -t "$tree/usr/share/doc/hearsay" README.md CHANGELOG.md deploy/alerts.yaml deploy/grafana.json deploy/kubernetes.yaml
	install -d "$tree"/usr/share/{man/man1,bash-completion/completions,zsh/vendor-completions,fish/vendor_completions.d} "$tree/DEBIAN"
	"$HEARSAY" man | gzip -9n >"$tree/usr/share/man/man1/hearsay.1.gz"
	"$HEARSAY" completion bash >"$tree/usr/share/bash-completion/completions/hearsay"
	"$HEARSAY" completion zsh >"$tree/usr/share/zsh/vendor-completions/_hearsay"
	"$HEARSAY" completion fish >"$tree/usr/share/fish/vendor_completions.d/hearsay.fish"
	echo /etc/hearsay/hearsay.yaml >"$tree/DEBIAN/conffiles"
	cat >"$tree/DEBIAN/control" <<-EOF
		Package: hearsay
		Version: $version
		Architecture: $arch
		Maintainer: hearsay maintainers <hearsay@example.invalid>
		Section: net
		Priority: optional
		Description: gossip mesh over ZeroMQ PUB/SUB
		 Nodes find, lose and re-admit each other without a server, and publish messages to all.
		 Enter the names of other nodes into /etc/hearsay/hearsay.yaml, and then:
		 systemctl enable --now hearsay
	EOF
}

# check PACKAGE installs it into an empty root, and looks at what came.
check() {
	local there=$work/root
	mkdir -p "$there/var/lib/dpkg/updates" "$there/var/lib/dpkg/info"
	: >"$there/var/lib/dpkg/status"
	dpkg --root="$there" --log=/dev/null --install "$1"
	"$there/usr/bin/hearsay" version
	dpkg --root="$there" --status hearsay | grep -x 'Status: install ok installed'
	bash -n "$there/usr/share/bash-completion/completions/hearsay"
	zcat "$there/usr/share/man/man1/hearsay.1.gz" | grep -c "^.TH" >/dev/null
	# A reload is a SIGHUP, which would end a node that has no file to read again.
	grep -q '^ExecStart=.* --config ' "$there/usr/lib/systemd/system/hearsay.service"
	grep -q '^ExecReload=.*-HUP' "$there/usr/lib/systemd/system/hearsay.service"
	"$there/usr/bin/hearsay" node --config "$there/etc/hearsay/hearsay.yaml" --hostname 127.77.9.1 --discovery-port 0 2>"$work/said" && exit 1
	grep -q 'discovery-port 0' "$work/said" # it got past the file
	if command -v systemd-analyze >/dev/null; then
		# Nothing but the units of a whole system may be missing, and its programs.
		install -D -m755 /dev/null "$there/bin/kill"
		{ systemd-analyze verify --man=no --root="$there" hearsay.service 2>&1 || true; } | { grep -v 'Unit [a-z-]*\.target not found' || true; } >"$work/verified"
		if [ -s "$work/verified" ]; then
			cat "$work/verified"
			exit 1
		fi
		systemd-analyze security --offline=true --threshold=20 --root="$there" hearsay.service | tail -1
	fi
	dpkg --root="$there" --log=/dev/null --remove hearsay
	[ ! -e "$there/usr/bin/hearsay" ]
}

build_into "$work/tree"
out=${1:-.}
[ "$out" != --check ] || out=$work
dpkg-deb --root-owner-group --build "$work/tree" "$out/hearsay_${version}_$arch.deb"
[ "${1:-}" != --check ] || check "$out/hearsay_${version}_$arch.deb"
