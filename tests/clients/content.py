"""The files that the clients import: an ISO, an OVF package with its manifest, and the same as an OVA."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import packages

IMAGE = b"an image" * 40_000


@dataclass(frozen=True)
class Content:
    """A directory with the files, and the files of the package by name."""

    directory: Path
    package: dict[str, bytes]

    def sums(self, *names: str) -> dict[str, str]:
        """The SHA-256 of files of the package."""
        return {name: hashlib.sha256(self.package[name]).hexdigest() for name in names}


def written(directory: Path) -> Content:
    """Writes the files into a directory."""
    package = packages.package(disk=bytes(range(256)) * 1000, algorithm="SHA1")
    (directory / "package").mkdir(parents=True, exist_ok=True)
    (directory / "image.iso").write_bytes(IMAGE)
    (directory / "tiny.ova").write_bytes(packages.archive(package))
    for name, data in package.items():
        (directory / "package" / name).write_bytes(data)
    return Content(directory, package)
