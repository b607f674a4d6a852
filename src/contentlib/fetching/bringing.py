"""Provides the files of a publisher's item: fetches missing files and shares existing ones.

Received bytes are kept when the connection breaks or the server stops, under a name derived from what is fetched. The next
attempt finds them and requests the rest by Range.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from contentlib.fetching import messages
from contentlib.fetching.arriving import ByteSink, Different, InMemory, Staging
from contentlib.fetching.fetch import Fetching, Origin, Transport
from contentlib.fetching.gathering import GatheredItem
from contentlib.library.bytes.blobs import Blobs
from contentlib.library.catalog.items import current_version
from contentlib.library.catalogs import Arrival, OfferedFile, OfferedItem, upload_of
from contentlib.library.checksums import Algorithm, Checksum
from contentlib.library.errors import Damaged, Fault, NotFetched, NotWritable
from contentlib.library.following.mirror import kept_files
from contentlib.library.following.offered import ArrivedItem, KnownItem
from contentlib.library.following.own_catalogs import BLOB
from contentlib.library.model import Blob, Library, SourceEndpoint, StoredFile, Subscription
from contentlib.library.packages import checks as packages
from contentlib.library.packages import ovf
from contentlib.library.ports import MetadataStore
from contentlib.library.sessions import transfer_faults
from contentlib.library.sessions.pulls import Remembered
from contentlib.library.signals import unheard
from contentlib.library.threads import NotStored
from contentlib.outbound.credentials import credentials_of
from contentlib.outbound.problems import RequestFailed
from contentlib.outbound.sources import host_of

Found = TypeVar("Found")
_LARGE = 1 << 20
"""From this size on a file is not begun anew when its connection breaks."""


@dataclass(frozen=True, slots=True)
class BringingContext:
    """Dependencies for providing files."""

    metadata: MetadataStore
    blobs: Blobs
    transport: Transport


class Bringing:
    """Brings the files of items of one library; `subscription` is with its password open."""

    def __init__(self, context: BringingContext, library: Library, subscription: Subscription) -> None:
        self._context = context
        self._library = library
        self._subscription = subscription
        self._begun: set[str] | None = None

    async def item(self, offered: OfferedItem, known: KnownItem | None, now: int) -> list[StoredFile]:
        """Provides all files of an item. Raises NotFetched with the cause."""
        before = await self._before(known)
        kept = set() if known is None else kept_files(known.offer, offered)
        files = []
        for file in offered.files:
            old = before.get(file.name)
            if old is not None and file.name in kept and await self._whole(old):
                files.append(old)
            else:
                blob = await self._blob(offered, file)
                files.append(_stored(file, blob, old, now))
        await self._verify(offered, files)
        return files

    async def is_whole(self, known: KnownItem) -> bool:
        """Whether the stored content is undamaged."""
        return all([await self._whole(file) for file in (await self._before(known)).values()])

    async def _before(self, known: KnownItem | None) -> dict[str, StoredFile]:
        if known is None or known.item.version_id is None:
            return {}
        async with self._context.metadata.reading() as transaction:
            return {file.name: file for file in (await current_version(transaction, known.item)).files}

    async def _whole(self, file: StoredFile) -> bool:
        try:
            await self._context.blobs.check(file.blob, file.name)
        except Damaged:
            return False
        return True

    async def _verify(self, offered: OfferedItem, files: list[StoredFile]) -> None:
        """Compares the files of a package with its manifest; where they differ they are fetched anew the next time."""
        if offered.type != ovf.TYPE:
            return
        found = await packages.examine_manifests(files, self._context.blobs)
        if found:
            await self._forget([upload_of(self._library.id, offered, file) for file in offered.files])
            raise NotFetched(messages.NOT_AS_PUBLISHED(name=offered.name, problems=found.problems()))

    async def _blob(self, offered: OfferedItem, file: OfferedFile) -> Blob:
        upload = upload_of(self._library.id, offered, file)
        arrival = await self._arrival(upload)
        if arrival.blob is not None and (blob := await self._kept(arrival.blob, file.name)) is not None:
            return blob

        async def bring(uri: str) -> Blob:
            return await self._share(uri, file) if uri.startswith(BLOB) else await self._fetch(uri, arrival, file)

        blob = await _from_first(file, bring)
        if len(offered.files) > 1:
            await self._remember(Arrival(upload, self._library.id, blob=blob.id))
        return blob

    async def has_begun(self, offered: OfferedItem) -> bool:
        """Whether files of an item had arrived before this attempt, in whole or in part."""
        if self._begun is None:
            async with self._context.metadata.reading() as transaction:
                self._begun = await transaction.arrivals.of(self._library.id)
        begun = self._begun
        return bool(begun) and any(upload_of(self._library.id, offered, file) in begun for file in offered.files)

    async def contents(self, offered: OfferedItem) -> list[bytes]:
        """Fetches the files of a small item into memory. Raises NotFetched with the cause."""
        return [await _from_first(file, partial(self._content, file)) for file in offered.files]

    async def _content(self, file: OfferedFile, uri: str) -> bytes:
        memory, arrival = InMemory(), Arrival("", self._library.id)
        with _failures(file):
            try:
                async with self._context.transport.limits.transfer(file.name, host_of(uri)):
                    await self._fetching(uri, arrival, file, memory).run()
            except Different as error:
                raise _different(file, error.fault) from error
            _check_size(file, memory)
        return memory.content

    async def store(self, fetched: list[GatheredItem], now: int) -> list[ArrivedItem]:
        """Stores the files of small items together."""
        contents = [content for each in fetched for content in each.contents]
        blobs = iter(await self._context.blobs.keep_all(self._library.storage, contents))
        return [ArrivedItem(each, [_stored(file, next(blobs), None, now) for file in each.files]) for each, _ in fetched]

    async def _kept(self, blob_id: str, name: str) -> Blob | None:
        try:
            return await self._context.blobs.check(blob_id, name)
        except Damaged:
            return None

    async def _share(self, uri: str, file: OfferedFile) -> Blob:
        """The bytes are on this server; on another storage they are copied."""
        if self._subscription.source is None:
            raise NotFetched(messages.UNUSABLE_SOURCE(name=file.name))
        blobs = self._context.blobs
        try:
            blob = await blobs.check(uri.removeprefix(BLOB), file.name)
            here = await blobs.at(self._library.storage, _stored(file, blob, None, 0))
            return await blobs.check(here.blob, file.name)
        except Damaged as error:
            raise NotFetched(error.fault, again=True) from error
        except NotWritable as error:
            raise NotFetched(error.fault) from error

    async def _fetch(self, uri: str, arrival: Arrival, file: OfferedFile) -> Blob:
        storage, blobs = self._library.storage, self._context.blobs
        staging = Staging(storage, arrival.id, blobs.store, blobs.on(storage))
        try:
            with _failures(file):
                await blobs.check_space(storage, file.size or 0)
                async with self._context.transport.limits.transfer(file.name, host_of(uri)):
                    await staging.begin()
                    await self._fetching(uri, arrival, file, staging).run()
                _check_size(file, staging)
                return await blobs.keep(staging.received)
        except Different as error:
            await self._discard(staging, arrival.id)
            raise _different(file, error.fault) from error
        except NotStored as error:
            raise self._not_stored(file, staging, error) from error
        finally:
            await staging.leave()

    def _fetching(self, uri: str, arrival: Arrival, file: OfferedFile, sink: ByteSink) -> Fetching:
        endpoint = SourceEndpoint(uri, self._subscription.thumbprint, self._subscription.certificate)
        seen = Remembered(arrival.etag, arrival.modified, arrival.total)
        origin = Origin(endpoint, seen, credentials_of(self._subscription))

        async def remember(seen: Remembered) -> None:
            if file.size is None or file.size >= _LARGE:
                await self._remember(Arrival(arrival.id, self._library.id, seen.etag, seen.modified, seen.total))

        return Fetching(self._context.transport, file, origin, sink, remember, unheard)

    def _not_stored(self, file: OfferedFile, staging: Staging, error: NotStored) -> NotFetched:
        if isinstance(error.error, BlockingIOError):
            return NotFetched(messages.BEING_FETCHED(name=file.name), again=True)
        fault = transfer_faults.not_stored(file.name, self._library.storage, staging.size, error.error)
        return NotFetched(fault, again=not transfer_faults.is_full(error.error))

    async def _arrival(self, upload: str) -> Arrival:
        async with self._context.metadata.reading() as transaction:
            return await transaction.arrivals.get(upload) or Arrival(upload, self._library.id)

    async def _remember(self, arrival: Arrival) -> None:
        async with self._context.metadata.transaction(durable=False) as transaction:
            if await transaction.libraries.get(self._library.id) is not None:
                await transaction.arrivals.put(arrival)

    async def _forget(self, uploads: list[str]) -> None:
        async with self._context.metadata.transaction(durable=False) as transaction:
            for upload in uploads:
                await transaction.arrivals.remove(upload)

    async def _discard(self, staging: Staging, upload: str) -> None:
        await staging.leave()
        storage, blobs = self._library.storage, self._context.blobs
        await blobs.on(storage).release(partial(blobs.store.discard, storage, upload))
        await self._forget([upload])


async def _from_first(file: OfferedFile, get: Callable[[str], Awaitable[Found]]) -> Found:
    """Returns what the first address of a file that works gives."""
    problem: NotFetched | None = None
    for uri in file.uris:
        try:
            return await get(uri)
        except NotFetched as error:
            problem = problem if problem is not None and problem.again else error
    raise problem or NotFetched(messages.NO_SOURCE(name=file.name))


@contextmanager
def _failures(file: OfferedFile) -> Iterator[None]:
    """Raises NotFetched for failures of the publisher and of the storage."""
    try:
        yield
    except RequestFailed as error:
        problem = error.problem
        fault = messages.SYNC_FAILED(kind=problem.kind.value, name=file.name, problem=problem.text)
        raise NotFetched(fault, again=problem.again) from error
    except NotWritable as error:
        raise NotFetched(error.fault) from error


def _check_size(file: OfferedFile, sink: ByteSink) -> None:
    if file.size is not None and sink.size != file.size:
        raise _different(file, transfer_faults.wrong_size(file.name, file.size, sink.size))


def _different(file: OfferedFile, fault: Fault) -> NotFetched:
    """The bytes are not those that were offered: the publisher may be changing them, or have been cut off."""
    return NotFetched(messages.FILE_NOT_AS_PUBLISHED(fault=fault.id, name=file.name, problem=fault), again=True)


def _stored(file: OfferedFile, blob: Blob, before: StoredFile | None, now: int) -> StoredFile:
    """A file as it is kept; its counters rise with its content."""
    checksum = Checksum(Algorithm.SHA256, blob.sha256)
    if before is not None and before.blob == blob.id:
        return before
    generation = now // 1000 if file.generation is None else file.generation
    if before is None:
        return StoredFile(file.name, blob.id, blob.size, 1, checksum, generation)
    return StoredFile(file.name, blob.id, blob.size, before.revision + 1, checksum, max(generation, before.generation + 1))
