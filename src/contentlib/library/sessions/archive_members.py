"""Adds the files of an archive to the session while it is unpacked."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field

from contentlib.library.checksums import Algorithm, Hasher
from contentlib.library.errors import Fault
from contentlib.library.model import UpdateFile
from contentlib.library.packages import ovf
from contentlib.library.ports import Staged


class TooLarge(Exception):
    """A file in the archive is larger than the server takes."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.text)
        self.fault = fault


@dataclass(slots=True)
class ArchiveMember:
    """A file of the archive that is being written; `text` holds it too where it is a manifest.

    `mark` is the mark of its bytes when the archive was left.
    """

    file: UpdateFile
    size: int
    staged: Staged
    hasher: Hasher
    text: list[bytes] | None = field(default=None)
    mark: str = ""

    def write(self, data: bytes) -> None:
        """Writes the next bytes."""
        self.staged.append(data)
        self.hasher.update(data)
        if self.text is not None:
            self.text.append(data)


class ManifestAlgorithms:
    """The checksum algorithms of the received manifests, which are used to hash the following files."""

    def __init__(self) -> None:
        self._found: set[Algorithm] = set()

    def hasher(self) -> Hasher:
        """Hashes a file that follows."""
        return Hasher(*self._found)

    def learn(self, name: str, text: bytes) -> None:
        """Learns the algorithms of a file, if it is a manifest."""
        if not ovf.is_manifest(name):
            return
        with contextlib.suppress(ovf.BadPackage):  # completing the session reports the error
            self._found |= {checksum.algorithm for checksum in ovf.read_manifest(name, text).values()}


def keeps_text(name: str, size: int) -> bool:
    """Whether a file is kept in memory too, as it is a manifest."""
    return ovf.is_manifest(name) and size <= ovf.LARGEST_MANIFEST
