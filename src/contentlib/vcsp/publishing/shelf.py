"""What of a library is published; its list of items is kept in memory, and only what has changed is written into it again.

`lib.json` and `item.json` are made of a row or two whenever they are asked for. `items.json` is made of all items of a library:
it is kept with a mark of each item, made off the event loop, and by one request at a time for a library. Lists that are not
asked for are dropped, and so is the one that was not asked for longest when all of them together become too large.
"""

from __future__ import annotations

import asyncio
import hashlib
from array import array
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from contentlib.library.bytes.blobs import Blobs
from contentlib.library.catalog.current_items import current_item
from contentlib.library.errors import Damaged
from contentlib.library.model import Authentication, Item, Library, StoredFile, Version
from contentlib.library.packages import ovf
from contentlib.library.ports import MetadataStore, Transaction
from contentlib.vcsp.publishing.documents import END, SEPARATOR, START, Counters, Published, item_json, lib_json
from contentlib.vcsp.publishing.offers import descriptor_of, is_collection

KEPT_BYTES = 256 << 20
_IDLE_SECONDS = 600.0
_AT_ONCE = 100
_VAPPS = 4096
_OF_A_ROW = 250
"""About how many bytes it takes to remember one item, beside its part of the document."""
Marks = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Document:
    """A document, and the tag by which a client knows it again."""

    body: bytes
    tag: str

    @classmethod
    def of(cls, body: bytes) -> Document:
        """The document with its tag."""
        return cls(body, f'"{hashlib.sha256(body).hexdigest()[:32]}"')


class Listing:
    """The list of a library's items at one revision, and where in it each of them is."""

    def __init__(self, library: Library, marks: Marks, parts: Sequence[bytes]) -> None:
        self.library = library
        self.document = Document.of(_joined(parts))
        self._places = {item_id: n for n, (item_id, _) in enumerate(marks)}
        self._marks = array("q", (hash(mark) for _, mark in marks))
        self._ends = array("Q", [len(START)])
        for part in parts:
            self._ends.append(self._ends[-1] + len(part) + len(SEPARATOR))

    @property
    def size(self) -> int:
        """About how much memory it takes."""
        return len(self.document.body) + _OF_A_ROW * len(self._places)

    def covers(self, library: Library) -> bool:
        """Whether it is not older than the library; one that was made anew under its identifier counts anew."""
        return self.library.modified == library.modified and self.library.revision >= library.revision

    def part(self, item_id: str, mark: str) -> bytes | None:
        """What is written of an item; None where it is not that any more."""
        n = self._places.get(item_id)
        if n is None or self._marks[n] != hash(mark):
            return None
        return self.document.body[self._ends[n] : self._ends[n + 1] - len(SEPARATOR)]


class Shelf:
    """Makes the documents of published libraries.

    A reader that sees a version in `lib.json` finds `items.json` at that version or a later one: no list is handed out that is
    older than the library's row at the time of the request.
    """

    def __init__(
        self,
        metadata: MetadataStore,
        blobs: Blobs,
        counters: Counters,
        most: int = KEPT_BYTES,
        *,
        idle: float = _IDLE_SECONDS,
    ) -> None:
        self._metadata = metadata
        self._blobs = blobs
        self._counters = counters
        self._most = most
        self._idle = idle
        self._kept: dict[str, Listing] = {}
        self._sweeping: dict[str, asyncio.TimerHandle] = {}
        self._vapps: dict[str, bool] = {}
        self._making: dict[str, tuple[asyncio.Lock, int]] = {}

    async def library(self, library_id: str) -> Library | None:
        """The library, if it is published."""
        async with self._metadata.reading() as transaction:
            library = await transaction.libraries.get(library_id)
        return library if library is not None and library.publishing.published else None

    def lib(self, library: Library) -> Document:
        """What is said of the library itself."""
        return Document.of(lib_json(library, self._counters))

    async def items(self, library: Library) -> Document:
        """The list of a library's items, not older than the library as it was read."""
        known = self._known(library)
        if known is None:
            async with self._alone(library.id):
                known = self._known(library) or await self._make(library)
        self._keep(known)
        return known.document

    async def item(self, library: Library, item_id: str) -> Document | None:
        """What is said of an item of the library."""
        found = await self.found(library.id, item_id)
        return None if found is None else Document.of(await self._written(library, *found))

    async def file(self, library_id: str, item_id: str, name: str) -> StoredFile | None:
        """A file of the current version of an item of the library."""
        found = await self.found(library_id, item_id)
        return None if found is None else found[1].file(name)

    async def found(self, library_id: str, item_id: str) -> tuple[Item, Version] | None:
        """An item of the library, with its current version."""
        async with self._metadata.reading() as transaction:
            found = await current_item(transaction, item_id)
        return None if found is None or found[0].library != library_id else found

    async def names(self, library: Library) -> list[tuple[str, str]]:
        """The identifiers and names of a library's items."""
        async with self._metadata.reading() as transaction:
            return await transaction.items.names(library.id)

    async def open_libraries(self) -> list[Library]:
        """The published libraries that want no password."""
        async with self._metadata.reading() as transaction:
            found = [await transaction.libraries.get(each) for each in await transaction.libraries.find()]
        return [each for each in found if each is not None and each.publishing.published and _is_open(each)]

    def _known(self, library: Library) -> Listing | None:
        known = self._kept.get(library.id)
        return known if known is not None and known.covers(library) else None

    @asynccontextmanager
    async def _alone(self, library_id: str) -> AsyncIterator[None]:
        """Makes the list of one library at a time only; those of others are made meanwhile."""
        lock, users = self._making.get(library_id, (asyncio.Lock(), 0))
        self._making[library_id] = lock, users + 1
        try:
            async with lock:
                yield
        finally:
            lock, users = self._making.pop(library_id)
            if users > 1:
                self._making[library_id] = lock, users - 1

    # what is kept

    def _keep(self, listing: Listing) -> None:
        """Keeps a list as the one that was asked for last, and drops others while there are too many bytes of them."""
        library_id = listing.library.id
        self.forget(library_id)
        self._kept[library_id] = listing
        self._sweeping[library_id] = asyncio.get_running_loop().call_later(self._idle, self.forget, library_id)
        while self.size > self._most:
            self.forget(next(iter(self._kept)))

    def forget(self, library_id: str) -> None:
        """Drops the list of a library; one that is not kept is no error."""
        self._kept.pop(library_id, None)
        timer = self._sweeping.pop(library_id, None)
        if timer is not None:
            timer.cancel()

    @property
    def size(self) -> int:
        """About how much memory all lists take."""
        return sum(each.size for each in self._kept.values())

    # how a list is made

    async def _make(self, library: Library) -> Listing:
        """The list as it is now; all is read in one state of the database."""
        before = self._kept.get(library.id)
        async with self._metadata.reading() as transaction:
            current = await transaction.libraries.get(library.id) or library
            marks = await transaction.items.marks(library.id)
            changed = await asyncio.to_thread(_changed, before, marks)
            written = await self._write(transaction, current, changed)
        return await asyncio.to_thread(_listing, current, before, marks, written)

    async def _write(self, transaction: Transaction, library: Library, wanted: Sequence[str]) -> dict[str, bytes]:
        """What is said of some items; other calls get their turn in between."""
        written = {}
        for start in range(0, len(wanted), _AT_ONCE):
            found = [await current_item(transaction, item_id) for item_id in wanted[start : start + _AT_ONCE]]
            for each in found:
                if each is not None:
                    written[each[0].id] = await self._written(library, *each)
            await asyncio.sleep(0)
        return written

    async def _written(self, library: Library, item: Item, version: Version) -> bytes:
        is_vapp = item.folded_type == ovf.TYPE and await self._is_vapp(version)
        return item_json(library, Published(item, version, is_vapp), self._counters)

    async def _is_vapp(self, version: Version) -> bool:
        """Whether a package holds several machines; its descriptor is read once."""
        known = self._vapps.pop(version.id, None)
        if known is None:
            known = await self._reads_as_vapp(version)
        if len(self._vapps) >= _VAPPS:
            del self._vapps[next(iter(self._vapps))]
        self._vapps[version.id] = known
        return known

    async def _reads_as_vapp(self, version: Version) -> bool:
        descriptor = descriptor_of(version)
        if descriptor is None:
            return False
        try:
            blob = await self._blobs.check(descriptor.blob, descriptor.name)
            return await self._blobs.on(blob.storage).run(is_collection, self._blobs.store, blob, descriptor.name)
        except Damaged:  # the file itself will say what is wrong with it
            return False


def _is_open(library: Library) -> bool:
    return library.publishing.authentication is Authentication.NONE


def _joined(parts: Sequence[bytes]) -> bytes:
    """The whole list; put together in steps, because one long step would hold up all other threads."""
    body = bytearray(START)
    for part in parts:
        body += part
        body += SEPARATOR
    if parts:
        del body[-len(SEPARATOR) :]
    body += END
    return bytes(body)


def _changed(before: Listing | None, marks: Marks) -> list[str]:
    """The items that are to be written again."""
    return [item_id for item_id, mark in marks if before is None or before.part(item_id, mark) is None]


def _listing(library: Library, before: Listing | None, marks: Marks, written: Mapping[str, bytes]) -> Listing:
    found = ((row, written.get(row[0]) or (before and before.part(*row))) for row in marks)
    parts = [(row, part) for row, part in found if part]
    return Listing(library, [row for row, _ in parts], [part for _, part in parts])
