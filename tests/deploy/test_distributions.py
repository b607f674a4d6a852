"""The wheel and the source archive have all that the program needs, and so does a wheel of the source archive."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from clients.program import locked
from docs.reading import ROOT

BUILD = "import sys; from setuptools import build_meta as build; getattr(build, sys.argv[1])(sys.argv[2])"
CONSOLE = "contentlib/console/built"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A copy of what a release is made of, with the console."""
    with locked(ROOT / "console" / ".cache" / "build.lock"):
        if not (ROOT / "src" / CONSOLE / "index.html").exists():
            subprocess.run([ROOT / "scripts" / "build-console.sh", sys.executable], check=True)
    copied = tmp_path / "source"
    shutil.copytree(ROOT / "src", copied / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    for each in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / each, copied)
    return copied


def built(source: Path, step: str, place: Path) -> Path:
    """What setuptools makes of a source."""
    place.mkdir()
    subprocess.run([sys.executable, "-c", BUILD, step, str(place)], cwd=source, check=True, capture_output=True)
    (found,) = place.iterdir()
    return found


def names(wheel: Path) -> set[str]:
    """The files of the program in a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return {each for each in archive.namelist() if each.startswith("contentlib/")}


def test_wheel_and_source_archive_have_the_whole_program(source: Path, tmp_path: Path) -> None:
    program = {str(each.relative_to(source / "src")) for each in (source / "src" / "contentlib").rglob("*") if each.is_file()}
    assert len([each for each in program if each.startswith(CONSOLE)]) > 5
    assert names(built(source, "build_wheel", tmp_path / "wheel")) == program
    with tarfile.open(built(source, "build_sdist", tmp_path / "archive")) as archive:
        archive.extractall(tmp_path / "unpacked", filter="data")
    (unpacked,) = (tmp_path / "unpacked").iterdir()
    assert names(built(unpacked, "build_wheel", tmp_path / "again")) == program
