"""Defines content versions and their files."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from contentlib.library.checksums import Checksum
from contentlib.library.errors import Fault
from contentlib.library.model.signatures import PackageSignature


class StoredFile(msgspec.Struct, frozen=True):
    """A file of a content version; `revision` counts the contents that the file of this name has had.

    `generation` rises with each of them too and is never lower for a later content: seconds since 1970 UTC, or more. A file
    without a `blob` is only known by name, its bytes are at the publisher of the library. `user` brought the bytes, and stays
    the same in later versions with the same content.
    """

    name: str
    blob: str
    size: int
    revision: int
    checksum: Checksum | None
    generation: int = 0
    user: str = ""


class Differences(msgspec.Struct, frozen=True):
    """Names of the files in which a content version differs from the previous one."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


class Version(msgspec.Struct, frozen=True):
    """A content version of an item: an immutable list of files. `number` is the version that clients see.

    `user` created it, `message` is its origin if it does not come from an update session, `differences` compare it with the
    previous version. An OVF package can have a `signature` of its manifest, and `warnings` about its files.
    """

    id: str
    item: str
    number: int
    created: int
    files: tuple[StoredFile, ...]
    user: str = ""
    message: str = ""
    signature: PackageSignature | None = None
    differences: Differences | None = None
    warnings: tuple[Fault, ...] | None = None

    def file(self, name: str) -> StoredFile | None:
        """The file of that name."""
        return next((file for file in self.files if file.name == name), None)

    def after(self, before: Version) -> Version:
        """The version with its differences to the one before it."""
        old = {file.name: file.blob for file in before.files}
        new = {file.name: file.blob for file in self.files}
        return replace(
            self,
            differences=Differences(
                added=tuple(name for name in new if name not in old),
                changed=tuple(name for name in new if old.get(name, new[name]) != new[name]),
                removed=tuple(name for name in old if name not in new),
            ),
        )
