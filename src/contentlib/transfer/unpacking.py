"""One upload of an OVA: the files in it become files of the session while its bytes come, and it leaves no copy of itself."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from contentlib.library import ovf
from contentlib.library.blobs import Received
from contentlib.library.checksums import Algorithm, Hasher
from contentlib.library.model import UpdateFile
from contentlib.library.ports import BlobStore, Staged
from contentlib.library.tar import BadArchive, Begin, Event, Piece, TarReader
from contentlib.transfer.receiving import Upload, Wrong


@dataclass(slots=True)
class _Member:
    """A file of the archive that is being written; `text` holds it too where it is a manifest."""

    file: UpdateFile
    staged: Staged
    hasher: Hasher
    text: list[bytes] | None = field(default=None)


class Unpacking(Upload):
    """An upload that holds the lock on an archive, whose own bytes are not kept."""

    async def receive(self, staged: Staged, store: BlobStore, known: Hasher | None) -> bool:  # noqa: ARG002 - nothing of an archive is kept
        """Takes the bytes of the request; the files of the archive are READY when it is whole. Wrong when it is not."""
        self._check_size()
        self._files = store
        self._members: list[UpdateFile] = []
        self._member: _Member | None = None
        self._manifests: set[Algorithm] = set()
        declared = () if self.file.checksum is None else (self.file.checksum.algorithm,)
        self.hasher = Hasher.of(declared)
        await self._sessions.begin(self.file)
        self.incoming.start()
        try:
            await self._unpack(TarReader())
        except BaseException:
            await asyncio.shield(self._drop())
            raise
        await self._stored(store.discard, self.session.storage, self.file.id)
        return True

    def received(self, staged: Staged) -> int:  # noqa: ARG002 - nothing of an archive is staged
        """How many bytes of the archive have come."""
        return self.hasher.size

    def told(self) -> dict[str, object]:
        """What came of it, for the client."""
        return {
            "name": self.file.name,
            "size": self.hasher.size,
            "status": "READY",
            "files": [each.name for each in self._members],
        }

    async def _unpack(self, archive: TarReader) -> None:
        room = self._room(0)
        try:
            while (block := await self.incoming.next()) is not None:
                size = sum(map(len, block))
                if room is not None and size > room:
                    raise self._too_many()
                room = None if room is None else room - size
                await self._take(self._events(archive, block))
                await self._beat(self.hasher.size)
            archive.close()
        except BadArchive as error:
            raise Wrong(400, error.fault, keep=False) from error
        fault = await self._sessions.unpacked(self.file, self.hasher.size, self.hasher.digests())
        if fault is not None:
            raise Wrong(400, fault, keep=False)

    def _events(self, archive: TarReader, block: list[bytes]) -> Iterator[Event]:
        for piece in block:
            self.hasher.update(piece)
            yield from archive.feed(piece)

    async def _take(self, events: Iterator[Event]) -> None:
        while (event := await self._stored(self._advance, events)) is not None:
            if isinstance(event, Begin):
                await self._begin(event)
            else:
                await self._end()

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
            raise self._too_many()
        file = await self._sessions.begin_member(self.file, event.name, event.size)
        self._members.append(file)
        staged = await self._stored(self._files.stage, self.session.storage, file.id)
        keeps_text = ovf.is_manifest(event.name) and event.size <= ovf.LARGEST_MANIFEST
        self._member = _Member(file, staged, Hasher(*self._manifests), [] if keeps_text else None)

    async def _end(self) -> None:
        member, self._member = self._member, None
        if member is None:
            return
        with member.staged:
            received = Received(self.session.storage, member.file.id, member.hasher.size, member.hasher.digests())
            await self._sessions.finish(member.file, received)
        if member.text is not None:
            with contextlib.suppress(ovf.BadPackage):  # completing the session says what is wrong with it
                manifest = ovf.read_manifest(member.file.name, b"".join(member.text))
                self._manifests |= {checksum.algorithm for checksum in manifest.values()}

    async def _drop(self) -> None:
        """Takes out of the session what came of an archive that is not whole."""
        if self._member is not None:
            self._member.staged.__exit__(None, None, None)
        await self._sessions.drop_members(self._members)
        for member in self._members:
            with contextlib.suppress(OSError):  # what is left is swept with its session
                await self._threads.run(self._files.discard, self.session.storage, member.id)
