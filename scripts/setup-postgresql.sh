#!/bin/sh
# Installs PostgreSQL from Debian's own packages, for the tests that need it; does nothing where its programs are there.
set -eu

missing=
set -- /usr/lib/postgresql/*/bin/initdb
[ -x "$1" ] || command -v initdb >/dev/null 2>&1 || missing="$missing postgresql"
command -v setpriv >/dev/null 2>&1 || missing="$missing util-linux"

# shellcheck disable=SC2086 # the list is meant to be split
exec "${0%/*}/install.sh" setup-postgresql $missing
