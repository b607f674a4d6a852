"""Stores the bytes of files as blobs, each once, and verifies them before they are served.

The row of a blob is never committed before its bytes are safe, and its bytes are never removed before the row is gone.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial

import msgspec
from msgspec.structs import replace

from contentlib.library.bytes import damage, storing
from contentlib.library.bytes.describing import description_of
from contentlib.library.bytes.holding import Hold
from contentlib.library.bytes.readable_blobs import ReadableBlobs
from contentlib.library.bytes.slots import Claim, at_once
from contentlib.library.bytes.storages import Storages
from contentlib.library.checksums import Algorithm, Checksum, Hasher
from contentlib.library.clock import Clock
from contentlib.library.errors import Damaged, LibraryError, NotWritable
from contentlib.library.identifiers import new_identifier
from contentlib.library.messages import FILE_GONE, STORAGE_RESERVED
from contentlib.library.model import Blob, Item, StoredFile, Version
from contentlib.library.ports import (
    BlobStore,
    MetadataStore,
    NewBlob,
    SmallFiles,
    Stat,
    StorageSpace,
    Transaction,
    descriptions_of,
    small_files_of,
    space_of,
)
from contentlib.library.threads import NotStored

HOLD_SECONDS = 600.0


class Received(msgspec.Struct, frozen=True):
    """Bytes that were received and hashed, still aside under the name of their upload.

    `start` are the first of them, as many as show what the file is; None if they have to be read from the storage.
    """

    storage: str
    upload: str
    size: int
    digests: dict[Algorithm, str]
    start: bytes | None = None


NameBlob = Callable[[Transaction, Blob], Awaitable[None]]


async def unnamed(transaction: Transaction, blob: Blob) -> None:
    """For a blob that is named later."""


def _unseen(size: int) -> None:
    """The default progress callback, which does nothing."""


class Blobs(ReadableBlobs):
    """Keeps bytes and rows in step; `transfer` is waited for before bytes are copied from one storage to another.

    What `holding` protects is renewed every `hold_seconds`, more often than the grace period of the collection.
    """

    def __init__(
        self,
        metadata: MetadataStore,
        store: BlobStore,
        clock: Clock,
        transfer: Claim = at_once,
        storages: Storages | None = None,
        hold_seconds: float = HOLD_SECONDS,
    ) -> None:
        super().__init__(metadata, store, storages or Storages(store))
        self._hold_seconds = hold_seconds
        self._clock = clock
        self._transfer = transfer

    @asynccontextmanager
    async def holding(self) -> AsyncIterator[Hold]:
        """Protects blobs from collection while an item with many files is stored."""
        hold = Hold(self._metadata, self._clock)
        renewing = asyncio.create_task(hold.renew(self._hold_seconds))
        try:
            yield hold
        finally:
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)

    async def keep(self, received: Received, name: NameBlob = unnamed) -> Blob:
        """Turns received bytes into a blob. Equal bytes on a storage share one blob, and repair it if it is damaged.

        `name` records which file the blob belongs to, in the transaction that adds the blob. If it fails, no blob is added.
        """
        twin = await self._twin(received)
        if twin is None:
            return await self._keep_new(received, name)
        lane = self.on(received.storage)
        if not await self._whole(twin):
            kept = await lane.patient(self.store.keep, received.storage, received.upload, twin.id)
            twin = await self._note(twin, kept.mark, kept.unflushed)
        else:
            await lane.run(self.store.discard, received.storage, received.upload)
        if name is not unnamed:
            async with self._metadata.transaction(durable=False) as transaction:
                await name(transaction, twin)
        return twin

    async def _twin(self, received: Received) -> Blob | None:
        """Returns the blob with the same bytes, protected. Most bytes have none, and are told so without a turn to write."""
        async with self._metadata.reading() as transaction:
            if await _same(transaction, received) is None:
                return None
        async with self._metadata.transaction(durable=False) as transaction:
            return await self._hold_twin(transaction, received)

    async def _hold_twin(self, transaction: Transaction, received: Received) -> Blob | None:
        """Returns the blob with the same bytes, protected from collection like a new one."""
        twin = await _same(transaction, received)
        if twin is not None:
            unreferenced = None if twin.unreferenced is None else self._clock.now()
            twin = replace(twin, digests=_merged(twin, received), unreferenced=unreferenced)
            await transaction.blobs.put(twin)
        return twin

    async def _keep_new(self, received: Received, name: NameBlob) -> Blob:
        kept: NewBlob = await self.on(received.storage).patient(self.store.keep, received.storage, received.upload)
        named = False

        async def name_it(transaction: Transaction, blob: Blob) -> None:
            nonlocal named
            await name(transaction, blob)
            named = True

        try:
            (blob,) = await self._add({kept: received}, name_it)
        except LibraryError:
            if not named:  # else the row may be there; if it is not, the bytes are collected
                await self.on(received.storage).run(self.store.remove, received.storage, kept.id)
            raise
        return blob

    async def _add(self, new: Mapping[NewBlob, Received], name: NameBlob = unnamed) -> list[Blob]:
        """Adds the rows of new blobs. Where another call has kept the same bytes meanwhile, its blob is the one that stays."""
        async with self._metadata.transaction(durable=False) as transaction:
            found = [await self._add_one(transaction, kept, received) for kept, received in new.items()]
            for blob in found:
                await name(transaction, blob)
        for blob, (kept, received) in zip(found, new.items(), strict=True):
            if blob.id != kept.id:
                await self.on(received.storage).run(self.store.remove, received.storage, kept.id)
        return found

    async def _add_one(self, transaction: Transaction, kept: NewBlob, received: Received) -> Blob:
        twin = await self._hold_twin(transaction, received)
        if twin is not None:
            return twin
        sha256, now = received.digests[Algorithm.SHA256], self._clock.now()
        digests = {algorithm.value: digits for algorithm, digits in received.digests.items()}
        # unreferenced until a version names it: an upload that is never completed is collected
        blob = Blob(kept.id, received.storage, received.size, sha256, digests, kept.mark, now, now, kept.unflushed)
        await transaction.blobs.add(blob)
        return blob

    async def keep_all(self, storage: str, contents: Sequence[bytes]) -> list[Blob]:
        """Stores small contents as blobs, together where the storage can do that. Equal bytes share one blob."""
        digests = [hashlib.sha256(each).hexdigest() for each in contents]
        new = dict(zip(digests, contents, strict=True))
        small = small_files_of(self.store, storage)
        known = await self._known(storage, new) if small is not None else set(new)
        blobs = {digest: await self.keep(await self.receive(storage, _piece(new.pop(digest)))) for digest in known}
        if small is not None and new:
            blobs |= zip(new, await self._keep_together(small, storage, new), strict=True)
        return [blobs[digest] for digest in digests]

    async def _known(self, storage: str, contents: Mapping[str, bytes]) -> set[str]:
        """Those of some digests of which there is a blob."""
        async with self._metadata.reading() as transaction:
            return {
                digest
                for digest, content in contents.items()
                if await transaction.blobs.twin(storage, digest, len(content)) is not None
            }

    async def _keep_together(self, small: SmallFiles, storage: str, contents: Mapping[str, bytes]) -> list[Blob]:
        await self.check_space(storage, sum(map(len, contents.values())))
        kept = await self.on(storage).long(small.keep_all, storage, [*contents.values()])
        received = (Received(storage, "", len(content), {Algorithm.SHA256: digest}) for digest, content in contents.items())
        return await self._add(dict(zip(kept, received, strict=True)))

    async def check_writable(self, storage: str, need: int) -> None:
        """Raises OSError if a storage cannot be written, NotWritable if it has no space for so many bytes."""
        _check_room(storage, await self.on(storage).run(self._space_if_writable, storage), need)

    def _space_if_writable(self, storage: str) -> StorageSpace | None:
        self.store.ping(storage)
        return space_of(self.store, storage)

    async def check_space(self, storage: str, need: int) -> None:
        """Raises NotWritable if a storage has no space for more bytes above its reserve."""
        _check_room(storage, await self.on(storage).run(space_of, self.store, storage), need)

    async def at(self, storage: str, file: StoredFile, advance: Callable[[int], None] = _unseen) -> StoredFile:
        """The file with its bytes on a storage, copied there if they are on another and equal ones are not there already."""
        blob = await self.check(file.blob, file.name)
        if blob.storage == storage:
            return file
        twin = await self._twin_on(storage, blob)
        if twin is not None:
            return replace(file, blob=twin.id)
        await self.check_space(storage, blob.size)
        try:
            async with self._transfer(file.name):
                received = await self._copy(blob, storage, file.checksum, advance)
        except FileNotFoundError as error:
            if await self._stat(blob, file.name) is not None:
                raise  # it is the other storage that is not there
            raise damage.gone(blob, file.name) from error
        sha256 = received.digests[Algorithm.SHA256]
        if sha256 != blob.sha256:
            await self.on(storage).run(self.store.discard, storage, received.upload)
            raise damage.damaged(blob, file.name, sha256)
        return replace(file, blob=(await self.keep(received)).id)

    async def _twin_on(self, storage: str, blob: Blob) -> Blob | None:
        """The whole blob with the same bytes on another storage."""
        same = Received(storage, "", blob.size, {Algorithm(name): digits for name, digits in blob.digests.items()})
        twin = await self._twin(same)
        return twin if twin is not None and await self._whole(twin) else None

    async def _copy(self, blob: Blob, storage: str, checksum: Checksum | None, advance: Callable[[int], None]) -> Received:
        async def pieces() -> AsyncIterator[bytes]:
            async for piece in self.on(blob.storage).pieces(partial(self.store.read, blob.storage, blob.id)):
                yield piece
                advance(len(piece))

        return await self.receive(storage, pieces(), *() if checksum is None else (checksum.algorithm,))

    async def receive(self, storage: str, pieces: AsyncIterator[bytes], *algorithms: Algorithm) -> Received:
        """Receives bytes from this process. Incomplete ones are discarded."""
        upload, hasher, lane = new_identifier(), Hasher(*algorithms), self.on(storage)
        staged = await lane.run(self.store.stage, storage, upload)
        try:
            async for piece in pieces:
                await storing.store(lane, staged, hasher, [piece])
            await storing.sent(staged)
            await storing.put(lane, staged.save)
        except NotStored as error:
            await lane.release(staged.drop)
            raise error.error from error
        except BaseException:
            await lane.release(staged.drop)
            raise
        finally:
            await lane.release(staged.close)
        return Received(storage, upload, hasher.size, hasher.digests())

    async def flush(self, *versions: Version) -> None:
        """Returns when the bytes of versions survive the loss of power; Damaged when those of a file are lost."""
        files = [file for version in versions for file in version.files]
        flushed: dict[str, OSError | None] = {}
        for file, blob in zip(files, await self._check_all(files, partial(self._flush_whole, flushed)), strict=True):
            if blob.id in flushed:
                await self._check_flushed(blob, file.name, flushed[blob.id])
            elif blob.unflushed is not None:  # it was read again
                await self._check_flushed(blob, file.name, await self.on(blob.storage).long(self._flush, blob))

    def _flush_whole(self, flushed: dict[str, OSError | None], blob: Blob) -> Stat | None:
        """Flushes a blob in the call that looks at it, unless it has to be read again or another one could not be flushed."""
        found = self.store.stat(blob.storage, blob.id)
        whole = found is not None and self._is_as_stored(blob, found)
        if whole and blob.unflushed is not None and not any(flushed.values()):
            flushed[blob.id] = self._flush(blob)
        return found

    def _flush(self, blob: Blob) -> OSError | None:
        try:
            self.store.flush(blob.storage, blob.id)
        except OSError as error:
            return error
        return None

    async def _check_flushed(self, blob: Blob, name: str, error: OSError | None) -> None:
        """Damaged, or the error of the flush, if there was one."""
        if isinstance(error, FileNotFoundError):
            raise damage.gone(blob, name) from error
        if error is not None:
            if await self.on(blob.storage).run(self.store.stat, blob.storage, blob.id) is not None:
                raise error  # nothing was lost: the storage did not come to writing
            raise damage.not_written(blob, name, error) from error

    async def check_kept(self, transaction: Transaction, version: Version) -> None:
        """Notes that the bytes of a version are flushed, in the transaction that adds it; Damaged when a blob is gone."""
        for file in version.files:
            if not await transaction.blobs.note_flushed(file.blob):
                raise Damaged(FILE_GONE(name=file.name))

    async def describe(self, item: Item, version: Version, storage: str | None = None) -> None:
        """Writes a description of the bytes beside them, to identify them without the database.

        It is on the storage of the library, unless another one is given. A storage that cannot store descriptions has none.
        """
        await self.describe_all(item.library, [(item, version)], storage)

    async def describe_all(self, library_id: str, made: Sequence[tuple[Item, Version]], storage: str | None = None) -> None:
        """The same for versions of several items of a library."""
        async with self._metadata.reading() as transaction:
            library = await transaction.libraries.get(library_id)
            if library is None:
                return
            texts = [await description_of(transaction, library, *each) for each in made]
        place = storage or library.storage
        small, descriptions = small_files_of(self.store, place), descriptions_of(self.store, place)
        if small is not None:
            await self.on(place).long(small.describe_all, place, texts)
        elif descriptions is not None:
            for each in texts:
                await self.on(place).long(descriptions.describe, place, *each)


def _check_room(storage: str, space: StorageSpace | None, need: int) -> None:
    if space is not None and space.room < max(need, 1):
        raise NotWritable(STORAGE_RESERVED(storage=storage, free=space.free, reserved=space.reserved, need=need))


async def _piece(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def _same(transaction: Transaction, received: Received) -> Blob | None:
    return await transaction.blobs.twin(received.storage, received.digests[Algorithm.SHA256], received.size)


def _merged(blob: Blob, received: Received) -> dict[str, str]:
    return {**blob.digests, **{algorithm.value: digits for algorithm, digits in received.digests.items()}}
