#!/bin/sh
# Installs OpenLDAP's server from Debian's own packages, without a directory of its own; does nothing where it is there.
set -eu

PATH=$PATH:/usr/sbin
command -v slapd >/dev/null 2>&1 && exit 0
if command -v debconf-set-selections >/dev/null 2>&1 && [ "$(id -u)" -eq 0 ]; then
    echo "slapd slapd/no_configuration boolean true" | debconf-set-selections
fi
exec "${0%/*}/install.sh" setup-slapd slapd
