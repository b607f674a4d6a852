"""Exports items to local folders. The same export continues what an interrupted one has begun."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import aiohttp

from contentlib.client.connection import CHUNK, ServerConnection
from contentlib.client.failures import Answered, ClientFailed, NotReached, answered, printable
from contentlib.client.local import UNFINISHED, LocalFile
from contentlib.client.sending import Transferred
from contentlib.client.work import kept_alive, together
from contentlib.services.content_library_item import ItemModel
from contentlib.services.content_library_item_download_session import DownloadSessionModel, DownloadSessionService
from contentlib.services.content_library_item_downloadsession_file import (
    DownloadFileInfo,
    DownloadFileService,
    EndpointType,
)
from contentlib.structures.files import ChecksumAlgorithm

_RESTARTS = 5
_BUSY = (429, 502, 503, 504)
_LONGEST_NAME = 255  # bytes, of Linux's file systems


@dataclass(frozen=True, slots=True)
class ExportedItem:
    """The files of an item on this machine, and how many of them had to be read from the server."""

    item: str
    name: str
    directory: str
    files: tuple[str, ...]
    read: int


class Exporter:
    """Exports items. `parallel` is the number of files that are read at the same time."""

    def __init__(self, connection: ServerConnection, shown: Transferred, parallel: int = 4) -> None:
        self._connection = connection
        self._shown = shown
        self._files = asyncio.Semaphore(parallel)

    async def item(self, item: ItemModel, directory: Path) -> ExportedItem:
        """Writes the files of an item into a folder, each verified by its checksum. Files that are there already are kept."""
        directory.mkdir(parents=True, exist_ok=True)
        self._shown.expect(item.size or 0)
        for _ in range(_RESTARTS):
            try:
                return await self._in_session(item, directory)
            except Answered as error:
                if error.status != 404:  # the session has expired while the line was broken
                    raise
        raise ClientFailed(f"download session of item {item.name!r} ended before its files were read; try again")

    async def _in_session(self, item: ItemModel, directory: Path) -> ExportedItem:
        spec = DownloadSessionModel(library_item_id=item.id)
        session = await self._connection.call(DownloadSessionService.create, client_token=None, create_spec=spec)
        try:
            files = await self._connection.call(DownloadFileService.list, download_session_id=session)
            parts = _part_names(file_name(file.name) for file in files)
            async with kept_alive(partial(self._keep_alive, session)):
                read = await together(*(self._file(session, each, directory, parts[each.name]) for each in files))
        finally:
            with suppress(ClientFailed):  # the server ends the session by itself
                await self._connection.call(DownloadSessionService.delete, download_session_id=session)
        return ExportedItem(item.id or "", item.name or "", str(directory), tuple(file.name for file in files), sum(read))

    async def _keep_alive(self, session: str) -> None:
        await self._connection.call(DownloadSessionService.keep_alive, download_session_id=session, progress=None)

    async def _file(self, session: str, info: DownloadFileInfo, directory: Path, part: str) -> bool:
        """Whether the file had to be read."""
        path = directory / info.name
        async with self._files:
            if info.checksum_info is not None and await asyncio.to_thread(_is_same, path, info):
                self._shown.advance(info.size or 0)
                return False
            found = await self._connection.call(
                DownloadFileService.prepare,
                download_session_id=session,
                endpoint_type=EndpointType.HTTPS,
                file_name=info.name,
            )
            if found.download_endpoint is None:
                why = "" if found.error_message is None else printable(found.error_message.default_message)
                raise ClientFailed(f"server cannot read file {info.name!r}: {why}")
            known = info if found.checksum_info is None else found
            await _Reading(self._connection, found.download_endpoint.uri, known, (path, directory / part), self._shown).run()
            return True


class _Reading:
    """The download of one file, into a file with another name, the second path, until it is verified."""

    def __init__(
        self, connection: ServerConnection, url: str, info: DownloadFileInfo, paths: tuple[Path, Path], shown: Transferred
    ) -> None:
        self._connection = connection
        self._url = url
        self._info = info
        self._path, self._part = paths
        self._shown = shown
        self._counted = 0

    async def run(self) -> None:
        if self._info.checksum_info is None:  # nothing would tell if the part is of another content
            self._part.unlink(missing_ok=True)
        for _ in range(2):  # a second time if the part was of another content
            await self._fill()
            if await asyncio.to_thread(_is_same, self._part, self._info):
                await asyncio.to_thread(_publish, self._part, self._path)
                return
            self._part.unlink()
        raise ClientFailed(f"checksum of {self._path} is wrong after reading it twice; check the disk of this machine")

    async def _fill(self) -> None:
        """Reads the bytes that are not there yet, until all are."""
        patience, furthest = self._connection.patience(), 0
        while (there := self._there()) < (self._info.size or 0):
            self._count(there)
            if there > furthest:
                furthest = there
                patience.progressed()
            try:
                await self._get(there)
            except (NotReached, Answered) as error:
                passes = isinstance(error, NotReached) or error.status in _BUSY
                if not passes or not await patience.again(getattr(error, "after", None)):
                    raise
        self._part.touch()
        self._count(there)

    def _there(self) -> int:
        """The size of the part; one that is too large is of another content."""
        size = self._part.stat().st_size if self._part.exists() else 0
        if size > (self._info.size or 0):
            self._part.unlink()
            return 0
        return size

    async def _get(self, start: int) -> None:
        headers = {"Accept-Encoding": "identity", **({"Range": f"bytes={start}-"} if start else {})}
        async with self._connection.exchange("GET", self._url, headers) as answer:
            if answer.status not in (200, 206):
                raise answered(answer.status, await answer.read(), answer.headers.get("retry-after"))
            await self._append(answer, start if answer.status == 206 else 0)

    async def _append(self, answer: aiohttp.ClientResponse, start: int) -> None:
        self._count(start)
        descriptor = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o666)
        with os.fdopen(descriptor, "wb", buffering=0) as file:
            file.truncate(start)
            file.seek(start)
            async for piece in answer.content.iter_chunked(CHUNK):
                await asyncio.to_thread(_write_all, file.fileno(), piece)
                self._count(self._counted + len(piece))

    def _count(self, position: int) -> None:
        self._shown.advance(position - self._counted)
        self._counted = position


def _write_all(descriptor: int, piece: bytes) -> None:
    left = memoryview(piece)
    while left:
        left = left[os.write(descriptor, left) :]


def _is_same(path: Path, info: DownloadFileInfo) -> bool:
    """Whether a local file has the size and the checksum of a file of the server."""
    if not path.is_file() or path.stat().st_size != (info.size or 0):
        return False
    if info.checksum_info is None:
        return True
    algorithm = (info.checksum_info.algorithm or ChecksumAlgorithm.SHA1).value
    return LocalFile(path.name, path, path.stat().st_size).digest(algorithm) == info.checksum_info.checksum.lower()


def _publish(part: Path, path: Path) -> None:
    """Gives a complete file its name, when its bytes are on the disk."""
    with part.open("rb") as file:
        os.fsync(file.fileno())
    part.replace(path)


def _part_names(names: Iterable[str]) -> dict[str, str]:
    """Where each file is written until it is complete. No file of the item has such a name, and the next run finds it again."""
    parts: dict[str, str] = {}
    taken = set(wanted := sorted(names))
    for name in wanted:
        digests = (hashlib.sha256(f"{name}/{count}".encode()).hexdigest() for count in itertools.count())
        usual = (name,) if len(os.fsencode(name + UNFINISHED)) <= _LONGEST_NAME else ()
        parts[name] = next(part for stem in itertools.chain(usual, digests) if (part := stem + UNFINISHED) not in taken)
        taken.add(parts[name])
    return parts


def file_name(name: str) -> str:
    """A name from a server as that of a file in a folder. Raises ClientFailed if it would lead elsewhere."""
    if "/" in name or "\0" in name or name in ("", ".", ".."):
        raise ClientFailed(f"{printable(name)[:200]!r} cannot be the name of a local file")
    return name
