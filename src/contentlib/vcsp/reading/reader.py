"""Reads the catalogs of publishers with as few requests as possible.

An unchanged library costs one request, with or without conditional requests. A document caught while it is being written is
read again; if that does not help, the error is temporary.
"""

from __future__ import annotations

import asyncio
import hashlib
from itertools import islice

from contentlib.library.catalogs import Catalog, Seen
from contentlib.library.errors import Fault, NotFetched
from contentlib.library.model import Subscription
from contentlib.outbound.client import Outbound
from contentlib.outbound.problems import Problem, ProblemKind, RequestFailed
from contentlib.outbound.sources import Sources
from contentlib.vcsp.reading import lenient, messages
from contentlib.vcsp.reading.asking import GONE, Asking, DocumentLimits, Found
from contentlib.vcsp.reading.lenient import BadDocument
from contentlib.vcsp.reading.parsing import CatalogBuilder, Head, Stub

_ATTEMPTS = 3
_PAUSE_SECONDS = 1.0
_AT_ONCE = 5
_IDS = {
    ProblemKind.URL: "catalog.url",
    ProblemKind.POLICY: "catalog.policy",
    ProblemKind.HOST_NOT_FOUND: "catalog.connection_to_vcsp_server_failed",
    ProblemKind.CONNECTION: "catalog.connection_to_vcsp_server_failed",
    ProblemKind.TIMED_OUT: "catalog.connection_to_vcsp_server_failed",
    ProblemKind.CERTIFICATE: "catalog.http_request_error_peer_not_authenticated",
    ProblemKind.STATUS: "catalog.http_request_error",
}
_NOT_FOUND = "catalog.vcsp_library_not_found"
"""The ends of the ids are those by which people know these faults from vCenter."""


class CatalogReader:
    """Reads catalogs over the subscription protocol."""

    def __init__(
        self, client: Outbound, sources: Sources, limits: DocumentLimits | None = None, *, pause: float = _PAUSE_SECONDS
    ) -> None:
        self._client = client
        self._sources = sources
        self._limits = limits or DocumentLimits()
        self._pause = pause

    async def read(self, subscription: Subscription, seen: Seen | None = None) -> tuple[Catalog, Seen] | None:
        """Reads the catalog. Returns None if it is unchanged, which costs one request. Raises NotFetched with the cause."""
        try:
            return await self._patiently(subscription, seen)
        except RequestFailed as error:
            raise _not_fetched(error.problem) from error
        except BadDocument as error:
            raise NotFetched(_fault(_NOT_FOUND, str(error)), again=error.partial) from error

    async def _patiently(self, subscription: Subscription, seen: Seen | None) -> tuple[Catalog, Seen] | None:
        """Reads documents again that were being written."""
        for _ in range(_ATTEMPTS - 1):
            try:
                return await self._once(subscription, seen)
            except BadDocument as error:
                if not error.partial:
                    raise
            await asyncio.sleep(self._pause)
        return await self._once(subscription, seen)

    async def _once(self, subscription: Subscription, seen: Seen | None) -> tuple[Catalog, Seen] | None:
        asking = Asking(self._client, self._sources, subscription, self._limits)
        found = await asking.library(seen if seen is not None and seen.sure else None)
        if found is None:
            return None
        document, head = found
        if seen is not None and _is_same(head, seen):
            return None
        items = await asking.document(head.items)
        reading = CatalogBuilder(head, self._limits.items)
        await asyncio.to_thread(items.read, lambda body, _: _add_items(reading, body, head))
        await _read_stubs(asking, reading)
        return await asyncio.to_thread(reading.catalog), _seen(document, head, items, seen)


def _add_items(reading: CatalogBuilder, body: bytes, head: Head) -> None:
    """Adds the list unless it is older than the library according to its own version, as in Cloud Director."""
    reading.add_items(body)
    listed, wanted = lenient.integer(reading.version), lenient.integer(head.version)
    if listed is not None and wanted is not None and listed < wanted:
        raise BadDocument(f"is at version {listed}, but the library is at version {wanted}", partial=True)


async def _read_stubs(asking: Asking, reading: CatalogBuilder) -> None:
    """Asks for the documents of items that the list does not hold whole, some at once."""
    rest, one = iter(reading.stubs), asyncio.Lock()
    while batch := list(islice(rest, _AT_ONCE)):
        outcomes = await asyncio.gather(*(_read_stub(asking, reading, stub, one) for stub in batch), return_exceptions=True)
        for error in filter(None, outcomes):
            raise error


async def _read_stub(asking: Asking, reading: CatalogBuilder, stub: Stub, one: asyncio.Lock) -> None:
    """Reads a stub's document, or skips the item if it is missing or invalid. Other errors are temporary."""
    try:
        found = await asking.document(stub.uri)
        async with one:
            await asyncio.to_thread(found.read, lambda body, _: reading.add_item(body, stub))
    except BadDocument as error:
        reading.leave_out(stub, str(error))
    except RequestFailed as error:
        if error.problem.again:
            raise
        reading.leave_out(stub, error.problem.text)


def _is_same(head: Head, seen: Seen) -> bool:
    return seen.sure and bool(seen.version) and (head.version, head.id) == (seen.version, seen.library or head.id)


def _seen(found: Found, head: Head, items: Found, before: Seen | None) -> Seen:
    """Returns what to store. Some generators write the library before the list, so that the list may be old."""
    digest = hashlib.sha256(items.body).hexdigest()[:32]
    sure = before is None or not before.sure or before.items != digest
    return Seen(head.version, found.etag, found.modified, head.id, digest, sure)


def _not_fetched(problem: Problem) -> NotFetched:
    identifier = _NOT_FOUND if problem.status in GONE else _IDS[problem.kind]
    return NotFetched(_fault(identifier, problem.text), again=problem.again)


def _fault(identifier: str, why: str) -> Fault:
    return messages.UNREADABLE(fault=identifier, problem=why)
