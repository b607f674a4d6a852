#!/bin/sh
# Installs Go and govmomi from Debian's own packages, to build programs over govmomi with; does nothing where both are there.
set -eu

govmomi=/usr/share/gocode/src/github.com/vmware/govmomi
missing=
command -v go >/dev/null 2>&1 || missing="$missing golang-go"
[ -d "$govmomi" ] || missing="$missing golang-github-vmware-govmomi-dev"

[ -n "$missing" ] || exit 0
if ! command -v apt-get >/dev/null 2>&1; then
    echo "setup-go: install these first, there is no apt-get here to do it:$missing" >&2
    exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
    echo "setup-go: needs root once, for: apt-get install$missing" >&2
    exit 1
fi
apt-get update -qq
# shellcheck disable=SC2086 # the list is meant to be split
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
