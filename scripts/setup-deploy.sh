#!/bin/sh
# Installs what the tests of the image and of the Debian package need, from Debian's packages; does nothing where all is there.
set -eu

PATH=$PATH:/usr/sbin
missing=
for program in buildah debootstrap lintian shellcheck; do
    command -v "$program" >/dev/null 2>&1 || missing="$missing $program"
done
command -v systemd-analyze >/dev/null 2>&1 || missing="$missing systemd"
# shellcheck disable=SC2086 # the list is meant to be split
exec "${0%/*}/install.sh" setup-deploy $missing
