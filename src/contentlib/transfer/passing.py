"""Sends bytes to a reader while they are still being fetched and stored.

The last piece is held back until all bytes have been verified. If they are wrong or incomplete, the connection is closed, so
that a reader never mistakes a partial or mixed file for a complete one. If the storage does not keep its uploads as local
files, the bytes are sent once all have been stored.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncGenerator
from contextlib import suppress
from io import FileIO
from pathlib import Path

from contentlib.http.files import disposition
from contentlib.http.message import StreamResponse
from contentlib.library.bytes.blobs import Blobs
from contentlib.library.errors import LibraryError
from contentlib.library.leases import Leases
from contentlib.library.model import Blob, DownloadSession
from contentlib.library.ports import LocalFiles
from contentlib.library.sessions.download_sessions import DownloadSessions, PendingFile

_PIECE = 1 << 20
_PAUSE_SECONDS = 0.05


def through(
    sessions: DownloadSessions, blobs: Blobs, leases: Leases, session: DownloadSession, coming: PendingFile, position: int
) -> StreamResponse:
    """The answer with a file of a session that is on its way here; parts of it are not given, all of it is."""
    headers = [
        ("content-type", "application/octet-stream"),
        ("content-disposition", disposition(coming.name)),
        ("cache-control", "private, no-transform"),
        ("x-content-type-options", "nosniff"),
        ("content-length", str(coming.size)),
    ]
    return StreamResponse(200, _Passing(sessions, blobs, leases, session, coming, position).pieces(), headers)


class _Passing:
    """One reader of a file that is on its way."""

    def __init__(
        self,
        sessions: DownloadSessions,
        blobs: Blobs,
        leases: Leases,
        session: DownloadSession,
        coming: PendingFile,
        position: int,
    ) -> None:
        self._sessions = sessions
        self._blobs = blobs
        self._leases = leases
        self._session = session
        self._coming = coming
        self._lane = blobs.on(coming.storage)
        self._position = position
        self._hash = hashlib.sha256()
        self._sent = 0

    def pieces(self) -> AsyncGenerator[bytes, None]:
        """The bytes; OSError where they do not come."""
        files = self._blobs.store.of(self._coming.storage)
        return self._growing(files) if isinstance(files, LocalFiles) else self._complete()

    async def _complete(self) -> AsyncGenerator[bytes, None]:
        async for piece in self._blobs.pieces(await self._kept(), 0, self._coming.size):
            self._leases.touch(self._session)
            self._sent += len(piece)
            yield piece

    async def _growing(self, files: LocalFiles) -> AsyncGenerator[bytes, None]:
        last = b""
        with await self._opened(files) as file:
            while self._sent < self._coming.size:
                piece = await self._lane.run(self._read, file)
                if not piece:
                    await self._pause()
                    continue
                self._leases.touch(self._session)
                if last:
                    yield last
                last = piece
        blob = await self._kept()
        if blob.sha256 != self._hash.hexdigest():
            raise self._broken("the received bytes differ from the file")
        yield last

    def _read(self, file: FileIO) -> bytes:
        if os.fstat(file.fileno()).st_size < self._sent:
            raise self._broken("the download was restarted")
        piece = file.read(_PIECE) or b""
        self._hash.update(piece)
        self._sent += len(piece)
        return piece

    async def _opened(self, files: LocalFiles) -> FileIO:
        while True:
            for path in await self._paths(files):
                with suppress(FileNotFoundError):
                    return await self._lane.run(FileIO, path)
            await self._pause()

    async def _paths(self, files: LocalFiles) -> list[Path]:
        """Possible locations of the bytes: staging, or already their final place."""
        blob = await self._found()
        here = [] if blob is None else [files.path(blob.storage, blob.id)]
        return [*here, files.staged_path(self._coming.storage, self._coming.upload)]

    async def _kept(self) -> Blob:
        while (blob := await self._found()) is None:
            await self._pause()
        return blob

    async def _found(self) -> Blob | None:
        """The blob, when all bytes are there: while its item is not whole, and after that."""
        now = await self._sessions.coming(self._session.id, self._position)
        if now is None:
            return (await self._sessions.target(self._session.id, self._position))[2]
        return None if now[1].blob is None else await self._blobs.check(now[1].blob, self._coming.name)

    async def _pause(self) -> None:
        """Waits for more bytes while a task still fetches them."""
        going_on = await self._sessions.going_on(self._coming.task)
        await asyncio.sleep(_PAUSE_SECONDS)
        if going_on:
            return
        try:
            blob = await self._found()
        except LibraryError as error:
            raise self._broken(str(error)) from error
        if blob is None:
            raise self._broken("the publisher does not provide it")

    def _broken(self, why: str) -> OSError:
        return OSError(f"file {self._coming.name!r} could not be sent after {self._sent} bytes: {why}")
