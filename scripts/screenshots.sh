#!/bin/sh
# screenshots.sh PYTHON: takes a picture of each screen of the console, light and dark, wide and narrow, for the docs. The tests
# that take them also hold the screens against axe and the browser's console. pngquant makes them small.
set -eu

python=$(realpath -s "$1")
cd "${0%/*}/.."
command -v pngquant >/dev/null 2>&1 || scripts/install.sh screenshots pngquant

folder=$PWD/docs/guide/screenshots
mkdir -p "$folder"
rm -f "$folder"/*.png
CONTENTLIB_SCREENSHOTS=$folder "$python" -m pytest -q -n 0 -k each_screen tests/console/browser/test_screens.py
pngquant --quiet --skip-if-larger --force --ext .png --speed 1 --strip 48 "$folder"/*.png || [ $? -eq 98 ]
du -sh "$folder"
