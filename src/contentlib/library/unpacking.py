"""An OVA that is unpacked as it comes: the files in it become files of the session, and it leaves no copy of itself."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from contentlib.library import ovf
from contentlib.library.blobs import Received
from contentlib.library.checksums import Algorithm, Hasher
from contentlib.library.errors import Fault
from contentlib.library.model import UpdateFile, UpdateSession
from contentlib.library.ports import BlobStore, Staged
from contentlib.library.storages import Lane
from contentlib.library.tar import Begin, Event, Piece, TarReader
from contentlib.library.transfer_faults import too_large
from contentlib.library.update_sessions import UpdateSessions


class TooLarge(Exception):
    """A file in the archive is larger than the server takes."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.text)
        self.fault = fault


@dataclass(slots=True)
class _Member:
    """A file of the archive that is being written; `text` holds it too where it is a manifest."""

    file: UpdateFile
    staged: Staged
    hasher: Hasher
    text: list[bytes] | None = field(default=None)


class Unpacking:
    """Takes the bytes of one archive from its start; `limit` is the largest file that is taken, 0 for any."""

    def __init__(
        self,
        sessions: UpdateSessions,
        session: UpdateSession,
        archive: UpdateFile,
        store: BlobStore,
        threads: Lane,
        limit: int,
    ) -> None:
        self._sessions = sessions
        self._storage = session.storage
        self._archive = archive
        self._store = store
        self._threads = threads
        self._limit = limit
        self._reader = TarReader()
        self.hasher = Hasher.of(() if archive.checksum is None else (archive.checksum.algorithm,))
        self._members: list[UpdateFile] = []
        self._member: _Member | None = None
        self._manifests: set[Algorithm] = set()

    @property
    def names(self) -> list[str]:
        """The names of the files that have begun."""
        return [member.name for member in self._members]

    async def feed(self, block: Sequence[bytes]) -> None:
        """Takes the next bytes; BadArchive, TooLarge or NotStored when they cannot be."""
        events = self._events(block)
        while (event := await self._threads.stored(self._advance, events)) is not None:
            if isinstance(event, Begin):
                await self._begin(event)
            else:
                await self._end()

    async def close(self) -> Fault | None:
        """The archive has ended: its files stand in its place. BadArchive, or the fault, when it is not as declared."""
        self._reader.close()
        return await self._sessions.unpacked(self._archive, self.hasher.size, self.hasher.digests())

    async def drop(self) -> None:
        """Takes out of the session what came of an archive that is not whole."""
        member, self._member = self._member, None
        if member is not None:
            await self._threads.release(member.staged.close)
        await self._sessions.drop_members(self._members)
        for file in self._members:
            await self._threads.release(partial(self._store.discard, self._storage, file.id))

    def _events(self, block: Sequence[bytes]) -> Iterator[Event]:
        for piece in block:
            self.hasher.update(piece)
            yield from self._reader.feed(piece)

    def _advance(self, events: Iterator[Event]) -> Event | None:
        """Writes what belongs to the file that has begun; the next event that is more than bytes, or None."""
        for event in events:
            if not isinstance(event, Piece):
                return event
            if self._member is not None:
                self._member.hasher.update(event.data)
                self._member.staged.append(event.data)
                if self._member.text is not None:
                    self._member.text.append(event.data)
        return None

    async def _begin(self, event: Begin) -> None:
        if self._limit and event.size > self._limit:
            raise TooLarge(too_large(event.name, self._limit))
        file = await self._sessions.begin_member(self._archive, event.name, event.size)
        self._members.append(file)
        staged = await self._threads.stored(self._store.stage, self._storage, file.id)
        keeps_text = ovf.is_manifest(event.name) and event.size <= ovf.LARGEST_MANIFEST
        self._member = _Member(file, staged, Hasher(*self._manifests), [] if keeps_text else None)

    async def _end(self) -> None:
        member, self._member = self._member, None
        if member is None:
            return
        try:
            received = Received(self._storage, member.file.id, member.hasher.size, member.hasher.digests())
            await self._sessions.finish(member.file, received)
        finally:
            await self._threads.release(member.staged.close)
        if member.text is not None:
            with contextlib.suppress(ovf.BadPackage):  # completing the session says what is wrong with it
                manifest = ovf.read_manifest(member.file.name, b"".join(member.text))
                self._manifests |= {checksum.algorithm for checksum in manifest.values()}
