#!/bin/sh
# Installs HAProxy from Debian's own packages, for `make cluster` and its tests; does nothing where it is there.
set -eu

missing=
PATH="$PATH:/usr/sbin" command -v haproxy >/dev/null 2>&1 || missing=haproxy

# shellcheck disable=SC2086 # the list is meant to be split
exec "${0%/*}/install.sh" setup-haproxy $missing
