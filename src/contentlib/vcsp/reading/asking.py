"""Requests a publisher's documents over the network or, below the import roots, from this machine."""

from __future__ import annotations

import asyncio
import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from io import FileIO
from typing import TypeVar

from yarl import URL

from contentlib.library.catalogs import Seen
from contentlib.library.model import Subscription
from contentlib.outbound import problems
from contentlib.outbound.client import Answer, Outbound, without_secrets
from contentlib.outbound.credentials import credentials_of
from contentlib.outbound.messages import NO_SUCH_FILE, UNREADABLE_FILE
from contentlib.outbound.problems import Problem, ProblemKind, RequestFailed
from contentlib.outbound.sources import NotBelow, Sources, is_local
from contentlib.vcsp.reading.hrefs import is_document
from contentlib.vcsp.reading.lenient import BadDocument
from contentlib.vcsp.reading.parsing import MOST_ITEMS, Head, read_library

GONE = (404, 410)
"""The statuses for a document that does not exist."""
Value = TypeVar("Value")
_GZIP = b"\x1f\x8b"
_GZIP_BITS = 31  # what zlib calls the form of gzip
_YOUNG_SECONDS = 2
_PIECE = 1 << 20
_ACCEPT = {"Accept": "application/json, */*;q=0.5"}
_SECRETS = re.compile(r"//[^/]*@")


@dataclass(frozen=True, slots=True)
class DocumentLimits:
    """Limits of a document's size, of the time to read it, and of the number of items in a library."""

    size: int = 64 << 20
    seconds: float = 600.0
    items: int = MOST_ITEMS


@dataclass(frozen=True, slots=True)
class Found:
    """A document, its final URL and its validators."""

    body: bytes
    uri: str
    etag: str | None = None
    modified: str | None = None

    def read(self, make: Callable[[bytes, str], Value]) -> Value:
        """Parses the document. Errors name it."""
        try:
            return make(self.body, self.uri)
        except BadDocument as error:
            raise error.of(without_secrets(URL(self.uri))) from error


class Asking:
    """Requests documents of one publisher with the options of a subscription."""

    def __init__(self, client: Outbound, sources: Sources, subscription: Subscription, limits: DocumentLimits) -> None:
        self._client = client
        self._sources = sources
        self._subscription = subscription
        self._credentials = credentials_of(subscription)
        self._limits = limits

    async def library(self, seen: Seen | None = None) -> tuple[Found, Head] | None:
        """Requests the library document. Returns None if it is the one already seen.

        Raises Failed if there is none, BadDocument if it is invalid.
        """
        try:
            found = await self._found(self._subscription.url, {} if seen is None else _conditions(seen))
            return None if found is None else (found, await asyncio.to_thread(found.read, read_library))
        except BadDocument as error:
            raise BadDocument(f"{error}{self._hint()}", partial=error.partial) from error
        except RequestFailed as error:
            if error.problem.status not in GONE:
                raise
            raise RequestFailed(replace(error.problem, text=f"{error.problem.text}{self._hint()}")) from error

    async def document(self, uri: str) -> Found:
        """Another document of the library."""
        found = await self._found(uri, {})
        if found is None:  # 304 for a request without conditions
            raise problems.status(without_secrets(URL(uri)), 304)
        return found

    def _hint(self) -> str:
        url = self._subscription.url
        return "" if is_local(url) or is_document(url) else "; the URL of most libraries ends in /lib.json"

    async def _found(self, uri: str, headers: Mapping[str, str]) -> Found | None:
        why = await self._sources.check(uri)
        if why is not None:
            raise problems.url(_SECRETS.sub("//", uri.partition("?")[0])[:200], why)
        try:
            async with asyncio.timeout(self._limits.seconds):
                return await (self._look(uri) if is_local(uri) else self._fetch(uri, headers))
        except TimeoutError as error:
            raise problems.timed_out(without_secrets(URL(uri)), self._limits.seconds) from error
        except BadDocument as error:
            raise error.of(without_secrets(URL(uri))) from error

    # over the network

    async def _fetch(self, uri: str, headers: Mapping[str, str]) -> Found | None:
        asked = self._subscription
        async with self._client.get(
            uri,
            _ACCEPT | dict(headers),
            thumbprint=asked.thumbprint,
            certificate=asked.certificate,
            credentials=self._credentials,
        ) as answer:
            if answer.status == 304:
                return None
            if answer.status != 200:
                raise problems.status(without_secrets(URL(uri)), answer.status)
            etag, modified = _validators(answer.headers)
            return Found(await self._body(answer), answer.uri, etag, modified)

    async def _body(self, answer: Answer) -> bytes:
        body = bytearray()
        while data := await answer.read():
            body += data
            self._check(len(body))
        return self._unpacked(bytes(body)) if body.startswith(_GZIP) else bytes(body)  # some send it, asked for or not

    def _unpacked(self, packed: bytes) -> bytes:
        unpacking = zlib.decompressobj(_GZIP_BITS)
        try:
            body = unpacking.decompress(packed, self._limits.size + 1)
        except zlib.error as error:
            raise BadDocument("is compressed data that cannot be decompressed") from error
        self._check(len(body))
        if not unpacking.eof:
            raise BadDocument("is truncated compressed data", partial=True)
        return body

    def _check(self, size: int) -> None:
        if size > self._limits.size:
            raise BadDocument(f"is larger than the limit of {self._limits.size} bytes")

    # on this machine

    async def _look(self, uri: str) -> Found:
        """The document; of a directory its `lib.json`."""
        try:
            try:
                return Found(await self._sources.run(lambda: self._read(uri)), uri)
            except IsADirectoryError:
                uri = f"{uri.rstrip('/')}/lib.json"
                return Found(await self._sources.run(lambda: self._read(uri)), uri)
        except (NotBelow, FileNotFoundError, NotADirectoryError) as error:
            raise RequestFailed(Problem(ProblemKind.STATUS, NO_SUCH_FILE(url=uri).text, status=404)) from error
        except OSError as error:
            raise RequestFailed(
                Problem(ProblemKind.STATUS, UNREADABLE_FILE(url=uri, reason=str(error.strerror or error)).text, again=True)
            ) from error

    def _read(self, uri: str) -> bytes:
        with self._sources.open(uri) as file:
            body = _whole(file, self._limits.size + 1)
        self._check(len(body))
        return body


def _whole(file: FileIO, most: int) -> bytes:
    """All bytes of a file, but no more than so many."""
    body = bytearray()
    while len(body) < most and (piece := file.read(min(_PIECE, most - len(body)))):
        body += piece
    return bytes(body)


def _conditions(seen: Seen) -> dict[str, str]:
    both = {"If-None-Match": seen.etag, "If-Modified-Since": seen.modified}
    return {name: value for name, value in both.items() if value}


def _validators(headers: Mapping[str, str]) -> tuple[str | None, str | None]:
    """ETag and Last-Modified; of a document that was just written none, because the next one may have the same.

    Web servers make both of the time in whole seconds and the size.
    """
    etag, modified = headers.get("etag"), headers.get("last-modified")
    if modified is None:
        return etag, None
    try:
        age = parsedate_to_datetime(headers.get("date", "")) - parsedate_to_datetime(modified)
    except (ValueError, TypeError):  # no dates, or only one of them with a zone
        return etag, None
    return (etag, modified) if age.total_seconds() >= _YOUNG_SECONDS else (None, None)
