#!/bin/sh
# Installs Node.js 20 or newer and npm from Debian's packages, to run the identity provider of the tests; does nothing where they are there.
set -eu

least=20
version() { node --version 2>/dev/null | sed 's/^v//; s/\..*//'; }

missing=
[ "$(version || true)" ] && [ "$(version)" -ge "$least" ] || missing="$missing nodejs"
command -v npm >/dev/null 2>&1 || missing="$missing npm"
# shellcheck disable=SC2086 # the list is meant to be split
"${0%/*}/install.sh" setup-node $missing
if [ "$(version)" -lt "$least" ]; then
    echo "setup-node: needs Node.js $least or newer, found $(version); install it from nodejs.org" >&2
    exit 1
fi
