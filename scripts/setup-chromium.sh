#!/bin/sh
# Installs Chromium and a font from Debian's packages, for the tests of the console; does nothing where they are there.
set -eu

missing=
command -v chromium >/dev/null 2>&1 || missing="$missing chromium"
[ -d /usr/share/fonts/truetype/dejavu ] || missing="$missing fonts-dejavu-core"
# shellcheck disable=SC2086 # the list is meant to be split
exec "${0%/*}/install.sh" setup-chromium $missing
