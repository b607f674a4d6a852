"""Transfers the bytes of a file from its publisher to its destination, over as many connections as needed."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from contentlib.fetching import messages
from contentlib.fetching.arriving import ByteSink, Different
from contentlib.library.catalog.limits import TransferLimits
from contentlib.library.errors import Fault
from contentlib.library.model import SourceEndpoint
from contentlib.library.sessions import transfer_faults
from contentlib.library.sessions.pulls import Remembered
from contentlib.outbound import problems
from contentlib.outbound.client import Answer, Outbound
from contentlib.outbound.credentials import Credentials
from contentlib.outbound.messages import NOT_IMPORTABLE
from contentlib.outbound.problems import RequestFailed
from contentlib.outbound.sources import NotBelow, OpenedFile, Sources, is_local

_PIECE = 1 << 20
_PAUSE_SECONDS = 1.0
_CONTENT_RANGE = re.compile(r"bytes (?:(\d{1,18})-\d{1,18}|\*)/(\d{1,18}|\*)", re.ASCII | re.IGNORECASE)


class Wanted(Protocol):
    """A file to fetch, with what is known in advance."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def size(self) -> int | None:
        """The required size in bytes."""


@dataclass(frozen=True, slots=True)
class Transport:
    """Dependencies for transferring files. `largest` is in bytes, 0 for any."""

    client: Outbound
    sources: Sources
    limits: TransferLimits
    largest: int = 0


@dataclass(frozen=True, slots=True)
class Origin:
    """The location of a file, its known metadata, and the credentials for it."""

    endpoint: SourceEndpoint
    seen: Remembered
    credentials: Credentials | None = None


class Fetching:
    """Fetches a file from its source.

    `remember` stores the publisher's metadata of the file; `moved` receives the number of stored bytes and the total.
    """

    def __init__(
        self,
        transport: Transport,
        file: Wanted,
        origin: Origin,
        arriving: ByteSink,
        remember: Callable[[Remembered], Awaitable[None]],
        moved: Callable[[int, int | None], object],
    ) -> None:
        self._transport = transport
        self._file = file
        self._endpoint = origin.endpoint
        self._credentials = origin.credentials
        self._seen = origin.seen
        self._arriving = arriving
        self._remember = remember
        self._moved = moved

    async def run(self) -> None:
        """Fetches all bytes. Reconnects as long as each connection brings some bytes."""
        if is_local(self._endpoint.uri):
            await self._copy()
            return
        best = self._arriving.size
        while True:
            try:
                await self._once()
                return
            except RequestFailed as error:
                if not error.problem.again or self._arriving.size <= best:
                    raise
                best = self._arriving.size
            await asyncio.sleep(_PAUSE_SECONDS)

    # over the network

    async def _once(self) -> None:
        headers = self._rest()
        if not headers and self._arriving.size:
            await self._arriving.restart()
        endpoint = self._endpoint
        async with self._transport.client.get(
            endpoint.uri,
            headers,
            thumbprint=endpoint.thumbprint,
            certificate=endpoint.certificate,
            credentials=self._credentials,
        ) as answer:
            if answer.status == 416:
                await self._check_end(answer)
                return
            if answer.status == 206:
                await self._check_part(answer)
            else:
                await self._check_whole(answer)
            while data := await answer.read():
                await self._take(data)

    def _rest(self) -> dict[str, str]:
        """The headers that ask for the bytes that are lacking, if the file is still the same."""
        same = self._seen.etag if self._seen.etag and not self._seen.etag.startswith("W/") else self._seen.modified
        if not self._arriving.size or not same:
            return {}
        return {"Range": f"bytes={self._arriving.size}-", "If-Range": same}

    async def _check_whole(self, answer: Answer) -> None:
        if self._arriving.size:
            await self._arriving.restart()
        length = answer.headers.get("content-length", "")
        total = int(length) if length.isdecimal() and len(length) < 19 else None
        self._check_total(total)
        self._seen = Remembered(answer.headers.get("etag"), answer.headers.get("last-modified"), total)
        await self._remember(self._seen)

    async def _check_part(self, answer: Answer) -> None:
        start, total = _range(answer)
        etag = answer.headers.get("etag")
        changed = etag is not None and self._seen.etag is not None and etag != self._seen.etag
        resized = None not in (total, self._seen.total) and total != self._seen.total
        if start != self._arriving.size or changed or resized:
            await self._start_again("the server sent a different range than requested")

    async def _check_end(self, answer: Answer) -> None:
        """Checks that no bytes follow the stored ones; otherwise the file has changed."""
        _, total = _range(answer)
        if not self._arriving.size or {total, self._seen.total} - {None} != {self._arriving.size}:
            await self._start_again("the file at the source became shorter")

    async def _start_again(self, why: str) -> None:
        await self._arriving.restart()
        self._seen = Remembered()
        raise problems.connection(self._endpoint.uri.partition("?")[0], why)

    # from this machine

    async def _copy(self) -> None:
        if self._arriving.size:
            await self._arriving.restart()
        file = await self._opened()
        try:
            while data := await self._read(file):
                await self._take(data)
        finally:
            file.close()

    async def _opened(self) -> OpenedFile:
        try:
            return await self._transport.sources.reading(self._endpoint.uri, self._check_total)
        except NotBelow as error:
            raise problems.policy(NOT_IMPORTABLE(problem=str(error))) from error
        except OSError as error:
            raise Different(_unreadable(self._file.name, error)) from error

    async def _read(self, file: OpenedFile) -> bytes:
        try:
            return await file.read(_PIECE)
        except OSError as error:
            raise Different(_unreadable(self._file.name, error)) from error

    # what every way has in common

    async def _take(self, data: bytes) -> None:
        size = self._arriving.size + len(data)
        if self._file.size is not None and size > self._file.size:
            raise Different(transfer_faults.too_many(self._file.name, self._file.size))
        if self._transport.largest and size > self._transport.largest:
            raise Different(transfer_faults.too_large(self._file.name, self._transport.largest))
        await self._arriving.feed(data)
        await self._transport.limits.throttle.spend(len(data))
        self._moved(size, self._file.size if self._seen.total is None else self._seen.total)

    def _check_total(self, total: int | None) -> None:
        """Checks the size announced by the publisher before receiving a wrong file."""
        if total is None:
            return
        if self._file.size is not None and total != self._file.size:
            raise Different(transfer_faults.wrong_size(self._file.name, self._file.size, total))
        if self._transport.largest and total > self._transport.largest:
            raise Different(transfer_faults.too_large(self._file.name, self._transport.largest))


def _range(answer: Answer) -> tuple[int | None, int | None]:
    """Returns the start of a part and the total size, as far as the publisher sends them."""
    found = _CONTENT_RANGE.fullmatch(answer.headers.get("content-range", "").strip())
    if found is None:
        return None, None
    return (None if found[1] is None else int(found[1])), (None if found[2] == "*" else int(found[2]))


def _unreadable(name: str, error: OSError) -> Fault:
    why = error.strerror or str(error)
    return messages.PULL_UNREADABLE(name=name, reason=why)
