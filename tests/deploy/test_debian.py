"""The Debian package: checked by Debian's own programs, installed in a small Debian, started, upgraded and removed."""

from __future__ import annotations

import subprocess
from pathlib import Path

import httpx
import pytest

from deploy.roots import Root
from deploy.test_container import OFFLINE
from docs.reading import ROOT as SOURCE
from processes import start

DEBIAN = SOURCE / "deploy" / "debian"
UNIT = DEBIAN / "contentlib.service"
MOST_EXPOSED = 20
"""Of 100, by systemd's own count: services without any protection have 96."""


def checked(*command: object) -> str:
    """What a program prints, which finds no fault."""
    ended = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout + ended.stderr


def test_the_scripts_have_no_fault(tools: None) -> None:
    scripts = [DEBIAN / each for each in ("build.sh", "postinst", "prerm", "postrm")]
    assert checked("shellcheck", *scripts, SOURCE / "scripts" / "setup-deploy.sh") == ""


def test_the_service_may_do_little(tools: None) -> None:
    checked("systemd-analyze", "security", "--offline=true", f"--threshold={MOST_EXPOSED}", UNIT)


@pytest.fixture(scope="module")
def package(base: Path, offline: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package, built in a small Debian from the wheel of this source."""
    place = tmp_path_factory.mktemp("package")
    wheel = "import sys; from setuptools import build_meta as build; build.build_wheel(sys.argv[1])"
    (place / "out").mkdir()
    root = Root(place / "root", base, {SOURCE: "/src", offline: "/offline", place / "out": "/out"})
    root.run("sh", "-euc", "cp -r /src/src /src/pyproject.toml /src/README.md /src/LICENSE /tmp/")
    root.run("sh", "-euc", "python3 -m venv /tools && /tools/bin/pip install --quiet -r /src/deploy/build.lock", **OFFLINE)
    root.run("sh", "-euc", f"cd /tmp && mkdir /wheel && /tools/bin/python -c '{wheel}' /wheel", **OFFLINE)
    root.run("sh", "-euc", "/src/deploy/debian/build.sh /wheel/*.whl /out", **OFFLINE)
    (made,) = (place / "out").glob("*.deb")
    return made


def test_the_package_has_no_fault(package: Path) -> None:
    checked("lintian", "--fail-on", "error,warning", package)


def test_a_package_is_installed_started_upgraded_and_removed(package: Path, base: Path, tmp_path: Path) -> None:
    root = Root(tmp_path / "root", base, {package.parent: "/packages"})
    install = ["dpkg", "--install", f"/packages/{package.name}"]
    root.run(*install)
    unit = "/usr/lib/systemd/system/contentlib.service"
    assert root.run("stat", "--format", "%U %G %a", "/var/lib/contentlib").split() == ["contentlib", "contentlib", "700"]
    assert root.run("stat", "--format", "%U %G %a", "/etc/contentlib/contentlib.toml").split() == ["root", "contentlib", "640"]
    assert root.run("find", "/var/lib/contentlib", "/etc/systemd", "-newer", unit, "-name", "*contentlib*", "-type", "f") == ""
    assert root.run("contentlib", "version").strip() == package.name.split("_")[1].removesuffix("-1")
    (begun,) = [line.split("=", 1)[1].split() for line in root.run("cat", unit).splitlines() if line.startswith("ExecStart=")]
    running = start(root.command(begun, "contentlib", CONTENTLIB_LISTEN="127.0.0.1:0", CONTENTLIB_LOG_FORMAT="text"), tmp_path)
    try:
        assert httpx.get(f"{running.url}/readyz", verify=False).text.strip() == "ready"
    finally:
        running.kill()
    root.run("sh", "-c", "echo '# changed' >>/etc/contentlib/contentlib.toml")
    root.run(*install)
    assert root.run("tail", "-n", "1", "/etc/contentlib/contentlib.toml") == "# changed\n"
    root.run("dpkg", "--remove", "contentlib")
    assert root.run("sh", "-c", "ls /opt/contentlib 2>/dev/null || true") == ""
    assert "the data in /var/lib/contentlib was kept" in root.run("dpkg", "--purge", "contentlib")
    root.run("test", "-s", "/var/lib/contentlib/contentlib.db")
    root.run("test", "!", "-e", "/etc/contentlib/contentlib.toml")
