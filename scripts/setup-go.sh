#!/bin/sh
# Installs Go and govmomi from Debian's own packages, to build programs over govmomi with; does nothing where both are there.
set -eu

govmomi=/usr/share/gocode/src/github.com/vmware/govmomi
missing=
command -v go >/dev/null 2>&1 || missing="$missing golang-go"
[ -d "$govmomi" ] || missing="$missing golang-github-vmware-govmomi-dev"

# shellcheck disable=SC2086 # the list is meant to be split
exec "${0%/*}/install.sh" setup-go $missing
