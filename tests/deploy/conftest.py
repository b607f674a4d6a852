from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from clients.once import once
from deploy.roots import debian, wheels
from docs.reading import ROOT as SOURCE

SETUP = SOURCE / "scripts" / "setup-deploy.sh"
LINTERS = Path(__file__).with_name("linters.lock")


def place(factory: pytest.TempPathFactory, name: str) -> Path:
    """A new folder."""
    return factory.mktemp(name, numbered=True)


@pytest.fixture(scope="session")
def linters(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the programs that check files for containers."""

    def make() -> str:
        venv = place(tmp_path_factory, "linters")
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
        pip = [str(venv / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
        subprocess.run([*pip, "-r", str(LINTERS)], check=True)
        return str(venv / "bin")

    return Path(once(tmp_path_factory, "linters", make))


@pytest.fixture(scope="session")
def tools(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The programs of Debian that make and check images and packages."""
    if os.geteuid() != 0:
        pytest.skip("file systems of other machines are made by root")
    once(tmp_path_factory, "deploy-tools", lambda: subprocess.run([str(SETUP)], check=True).returncode)


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory, tools: None) -> Path:
    """The files of a small Debian, which nobody changes."""
    return Path(once(tmp_path_factory, "debian", lambda: str(debian(place(tmp_path_factory, "debian") / "root"))))


@pytest.fixture(scope="session")
def offline(tmp_path_factory: pytest.TempPathFactory, base: Path) -> Path:
    """The folder of the wheels, for the Python of this machine, which is that of the base."""
    return Path(once(tmp_path_factory, "wheels", lambda: str(wheels([sys.executable], place(tmp_path_factory, "wheels")))))
