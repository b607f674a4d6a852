"""Unpacks an OVA while it arrives: its files become files of the session, and no copy of the archive is kept.

Until the archive is complete, only its frame is kept: all bytes that do not belong to a file, mainly headers. Frame and
received files together determine every received byte, so an interrupted upload can be resumed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from contentlib.library.bytes.blobs import Received
from contentlib.library.bytes.storages import Lane
from contentlib.library.bytes.storing import hash_again, put, room, sent, store
from contentlib.library.checksums import Algorithm, Hasher
from contentlib.library.errors import Fault, NotReady
from contentlib.library.identifiers import new_identifier
from contentlib.library.model import TransferStatus, UpdateFile, UpdateSession
from contentlib.library.packages import ovf, recognition
from contentlib.library.packages.checks import is_package_archive
from contentlib.library.packages.tar import BadArchive, Begin, End, Event, Piece, TarReader
from contentlib.library.ports import BlobStore, Staged
from contentlib.library.sessions.archive_frame import HEADER, ArchiveFrame, next_pieces, read_events
from contentlib.library.sessions.archive_members import ArchiveMember, ManifestAlgorithms, TooLarge, keeps_text
from contentlib.library.sessions.file_transfers import FileTransfers
from contentlib.library.sessions.transfer_faults import too_large


class ArchiveReceiver:
    """Receives the bytes of one archive.

    A file that is not an archive is kept as is, unless the item must be a package.
    """

    def __init__(
        self,
        transfers: FileTransfers,
        session: UpdateSession,
        archive: UpdateFile,
        store: BlobStore,
        threads: Lane,
    ) -> None:
        self._transfers = transfers
        self._session = session
        self._storage = session.storage
        self._archive = archive
        self._store = store
        self._threads = threads
        self._frame: Staged | None = None
        self._archived = ArchiveFrame(store, session.storage, archive.id, transfers.rules.most_files)
        self._reset()

    def _reset(self) -> None:
        self._reader = TarReader(self._transfers.rules.most_files, self._framed)
        self.hasher = Hasher.of(self._declared())
        self._members: list[UpdateFile] = []
        self._member: ArchiveMember | None = None
        self._manifests = ManifestAlgorithms()
        self._framed_size = 0
        self._replaying = False
        self._settled = True
        self.plain = False

    def _declared(self) -> Sequence[Algorithm]:
        return () if self._archive.checksum is None else (self._archive.checksum.algorithm,)

    @property
    def names(self) -> list[str]:
        """The names of the files that have begun."""
        return [member.name for member in self._members]

    @property
    def size(self) -> int:
        """Number of stored bytes of the archive."""
        return self.hasher.size

    # what is there already

    async def arrived(self) -> int:
        """Number of consistent stored bytes of the archive."""
        known = await self._transfers.members(self._archive)
        return await self._threads.stored(self._archived.measure, known)

    async def begin(self, frame: Staged, *, anew: bool = False) -> None:
        """Resumes with the stored bytes. Inconsistent ones are discarded, and all of them if the archive is sent again."""
        self._frame = frame
        expected = 0 if anew else await self.arrived()
        if expected:
            with self._transfers.held(self._session):
                await self._replay()
        if not expected or self.size != expected:
            await self.restart()

    async def go_on(self, frame: Staged) -> bool:
        """Goes on from memory, after `stamp` and `leave`; False where the bytes of the file in it were changed since."""
        self._frame, member = frame, self._member
        if member is None:
            return True
        member.staged = await self._stage(member.file)
        if member.staged.mark == member.mark:
            return True
        await self.leave()
        return False

    async def stamp(self) -> None:
        """Marks the bytes of the file that is being written, so that `go_on` can tell whether they were changed."""
        if self._member is not None:
            self._member.mark = await self._threads.run(self._member.staged.stamp)

    async def save(self) -> None:
        """Returns when every process finds the received bytes."""
        for staged in (self._frame, None if self._member is None else self._member.staged):
            if staged is not None:
                await sent(staged)
                await put(self._threads, staged.save)

    async def restart(self) -> None:
        """Discards the received bytes."""
        frame = self._open
        await self.drop()
        await self._threads.stored(frame.empty)
        self._frame = frame
        self._reset()

    async def _replay(self) -> None:
        known = await self._transfers.members(self._archive)
        self._reset()
        self._replaying, self._settled = True, False
        pieces = await self._pieces(self._archive.id)
        if not recognition.is_tar(await self._threads.stored(self._archived.first)) and self._open.size >= HEADER:
            await self._turn_plain()
        else:
            await self._recall(read_events(self._reader, pieces), known)
        self._replaying, self._settled = False, True

    async def _recall(self, events: Iterator[Event], known: Mapping[str, UpdateFile]) -> None:
        """Restores the state of reading before the interruption."""
        while (event := await self._threads.stored(next, events, None)) is not None:
            if isinstance(event, End):
                await self._end()
            elif isinstance(event, Begin):
                member = known.get(event.name)
                if member is not None and member.status is TransferStatus.READY:
                    await self._recall_whole(member)
                elif not await self._recall_part(event, member):
                    return

    async def _recall_whole(self, member: UpdateFile) -> None:
        self._members.append(member)
        keeps = keeps_text(member.name, member.received)
        if member.blob is not None and (self._declared() or keeps):
            pieces = await self._threads.stored(self._store.read, self._storage, member.blob)
            self._manifests.learn(member.name, await self._read(pieces, keeps))
        else:
            self.hasher.size += member.received
        self._reader.skip(member.received)

    async def _recall_part(self, event: Begin, member: UpdateFile | None) -> bool:
        """Whether the file is whole."""
        if member is None:
            await self._begin(event)
            return not event.size
        if member.status is not TransferStatus.TRANSFERRING:
            await self._transfers.begin(member)
        self._members.append(member)
        self._member = made = ArchiveMember(member, event.size, await self._stage(member), self._manifests.hasher())
        text = await self._read(await self._pieces(member.id), keeps_text(event.name, event.size), made.hasher)
        made.text = [text] if keeps_text(event.name, event.size) else None
        self._reader.skip(made.hasher.size)
        if made.hasher.size < event.size:
            return False
        if event.size:
            await self._end()
        return True

    async def _pieces(self, upload: str) -> Iterator[bytes]:
        return await self._threads.stored(self._store.staged_bytes, self._storage, upload)

    async def _read(self, pieces: Iterator[bytes], keeps: bool, hasher: Hasher | None = None) -> bytes:
        """Hashes bytes again; all of them where they are to be kept."""
        kept: list[bytes] = []
        while block := await self._threads.stored(self._read_some, pieces, hasher):
            if keeps:
                kept += block
        return b"".join(kept)

    def _read_some(self, pieces: Iterator[bytes], hasher: Hasher | None) -> list[bytes]:
        block = next_pieces(pieces)
        for piece in block:
            self.hasher.update(piece)
            if hasher is not None:
                hasher.update(piece)
        return block

    async def is_package(self, start: bytes | None = None) -> bool:
        """Whether it is an OVA by its bytes, which are all there, and the item of its session takes packages."""
        if start is None:
            start = await self._threads.stored(self._archived.first)
        return is_package_archive(start) and await self._transfers.takes_packages(self._session)

    # receiving

    async def feed(self, block: Sequence[bytes]) -> None:
        """Receives the next bytes. Raises BadArchive, TooLarge or NotStored."""
        self._settled = False
        await self._feed(block)
        if self._member is not None:
            await room(self._member.staged)
        self._settled = True

    async def _feed(self, block: Sequence[bytes]) -> None:
        pieces = iter(block)
        if not self.plain:
            before = self.size
            try:
                await self._unpack(read_events(self._reader, pieces))
                return
            except BadArchive:
                if before >= HEADER or not await self._may_be_plain():
                    raise
                await self._turn_plain()
                taken = self.size - before
                pieces = iter([b"".join(block)[taken:]])
        await self._threads.stored(self._keep, pieces)

    async def _unpack(self, events: Iterator[Event]) -> None:
        while (event := await self._threads.stored(self._advance, events)) is not None:
            if isinstance(event, Begin):
                await self._begin(event)
            else:
                await self._end()

    async def take(self, whole: Staged) -> bool:
        """Whether an archive that is all there could be unpacked; else nothing that came out of it is left."""
        self._frame, self._replaying = whole, True
        pieces = await self._pieces(self._archive.id)
        try:
            with self._transfers.held(self._session):
                while piece := await self._threads.stored(next, pieces, b""):
                    await self.feed([piece])
                if await self.finish() is None:
                    return True
        except (BadArchive, TooLarge):
            pass
        finally:
            await self.leave()
        await self.drop()
        return False

    async def finish(self) -> Fault | None:
        """The archive has ended: its files stand beside it. BadArchive, or the fault, when it is not as declared."""
        self._settled = False
        if not self.plain:
            try:
                self._reader.close()
            except BadArchive:
                if not await self._is_mistaken():
                    raise
                await self._turn_plain()
        if self.plain:
            return await self._finish_plain(self._archive.id)
        if await self._is_no_package():
            with self._transfers.held(self._session):
                return await self._assemble()
        fault = await self._transfers.unpacked(self._archive, self.hasher.size, self.hasher.digests())
        if fault is None:
            await self._threads.release(self._open.drop)
        return fault

    async def leave(self) -> None:
        """Closes the current file, which is kept until the archive is resumed."""
        if self._member is not None:
            await self._threads.release(self._member.staged.close)

    @property
    def exact(self) -> bool:
        """Whether all parsed bytes are stored and nothing failed halfway, so that reading can continue from memory."""
        if not self._settled:
            return False
        member, frame = self._member, self._frame
        whole = member is None or member.staged.size == member.hasher.size
        return whole and not self.plain and frame is not None and frame.size == self._framed_size

    async def drop(self) -> None:
        """Removes the files of an incomplete archive from the session."""
        await self.leave()
        self._member = None
        for file in await self._transfers.forget_members(self._archive):  # no other reference to them is left
            await self._threads.release(partial(self._store.discard, self._storage, file.id))

    @property
    def _open(self) -> Staged:
        if self._frame is None:
            raise RuntimeError("the archive was not begun")
        return self._frame

    def _framed(self, data: bytes) -> None:
        if not self._replaying and self._frame is not None:
            self._frame.append(data)
        self._framed_size += len(data)
        self.hasher.update(data)

    def _advance(self, events: Iterator[Event]) -> Event | None:
        """Writes the bytes of the current file. Returns the next other event, or None."""
        for event in events:
            if not isinstance(event, Piece):
                return event
            if self._member is not None:
                self._member.write(event.data)
            self.hasher.update(event.data)
        return None

    async def _begin(self, event: Begin) -> None:
        limit = self._transfers.rules.limit
        if limit and event.size > limit:
            raise TooLarge(too_large(event.name, limit))
        try:
            file = await self._transfers.begin_member(self._archive, event.name, event.size)
        except NotReady as error:  # the session has as many files as it may
            raise TooLarge(error.fault) from error
        self._members.append(file)
        text: list[bytes] | None = [] if keeps_text(event.name, event.size) else None
        self._member = ArchiveMember(file, event.size, await self._stage(file), self._manifests.hasher(), text)

    async def _stage(self, file: UpdateFile) -> Staged:
        return await self._threads.stored(self._store.stage, self._storage, file.id)

    async def _end(self) -> None:
        member, self._member = self._member, None
        if member is None:
            return
        try:
            await sent(member.staged)
            received = Received(self._storage, member.file.id, member.hasher.size, member.hasher.digests())
            await self._transfers.finish(member.file, received)
        finally:
            await self._threads.release(member.staged.close)
        if member.text is not None:
            self._manifests.learn(member.file.name, b"".join(member.text))

    # what is no package

    async def _may_be_plain(self) -> bool:
        """Whether the file is neither an archive from its first byte on nor compressed, and the item can be of any type."""
        start = await self._threads.stored(self._archived.first)
        if recognition.is_tar(start) or recognition.format_of(start) in recognition.PACKED.values():
            return False
        return await self._transfers.is_untyped(self._archive)

    async def _is_mistaken(self) -> bool:
        if self.size >= HEADER or not self.size:
            return False
        return recognition.mistaken(self._archive.name, await self._threads.stored(self._archived.first)) is not None

    async def _turn_plain(self) -> None:
        """Keeps the received bytes, and those that follow, as a plain file."""
        self.plain, self.hasher = True, Hasher(*self._declared())
        pieces = await self._pieces(self._archive.id)
        while await self._threads.stored(hash_again, self.hasher, pieces):
            pass

    def _keep(self, pieces: Iterator[bytes]) -> None:
        for piece in pieces:
            self._open.append(piece)
            self.hasher.update(piece)

    async def _finish_plain(self, upload: str) -> Fault | None:
        received = Received(self._storage, upload, self.hasher.size, self.hasher.digests())
        return await self._transfers.finish(self._archive, received)

    async def _is_no_package(self) -> bool:
        """Whether it is an archive without a descriptor, whose files are all here, and the item may be anything."""
        if any(ovf.is_descriptor(name) for name in self.names) or not await self._transfers.is_untyped(self._archive):
            return False
        return all(file.blob is not None for file in (await self._transfers.members(self._archive)).values())

    async def _assemble(self) -> Fault | None:
        """Restores the archive from its files, because it has no descriptor."""
        upload, known = new_identifier(), await self._transfers.members(self._archive)
        self.hasher = Hasher(*self._declared())
        staged = await self._threads.stored(self._store.stage, self._storage, upload)
        try:
            pieces = self._archived.whole(known)
            while block := await self._threads.stored(next_pieces, pieces):
                await store(self._threads, staged, self.hasher, block)
            self.plain = True
            await self.drop()
            fault = await self._finish_plain(upload)
        finally:
            await self._threads.release(staged.drop)
            await self._threads.release(staged.close)
        await self._threads.release(self._open.drop)
        return fault
