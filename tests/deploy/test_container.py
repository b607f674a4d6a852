"""The image of the Containerfile: built without a daemon, and run as an image is run that may change nothing but its data."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.roots import Root
from docs.reading import ROOT as SOURCE
from processes import Running, start

OFFLINE = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "/offline"}


@dataclass(frozen=True)
class Image:
    """What an image says of itself, and its files."""

    config: dict[str, Any]
    files: Path

    def root(self, data: Path) -> Root:
        """The file system that a container would see: nothing can be written but the data."""
        return Root(self.files, binds={data: "/data"}, frozen=True)

    @property
    def variables(self) -> dict[str, str]:
        return dict(each.split("=", 1) for each in self.config["Env"])


def test_the_containerfile_has_no_fault(linters: Path) -> None:
    ended = subprocess.run([linters / "hadolint", SOURCE / "Containerfile"], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (0, "")


@pytest.fixture(scope="module")
def image(base: Path, offline: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Image]:
    """The image, with a base that was made here, because no registry can be reached."""
    place = tmp_path_factory.mktemp("buildah")
    environment = os.environ | {"BUILDAH_ISOLATION": "chroot"}

    def buildah(*arguments: object) -> str:
        command = ["buildah", "--root", str(place / "storage"), "--runroot", str(place / "run"), *map(str, arguments)]
        ended = subprocess.run(command, cwd=SOURCE, env=environment, capture_output=True, text=True, check=False)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout.strip()

    made = buildah("from", "scratch")
    buildah("copy", "--quiet", made, base, "/")
    buildah("commit", "--quiet", made, "localhost/base")
    values = OFFLINE | {"BASE": "localhost/base"}
    options = [f"--build-arg={name}={value}" for name, value in values.items()]
    buildah("build", "--pull-never", "--format", "docker", *options, f"--volume={offline}:/offline:ro", "--tag", "made", ".")
    container = buildah("from", "--pull-never", "localhost/made")
    described = json.loads(buildah("inspect", "--type", "image", "localhost/made"))
    yield Image(described["Docker"]["config"], Path(buildah("mount", container)))
    buildah("umount", "--all")


def test_an_image_serves_as_a_user_without_rights_from_files_that_it_cannot_change(image: Image, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    user, group = image.config["User"].split(":")
    os.chown(data, int(user), int(group))
    root = image.root(data)
    first = _started(image, root, user, tmp_path)
    try:
        assert httpx.get(f"{first.url}/readyz", verify=False).text.strip() == "ready"
        assert "<" in httpx.get(f"{first.url}/console", verify=False, follow_redirects=True).text
        listen = {"CONTENTLIB_LISTEN": first.url.removeprefix("https://")}
        healthy = image.config["Healthcheck"]["Test"]
        assert healthy[0] == "CMD"
        assert root.run(*healthy[1:], user=user, **image.variables | listen) == "ok\n"
        ended = subprocess.run(root.command(["touch", "/new"], user), capture_output=True, text=True, check=False)
        assert "Read-only file system" in ended.stderr
        thumbprint = first.value("certificate SHA-256 thumbprint: ")
    finally:
        first.process.kill()
        first.output.read()  # until the last process of the container is gone
        first.kill()
    again = _started(image, root, user, tmp_path)
    try:
        assert again.value("certificate SHA-256 thumbprint: ") == thumbprint
    finally:
        again.kill()


def _started(image: Image, root: Root, user: str, place: Path) -> Running:
    assert image.config["ExposedPorts"] == {"8443/tcp": {}}
    assert image.config["Volumes"] == {"/data": {}}
    program = [*image.config["Entrypoint"], *image.config["Cmd"]]
    folder = image.config["WorkingDir"]
    return start(root.command(program, user, folder, **image.variables | {"CONTENTLIB_LISTEN": "127.0.0.1:0"}), place)


def test_an_image_has_no_tools_and_no_source_in_it(image: Image) -> None:
    assert not (image.files / "build").exists()
    assert not (image.files / "tools").exists()
    assert not list((image.files / "opt" / "contentlib" / "bin").glob("pip*"))
    assert (image.files / "data").stat().st_mode & 0o777 == 0o700
