#!/bin/sh
# install.sh WHO [PACKAGE...]: installs Debian's packages for a script that says who it is; without packages it does nothing.
set -eu

who=$1
shift
[ "$#" -gt 0 ] || exit 0
if ! command -v apt-get >/dev/null 2>&1; then
    echo "$who: install these first, there is no apt-get here to do it: $*" >&2
    exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
    echo "$who: needs root once, for: apt-get install $*" >&2
    exit 1
fi
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
