"""Defines blobs."""

from __future__ import annotations

import msgspec


class Blob(msgspec.Struct, frozen=True):
    """Bytes on a storage. `digests` are by algorithm and always include SHA-256; `mark` changes when the file is modified.

    `unflushed` is the boot of the machine in which they were written, until they are safe from a power loss.
    """

    id: str
    storage: str
    size: int
    sha256: str
    digests: dict[str, str]
    mark: str
    created: int
    unreferenced: int | None = None
    unflushed: str | None = None


class StorageUse(msgspec.Struct, frozen=True):
    """The blobs on a storage that the versions of a library name; without a library, of versions whose item is gone."""

    library: str | None
    blobs: int
    bytes: int
