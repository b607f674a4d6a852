from __future__ import annotations

import os
import subprocess
from pathlib import Path

from clients.program import SETUP, built


def test_where_nothing_can_be_installed_the_missing_packages_are_named(tmp_path: Path) -> None:
    ended = subprocess.run(["/bin/sh", SETUP], env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr.startswith("setup-go: install these first, there is no apt-get here to do it: golang-go")


def test_where_only_root_can_install_that_is_told(tmp_path: Path) -> None:
    for name, text in (("apt-get", "exit 1"), ("id", "echo 1000")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    ended = subprocess.run(["/bin/sh", SETUP], env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr.startswith("setup-go: needs root once, for: apt-get install golang-go")


def test_what_is_missing_is_installed_by_apt(tmp_path: Path) -> None:
    for name, text in (("apt-get", f'echo "$@" >> {tmp_path}/asked'), ("id", "echo 0")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    subprocess.run(["/bin/sh", SETUP], env={"PATH": str(tmp_path)}, check=True)
    update, install = (tmp_path / "asked").read_text().splitlines()
    assert update.startswith("update")
    assert install.startswith("install")
    assert "golang-go" in install.split()


def test_where_all_is_there_nothing_is_done(tmp_path: Path) -> None:
    built()
    ended = subprocess.run(["/bin/sh", SETUP], env=dict(os.environ), capture_output=True, text=True, check=True)
    assert (ended.stdout, ended.stderr) == ("", "")
