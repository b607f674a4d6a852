"""Specifies rows of content versions, blobs and trusted certificates."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from contentlib.library.model import Blob, PackageSignature, StorageUse, StoredFile, TrustedCertificate, Version
from contentlib.library.ports.rows import Rows


class VersionRows(Protocol):
    """Content versions with their files, immutable."""

    async def add(self, version: Version) -> None:
        """Adds a version; the blobs that it names exist, and are not `unreferenced` any more."""

    async def get(self, version_id: str) -> Version | None:
        """The version, or None."""

    async def signature(self, version_id: str) -> PackageSignature | None:
        """The signature of a version, or None; takes less than to get the version with all its files."""

    async def remove(self, version_id: str) -> None:
        """Removes the version; blobs that no version names any more become unreferenced as of the next `unreference`."""

    async def let_go(self, version_id: str) -> None:
        """Releases a version for all but the sessions that serve it, even if it is the newest of its item."""

    async def surplus(
        self, kept: int | None, most: int | None = None, *, before: int | None = None, library: str | None = None
    ) -> list[str]:
        """Returns the identifiers of unneeded versions, in a library or in all that have no retention of their own.

        These are versions that are not among the last `kept` of their item, or were replaced `before` a time; never the current
        one, or one that an active session started from or serves. A version whose item is gone belongs to no library.
        """

    async def known(self, version_ids: Collection[str]) -> set[str]:
        """Those of the identifiers that are versions'."""

    async def elsewhere(self, library: str, storage: str) -> list[StoredFile]:
        """A file for each blob on another storage that a version of a library's items has, of those in the trash too."""

    async def move(self, library: str, blob: str, other: str) -> None:
        """Replaces a blob in the versions of a library's items, including those in the trash, by another one with the same
        bytes.

        A blob without references is unreferenced after the next `unreference`.
        """

    async def of(self, item: str) -> list[Version]:
        """The versions of an item that are kept, oldest first."""

    async def since(self, library: str, revision: int) -> dict[str, str | None]:
        """The items of a library whose content has changed since it had a revision, each with its version of then.

        None where they had none, or where it is not kept any more. An item that was copied or restored may be among them for
        having no known past.
        """


class BlobRows(Rows[Blob], Protocol):
    """Blobs."""

    async def twin(self, storage: str, sha256: str, size: int) -> Blob | None:
        """A blob on a storage with that content, the oldest where there are several."""

    async def note_flushed(self, blob_id: str) -> bool:
        """Notes that the bytes of a blob survive the loss of power; whether there is such a blob."""

    async def unreference(self, now: int) -> None:
        """Notes the time in every blob that has lost its last version since the last call."""

    async def unreferenced(self, before: int, most: int | None = None) -> list[Blob]:
        """The blobs that no version has named since before a time, nor a file of an ACTIVE session or an arrival."""

    async def are_on(self, storage: str) -> bool:
        """Whether a storage has any blobs."""

    async def uses(self, storage: str) -> list[StorageUse]:
        """What the versions of each library name on a storage, of those in the trash too; libraries without any are left out.

        Versions whose item is gone, which running downloads still need, are together.
        """

    async def named_bytes(self, storage: str) -> int:
        """The bytes of all blobs on a storage that versions name."""

    async def storages(self) -> set[str]:
        """The storages of all blobs, libraries and ACTIVE update sessions. Reads all rows of blobs."""

    async def known(self, blob_ids: Collection[str]) -> set[str]:
        """Those of the identifiers that are blobs'."""


class TrustedCertificateRows(Rows[TrustedCertificate], Protocol):
    """Trusted certificates."""

    async def all(self) -> list[TrustedCertificate]:
        """All of them."""
