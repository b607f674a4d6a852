"""Writes the bytes of a fetched file: to a staging area, a file of a session, or through an archive to its files."""

from __future__ import annotations

from contextlib import suppress
from typing import Protocol

from contentlib.library.bytes import storing
from contentlib.library.bytes.blobs import Received
from contentlib.library.bytes.storages import Lane
from contentlib.library.checksums import Algorithm, Hasher
from contentlib.library.errors import Fault, Missing, NotActive
from contentlib.library.model import UpdateFile, UpdateSession
from contentlib.library.packages.tar import BadArchive
from contentlib.library.ports import BlobStore, Staged
from contentlib.library.sessions.allowances import TransferAllowance
from contentlib.library.sessions.archive_members import TooLarge
from contentlib.library.sessions.file_transfers import FileTransfers
from contentlib.library.sessions.finishing import finish
from contentlib.library.sessions.unpacking import ArchiveReceiver


class Different(Exception):
    """The bytes are not those that were declared; to fetch them again would not help."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.text)
        self.fault = fault


class ByteSink(Protocol):
    """Receives the bytes of a file in order. Raises NotStored if the storage fails."""

    @property
    def size(self) -> int:
        """Number of stored bytes."""

    async def feed(self, data: bytes) -> None:
        """Receives the next bytes. Raises Different if they cannot be right."""

    async def restart(self) -> None:
        """Discards the received bytes."""


class IncomingFile(ByteSink, Protocol):
    """Receives the bytes of a file of an update session."""

    async def begin(self) -> None:
        """Opens the bytes of an earlier attempt."""

    def expect(self, size: int) -> None:
        """Notes the size of the file that its source announced."""

    async def finish(self) -> Fault | None:
        """Finishes the file: READY, or an error. Raises Different if the bytes cannot be right."""

    async def leave(self) -> None:
        """Ends the attempt. Received bytes are kept for the next one."""

    async def drop(self) -> None:
        """Discards the received bytes after the last attempt."""


class InMemory:
    """The bytes of a small file."""

    def __init__(self) -> None:
        self.content = b""

    @property
    def size(self) -> int:
        """Number of received bytes."""
        return len(self.content)

    async def feed(self, data: bytes) -> None:
        """Receives the next bytes."""
        self.content += data

    async def restart(self) -> None:
        """Discards the received bytes."""
        self.content = b""


class Staging:
    """An upload in staging, hashed while it is received."""

    def __init__(self, storage: str, upload: str, store: BlobStore, threads: Lane, *algorithms: Algorithm) -> None:
        self._storage = storage
        self._upload = upload
        self._store = store
        self._threads = threads
        self._algorithms = algorithms
        self._staged: Staged | None = None
        self._hasher = Hasher(*algorithms)
        self._size = 0

    @property
    def size(self) -> int:
        """Number of stored and hashed bytes."""
        return self._size

    async def begin(self) -> None:
        """Opens and hashes the stored bytes."""
        self._staged = await self._threads.stored(self._store.stage, self._storage, self._upload)
        if self._staged.size:
            pieces = await self._threads.stored(self._store.staged_bytes, self._storage, self._upload)
            while await self._threads.stored(storing.hash_again, self._hasher, pieces):
                pass
            self._size = self._hasher.size

    async def feed(self, data: bytes) -> None:
        """Receives the next bytes."""
        await storing.store(self._threads, self._open, self._hasher, [data])
        self._size += len(data)

    async def restart(self) -> None:
        """Discards the received bytes."""
        await self._threads.stored(self._open.empty)
        self._hasher = Hasher(*self._algorithms)
        self._size = 0

    @property
    def received(self) -> Received:
        """All that is there."""
        return Received(self._storage, self._upload, self._size, self._hasher.digests())

    async def leave(self) -> None:
        """Releases the upload and keeps it for the next attempt."""
        staged, self._staged = self._staged, None
        if staged is not None:
            await self._threads.release(staged.close)

    @property
    def _open(self) -> Staged:
        if self._staged is None:
            raise RuntimeError("the upload was not begun")
        return self._staged


class PlainFile(Staging):
    """A file of an update session that is stored as received."""

    def __init__(
        self,
        transfers: FileTransfers,
        session: UpdateSession,
        file: UpdateFile,
        store: BlobStore,
        threads: Lane,
    ) -> None:
        algorithms = [file.checksum.algorithm] if file.checksum else ()
        super().__init__(session.storage, file.id, store, threads, *algorithms)
        self._transfers = transfers
        self._session = session
        self._file = file
        self._allowance = TransferAllowance(transfers, file)

    def expect(self, size: int) -> None:
        """Notes the size of the file that its source announced."""
        self._allowance.expect(size)

    async def feed(self, data: bytes) -> None:
        """Receives the next bytes. Raises QuotaExceeded if there is no room for them."""
        await self._allowance.cover(self.size + len(data))
        await super().feed(data)

    async def finish(self) -> Fault | None:
        """Makes the bytes the content of the file if they are as declared."""
        archive = ArchiveReceiver(self._transfers, self._session, self._file, self._store, self._threads)
        return await finish(self._transfers, archive, self._file, self.received, self._open)

    async def text(self, most: int) -> bytes | None:
        """All bytes that are there, when they are as declared and no more than so many."""
        if self.size > most or self._transfers.differs(self._file, self.size, self._hasher.digests()) is not None:
            return None
        return await self._threads.stored(lambda: b"".join(self._store.staged_bytes(self._storage, self._upload)))

    async def drop(self) -> None:
        """Discards the received bytes."""
        if self._staged is not None:
            await self._threads.release(self._staged.drop)


class ArchiveFile:
    """An archive whose files are kept instead of it."""

    def __init__(
        self,
        transfers: FileTransfers,
        session: UpdateSession,
        file: UpdateFile,
        store: BlobStore,
        threads: Lane,
    ) -> None:
        self._storage = session.storage
        self._file = file
        self._store = store
        self._threads = threads
        self._allowance = TransferAllowance(transfers, file)
        self._archive = ArchiveReceiver(transfers, session, file, store, threads)
        self._frame: Staged | None = None

    @property
    def size(self) -> int:
        """Number of received bytes of the archive."""
        return self._archive.size

    async def begin(self) -> None:
        """Resumes an earlier attempt."""
        self._frame = await self._threads.stored(self._store.stage, self._storage, self._file.id)
        await self._archive.begin(self._frame)

    def expect(self, size: int) -> None:
        """Notes the size of the file that its source announced."""
        self._allowance.expect(size)

    async def feed(self, data: bytes) -> None:
        """Receives the next bytes. Raises QuotaExceeded if there is no room for them."""
        await self._allowance.cover(self.size + len(data))
        try:
            await self._archive.feed([data])
        except (BadArchive, TooLarge) as error:
            raise Different(error.fault) from error

    async def restart(self) -> None:
        """Drops the files that have come."""
        await self._archive.restart()

    async def finish(self) -> Fault | None:
        """Puts the files beside the archive."""
        try:
            return await self._archive.finish()
        except BadArchive as error:
            raise Different(error.fault) from error

    async def leave(self) -> None:
        """Releases the archive and keeps what was received for the next attempt."""
        await self._archive.leave()
        frame, self._frame = self._frame, None
        if frame is not None:
            await self._threads.release(frame.close)

    async def drop(self) -> None:
        """Discards the received bytes."""
        if self._frame is None:
            return
        with suppress(Missing, NotActive):  # it went with its session
            await self._archive.drop()
        await self._threads.release(self._frame.drop)
