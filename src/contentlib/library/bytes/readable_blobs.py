"""Reads the bytes of blobs, and verifies them before they are served."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import ParamSpec, TypeVar

import msgspec
from msgspec.structs import replace

from contentlib.library.bytes import damage
from contentlib.library.bytes.storages import Lane, Storages, StorageSilent
from contentlib.library.bytes.storing import hash_again
from contentlib.library.checksums import Algorithm, Hasher
from contentlib.library.errors import Damaged, Unavailable
from contentlib.library.messages import FILE_RESIZED
from contentlib.library.model import Blob, StoredFile
from contentlib.library.ports import (
    BlobStore,
    MetadataStore,
    Stat,
    links_of,
    local_path,
)

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class BlobLocation(msgspec.Struct, frozen=True):
    """The location of a file's bytes, and whether they are stored."""

    storage: str
    uri: str
    there: bool


class ReadableBlobs:
    """Blobs that are there. Their bytes are read again only if somebody may have touched them."""

    def __init__(self, metadata: MetadataStore, store: BlobStore, storages: Storages) -> None:
        self._metadata = metadata
        self.store = store
        self.storages = storages

    def on(self, storage: str) -> Lane:
        """The threads in which the store is asked about a storage."""
        return self.storages.on(storage)

    async def check(self, blob_id: str, name: str) -> Blob:
        """The blob, when its bytes are there and are those that were stored; else Damaged. Read again only when touched."""
        async with self._metadata.reading() as transaction:
            blob = damage.existing(await transaction.blobs.get(blob_id), name)
        return await self._judge(blob, name, await self._stat(blob, name))

    async def _check_all(self, files: Sequence[StoredFile], look: Callable[[Blob], Stat | None]) -> list[Blob]:
        """The blobs of several files, as `check` answers each. `look` finds each of a storage in one call of that."""
        async with self._metadata.reading() as transaction:
            blobs = [damage.existing(await transaction.blobs.get(file.blob), file.name) for file in files]
        found: dict[str, Stat | OSError | None] = {}
        for storage in {blob.storage for blob in blobs}:
            here = {blob.id: blob for blob in blobs if blob.storage == storage}
            try:
                found |= await self.on(storage).long(_looked_at, here.values(), look)
            except StorageSilent as error:
                raise Unavailable(error.fault) from error
        return [await self._judge(blob, file.name, found[blob.id]) for blob, file in zip(blobs, files, strict=True)]

    async def _judge(self, blob: Blob, name: str, found: Stat | OSError | None) -> Blob:
        if isinstance(found, OSError):
            raise damage.unreadable(blob, name, found) from found
        if found is None:
            raise damage.gone(blob, name)
        if found.size != blob.size:
            raise Damaged(FILE_RESIZED(name=name, actual=found.size, storage=blob.storage, expected=blob.size))
        if self._is_as_stored(blob, found):
            return blob
        return await self._read_again(blob, name, found.mark)

    def _is_as_stored(self, blob: Blob, found: Stat) -> bool:
        """Whether the bytes are unchanged since they were stored, and were flushed if the machine was restarted since."""
        return found == Stat(blob.size, blob.mark) and blob.unflushed in (None, self.store.boot)

    async def place(self, file: StoredFile) -> BlobLocation:
        """Returns the location of a file's bytes, without checking them."""
        async with self._metadata.reading() as transaction:
            blob = await transaction.blobs.get(file.blob)
        if blob is None or await self._stat(blob, file.name) is None:
            return BlobLocation("" if blob is None else blob.storage, "", there=False)
        return BlobLocation(blob.storage, self.store.uri(blob.storage, blob.id), there=True)

    async def start(self, file: StoredFile, most: int) -> bytes:
        """The first bytes of a file, checked and read in one call of the storage."""
        async with self._metadata.reading() as transaction:
            blob = damage.existing(await transaction.blobs.get(file.blob), file.name)
        found, start = await self._ask(blob, file.name, self._stat_and_start, blob, most)
        if await self._judge(blob, file.name, found) is blob:
            return start
        return await self._ask(blob, file.name, self._start, blob, most)  # it was read again meanwhile

    def path(self, blob: Blob) -> Path | None:
        """The path of a blob, if it is a file of this machine."""
        return local_path(self.store, blob.storage, blob.id)

    async def link(self, blob: Blob, name: str, headers: Mapping[str, str]) -> str | None:
        """An address at which clients read a blob directly for a few minutes, if its storage gives one."""
        links = links_of(self.store, blob.storage)
        return None if links is None else await self._ask(blob, name, links.link, blob.storage, blob.id, headers)

    async def pieces(self, blob: Blob, start: int, end: int) -> AsyncGenerator[bytes, None]:
        """The bytes of a blob from a position to another one. Raises OSError if there are fewer."""
        left = end - start
        read = partial(self.store.read, blob.storage, blob.id, end=end)
        async for piece in self.on(blob.storage).pieces(read, start):
            left -= len(piece)
            yield piece
        if left:
            raise OSError(f"blob {blob.id} on storage {blob.storage} ended {left} bytes too early")

    def _stat_and_start(self, blob: Blob, most: int) -> tuple[Stat | None, bytes]:
        found = self.store.stat(blob.storage, blob.id)
        return found, b"" if found is None else self._start(blob, most)

    def _start(self, blob: Blob, most: int) -> bytes:
        return b"".join(self.store.read(blob.storage, blob.id, 0, most))

    async def _stat(self, blob: Blob, name: str) -> Stat | None:
        return await self._ask(blob, name, self.store.stat, blob.storage, blob.id)

    async def _ask(
        self, blob: Blob, name: str, call: Callable[Arguments, Result], *arguments: Arguments.args, **names: Arguments.kwargs
    ) -> Result:
        try:
            return await self.on(blob.storage).run(call, *arguments, **names)
        except StorageSilent as error:
            raise Unavailable(error.fault) from error
        except OSError as error:
            raise damage.unreadable(blob, name, error) from error

    async def digest(self, file: StoredFile, algorithm: Algorithm) -> str:
        """Returns a checksum of a file's bytes. Reads them if this algorithm was not requested before."""
        blob = await self.check(file.blob, file.name)
        known = blob.digests.get(algorithm.value)
        if known is None:
            known = await self._digest(blob, algorithm)
            async with self._metadata.transaction(durable=False) as transaction:
                now = await transaction.blobs.get(blob.id)
                if now is not None:
                    await transaction.blobs.put(replace(now, digests={**now.digests, algorithm.value: known}))
        return known

    async def _digest(self, blob: Blob, algorithm: Algorithm) -> str:
        hasher, lane = Hasher(algorithm), self.on(blob.storage)
        pieces = await lane.long(self.store.read, blob.storage, blob.id)
        while await lane.long(hash_again, hasher, pieces):
            pass
        return hasher.digests()[algorithm]

    async def _read_again(self, blob: Blob, name: str, mark: str) -> Blob:
        try:
            sha256 = await self._digest(blob, Algorithm.SHA256)
        except FileNotFoundError as error:
            raise damage.gone(blob, name) from error
        if sha256 != blob.sha256:
            raise damage.damaged(blob, name, sha256)
        return await self._note(blob, mark, blob.unflushed and self.store.boot)

    async def _note(self, blob: Blob, mark: str, unflushed: str | None) -> Blob:
        async with self._metadata.transaction(durable=False) as transaction:
            now = await transaction.blobs.get(blob.id) or blob  # another call may have changed the row since it was read
            seen = replace(now, mark=mark, unflushed=unflushed)
            await transaction.blobs.put(seen)
        return seen

    async def _whole(self, blob: Blob) -> bool:
        try:
            await self.check(blob.id, blob.id)
        except Damaged:
            return False
        return True


def _looked_at(blobs: Collection[Blob], look: Callable[[Blob], Stat | None]) -> dict[str, Stat | OSError | None]:
    found: dict[str, Stat | OSError | None] = {}
    for blob in blobs:
        try:
            found[blob.id] = look(blob)
        except OSError as error:
            found[blob.id] = error
    return found
