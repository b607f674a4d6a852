#!/bin/sh
# Installs what the bench compares with and measures by, from Debian's own packages; does nothing where all is there.
set -eu

"${0%/*}/../scripts/setup-go.sh"

missing=
need() { command -v "$1" >/dev/null 2>&1 || missing="$missing $2"; }

need curl curl
need nginx nginx
need wrk wrk

# RUNLEVEL=1 keeps Debian from starting an nginx of its own on port 80.
# shellcheck disable=SC2086 # the list is meant to be split
RUNLEVEL=1 exec "${0%/*}/../scripts/install.sh" bench $missing
