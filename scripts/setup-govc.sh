#!/bin/sh
# setup-govc.sh DIRECTORY: puts the source of govc, from Debian's source package of govmomi, into a directory for Go's GOPATH.
# Installs what is needed to build it.
set -eu

here=$(cd "${0%/*}" && pwd)
target=$1/src/github.com/vmware/govmomi
"$here/setup-go.sh"

missing=
[ -d /usr/share/gocode/src/github.com/kr/pretty ] || missing=golang-github-kr-pretty-dev
command -v patch >/dev/null 2>&1 || missing="$missing patch"
# shellcheck disable=SC2086 # the list is meant to be split
"$here/install.sh" setup-govc $missing
[ ! -d "$target" ] || exit 0

# the lists of source packages are read apart from the machine's own lists
work=$1/source
mkdir -p "$work/lists/partial" "$work/sources"
. /etc/os-release
mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' "Codename: $VERSION_CODENAME" | head -n 1)
cat >"$work/sources/debian.sources" <<END
Types: deb-src
URIs: $mirror
Suites: $VERSION_CODENAME
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
END
cd "$work"
set -- -qq -o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$work/sources" -o "Dir::State::lists=$work/lists" \
    -o APT::Sandbox::User=root
apt-get "$@" update
apt-get "$@" source --download-only golang-github-vmware-govmomi
tar xf golang-github-vmware-govmomi_*.orig.tar.xz
tar xf golang-github-vmware-govmomi_*.debian.tar.xz
cd govmomi-*/
while read -r name; do patch --silent -p1 <"../debian/patches/$name"; done <../debian/patches/series
mkdir -p "${target%/*}"
mv "$PWD" "$target"
