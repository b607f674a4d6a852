"""Replaces the OVAs of an imported library by the files in them, as uploads do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial

from msgspec.structs import replace

from contentlib.library.bytes.blobs import Blobs
from contentlib.library.catalogs import OfferedFile, OfferedItem
from contentlib.library.following.adoption import Adoption
from contentlib.library.model import Blob, StoredFile
from contentlib.library.packages import ovf
from contentlib.library.packages.checks import examine
from contentlib.library.packages.tar import BadArchive, Begin, End, Event, Piece, TarReader


class NotOpened(Exception):
    """Why an archive was not unpacked."""


def is_archived(item: OfferedItem) -> bool:
    """Whether an item holds nothing but an OVA, or several."""
    return bool(item.files) and all(ovf.is_archive(file.name) for file in item.files)


class Archives:
    """Opens them."""

    def __init__(self, adoption: Adoption, blobs: Blobs) -> None:
        self._adoption = adoption
        self._blobs = blobs

    async def open(self, item: OfferedItem, *archives: Blob) -> tuple[OfferedItem, dict[str, Blob]]:
        """Returns the item with the files of its archive. Raises NotOpened if they are not a complete package."""
        if len(archives) > 1:
            raise NotOpened(f"item has {len(archives)} archives; a package has exactly one")
        try:
            found = await self._files(archives[0])
        except BadArchive as error:
            raise NotOpened(error.fault.text) from error
        findings = await examine(
            ovf.TYPE, [StoredFile(name, blob.id, blob.size, 1, None) for name, blob in found.items()], self._blobs
        )
        if findings:
            raise NotOpened("; ".join(findings.problems()))
        files = tuple(OfferedFile(name, blob.size, ()) for name, blob in found.items())
        return replace(item, type=ovf.TYPE, files=files, content_version=_next(item.content_version)), found

    async def _files(self, archive: Blob) -> dict[str, Blob]:
        found, events = {}, self._events(archive)
        async for event in events:
            if isinstance(event, Begin):
                found[event.name] = await self._adoption.receive(archive.storage, _content(events))
        return found

    async def _events(self, archive: Blob) -> AsyncIterator[Event]:
        reader, store = TarReader(), self._blobs.store
        async for piece in self._blobs.on(archive.storage).pieces(partial(store.read, archive.storage, archive.id)):
            for event in reader.feed(piece):
                yield event
        reader.close()


async def _content(events: AsyncIterator[Event]) -> AsyncIterator[bytes]:
    """The bytes of the file that has begun."""
    async for event in events:
        if isinstance(event, End):
            return
        if isinstance(event, Piece):
            yield event.data


def _next(content_version: str | None) -> str | None:
    """Subscribers fetch the files of an item when its content version rises."""
    return str(int(content_version) + 1) if content_version is not None and content_version.isdecimal() else None
