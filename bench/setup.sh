#!/bin/sh
# Installs what the bench compares with and measures by, from Debian's own packages; does nothing where all is there.
set -eu

"$(dirname "$0")/../scripts/setup-go.sh"

missing=
need() { command -v "$1" >/dev/null 2>&1 || missing="$missing $2"; }

need curl curl
need nginx nginx
need wrk wrk

[ -n "$missing" ] || exit 0
if ! command -v apt-get >/dev/null 2>&1; then
    echo "bench: install these first, there is no apt-get here to do it:$missing" >&2
    exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
    echo "bench: needs root once, for: apt-get install$missing" >&2
    exit 1
fi
apt-get update -qq
# RUNLEVEL=1 keeps Debian from starting an nginx of its own on port 80.
# shellcheck disable=SC2086 # the list is meant to be split
RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
