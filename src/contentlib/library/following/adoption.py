"""Imports a library that was published elsewhere as a local one. Keeps its ids and continues its counters.

If the library existed here before and was deleted, the counters continue above what subscribers have seen.

A library imported from a bundle can be updated by later bundles: the source's items replace the existing ones, and items that
the source has deleted are removed. Items added here are kept. All changes become visible together.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping

import msgspec
from msgspec.structs import replace

from contentlib.library.bytes.blobs import Blobs
from contentlib.library.catalog.items import FIRST_VERSION, cancel
from contentlib.library.catalog.library_names import LibraryNames
from contentlib.library.catalog.messages import ITEM_REMOVED_AT_SOURCE
from contentlib.library.catalogs import Catalog, OfferedItem
from contentlib.library.checksums import Algorithm, Checksum
from contentlib.library.clock import Clock
from contentlib.library.counters import Reached, recall
from contentlib.library.errors import NameTaken
from contentlib.library.identifiers import new_identifier
from contentlib.library.model import Blob, Item, Library, LibraryType, StoredFile, Version
from contentlib.library.names import fold
from contentlib.library.ports import MetadataStore, Transaction
from contentlib.library.protection import check_changeable
from contentlib.library.quotas import within_quotas

_KEY = "imported/"
Contents = Mapping[tuple[str, str], Blob]
"""The bytes of the files, by the id of their item and their name."""


class NotAdoptable(RuntimeError):
    """The library cannot be taken as it is; a sentence."""


class Imported(msgspec.Struct, frozen=True):
    """The last import into a library: its version at the source, and the ids of its items."""

    version: int
    items: tuple[str, ...]


class _Change(msgspec.Struct, frozen=True):
    """An item as it was, as it will be, and its new content version, if any."""

    before: Item | None
    item: Item
    version: Version | None


class _Taken(msgspec.Struct, frozen=True):
    """The library as it will be, and the items that were last imported into it."""

    library: Library
    before: tuple[str, ...]


class Adoption:
    """Imports libraries, new ones on `storage`. Items removed at the source can be restored for `kept` milliseconds."""

    def __init__(
        self,
        metadata: MetadataStore,
        blobs: Blobs,
        clock: Clock,
        storage: str,
        kept: int = 0,
        names: LibraryNames | None = None,
    ) -> None:
        self._names = names or LibraryNames()
        self._metadata = metadata
        self._blobs = blobs
        self._clock = clock
        self._storage = storage
        self._kept = kept

    async def imported(self, library_id: str) -> Imported | None:
        """Returns the last import, None for an unknown library. Raises Refused if the library does not come from a bundle."""
        async with self._metadata.reading() as transaction:
            library = await transaction.libraries.get(library_id)
            if library is None:
                await _check_free(transaction, library_id)
                return None
            return await _imported(transaction, library)

    async def storage_of(self, library_id: str) -> str:
        """Returns the storage for the content of a library."""
        async with self._metadata.reading() as transaction:
            library = await transaction.libraries.get(library_id)
        return self._storage if library is None else library.storage

    async def prospect(self, catalog: Catalog) -> Library:
        """The library that a catalog will be; Refused where it is here already, or one of its items."""
        async with self._metadata.reading() as transaction:
            library = await transaction.libraries.get(catalog.id)
            if library is not None:
                raise _here(library)
            await _check_free(transaction, catalog.id)
            for offered in catalog.items:
                await _check_item(transaction, catalog.id, offered, await transaction.items.get(offered.id))
            prospect = _library(catalog, self._storage, 1, self._clock.now())
            await self._check_name(transaction, prospect)
        return prospect

    async def receive(self, storage: str, pieces: AsyncIterator[bytes]) -> Blob:
        """Keeps bytes that nothing names yet; equal ones are kept once."""
        return await self._blobs.keep(await self._blobs.receive(storage, pieces))

    async def known(self, item_id: str, name: str, sha256: str) -> Blob | None:
        """The bytes of a file that is here already, when they are those."""
        async with self._metadata.reading() as transaction:
            item = await transaction.items.get(item_id)
            version = None if item is None or item.version_id is None else await transaction.versions.get(item.version_id)
            file = None if version is None else version.file(name)
            blob = None if file is None else await transaction.blobs.get(file.blob)
        return blob if blob is not None and blob.sha256 == sha256 else None

    async def adopt(self, catalog: Catalog, contents: Contents) -> None:
        """Imports a new library. Its documents change with its URL, so every version increases by one."""
        await self._take(catalog, contents, lambda transaction: self._adopted(transaction, catalog), rise=1)

    async def follow(self, catalog: Catalog, contents: Contents, since: Imported | None) -> None:
        """Updates a library from its source. Raises Refused if the last import is not the version `since`."""
        await self._take(catalog, contents, lambda transaction: self._followed(transaction, catalog, since), rise=0)

    async def _take(
        self, catalog: Catalog, contents: Contents, library: Callable[[Transaction], Awaitable[_Taken]], *, rise: int
    ) -> None:
        """Writes everything in one transaction, which sees changes that others have made since the bytes were flushed."""
        async with self._metadata.reading() as transaction:
            changes = await self._changes(transaction, catalog, contents, rise)
        for change in changes:
            if change.version is not None:
                await self._blobs.flush(change.version)
        async with self._metadata.transaction(durable=True) as transaction:
            taken = await library(transaction)
            changes = await self._changes(transaction, catalog, contents, rise)
            for item_id in {*taken.before} - {each.id for each in catalog.items} - {*catalog.unread}:
                await self._remove(transaction, item_id)
            for change in changes:
                await self._free_name(transaction, change, taken.before)
            async with within_quotas(transaction, taken.library.id, ""):
                for change in changes:
                    await self._put_item(transaction, change)
            await transaction.libraries.put(taken.library)
        for change in changes:
            if change.version is not None:
                await self._blobs.describe(change.item, change.version)

    async def _adopted(self, transaction: Transaction, catalog: Catalog) -> _Taken:
        library = await transaction.libraries.get(catalog.id)
        if library is not None:
            raise _here(library)
        return _Taken(await self._added(transaction, catalog, rise=1), ())

    async def _followed(self, transaction: Transaction, catalog: Catalog, since: Imported | None) -> _Taken:
        library = await transaction.libraries.get(catalog.id)
        if (None if library is None else await _imported(transaction, library)) != since:
            raise NotAdoptable(f"library {catalog.name!r} ({catalog.id}) was changed by another import; start again")
        note = Imported(_number(catalog.version), tuple(each.id for each in catalog.items))
        await transaction.state.put(_KEY + catalog.id, msgspec.json.encode(note).decode())
        if library is None or since is None:
            return _Taken(await self._added(transaction, catalog, rise=0), ())
        check_changeable(library)
        renamed = replace(library, **_names(catalog))
        if renamed.folded_name != library.folded_name:
            await self._check_name(transaction, renamed)
        changed = replace(library, revision=max(_number(catalog.version), library.revision + 1), **_names(catalog))
        if (changed.name, changed.description) != (library.name, library.description):
            changed = replace(changed, version=library.version + 1, modified=max(self._clock.now(), library.modified))
        return _Taken(changed, since.items)

    async def _added(self, transaction: Transaction, catalog: Catalog, rise: int) -> Library:
        """The new library, which is added as it was before."""
        await _check_free(transaction, catalog.id)
        reached = await recall(transaction, catalog.id)
        revision = max(_number(catalog.version) + rise, reached.revision + 1)
        made = _library(catalog, self._storage, revision, self._clock.now())
        await self._check_name(transaction, made)
        await transaction.libraries.add(replace(made, revision=made.revision - 1))
        return made

    async def _check_name(self, transaction: Transaction, library: Library) -> None:
        try:
            await self._names.check(transaction, library, "name")
        except NameTaken as error:
            raise NotAdoptable(f"{error}; rename the other library first, or set unique_library_names = false") from error

    async def _changes(self, transaction: Transaction, catalog: Catalog, contents: Contents, rise: int) -> list[_Change]:
        reached = await recall(transaction, catalog.id)
        offered = [_above(reached, each, self._clock.now()) for each in catalog.items]
        return [await self._change(transaction, catalog.id, each, contents, rise) for each in offered]

    async def _change(
        self, transaction: Transaction, library_id: str, offered: OfferedItem, contents: Contents, rise: int
    ) -> _Change:
        before = await _known(transaction, offered.id)
        await _check_item(transaction, library_id, offered, before)
        version_id = None if before is None else before.version_id
        current = None if version_id is None else await transaction.versions.get(version_id)
        now = self._clock.now()
        files = tuple(_stored(offered, n, contents, current, now) for n in range(len(offered.files)))
        same = current is not None and _content(current.files) == _content(files)
        kept = same or (current is None and not files)
        version = None if kept else await self._version(transaction, offered, files, before, current)
        return _Change(before, _item(library_id, offered, before, version, rise, now), version)

    async def _version(
        self,
        transaction: Transaction,
        offered: OfferedItem,
        files: tuple[StoredFile, ...],
        before: Item | None,
        current: Version | None,
    ) -> Version:
        """The next version; its number is the publisher's, unless a later one was here, which a download may still read."""
        kept = [each.number + 1 for each in await transaction.versions.of(offered.id)]
        number = max(_number(offered.content_version), FIRST_VERSION if before is None else before.content_version + 1, *kept)
        now = self._clock.now()
        created = now if current is None else max(now, current.created + 1)
        return Version(new_identifier(), offered.id, number, created, files, message="imported with its library")

    async def _remove(self, transaction: Transaction, item_id: str) -> None:
        item = await transaction.items.get(item_id)
        session = None if item is None else await transaction.update_sessions.active_of(item_id)
        now = self._clock.now()
        if item is not None and session is not None:
            await cancel(transaction, session, now, ITEM_REMOVED_AT_SOURCE(name=item.name))
        await transaction.deleted_items.add(item_id, "", now, now + self._kept)

    async def _free_name(self, transaction: Transaction, change: _Change, imported: Collection[str]) -> None:
        """Frees the names of all items to be renamed, because names may have moved between items."""
        item, before = change.item, change.before
        if before is not None and before.folded_name != item.folded_name:
            await transaction.items.put(replace(before, folded_name=f"\x01{before.id}"))  # clients cannot use this name
        for other in await transaction.items.find(library=item.library, folded_name=item.folded_name):
            if other != item.id and other not in imported:
                raise NotAdoptable(
                    f"library {item.library} already has an item {item.name!r} ({other}) that was not imported; rename it"
                )

    async def _put_item(self, transaction: Transaction, change: _Change) -> None:
        if change.before is None:
            await transaction.items.add(replace(change.item, version_id=None))
        if change.version is not None:
            await self._blobs.check_kept(transaction, change.version)
            await transaction.versions.add(change.version)
        await transaction.deleted_items.restore(change.item)  # where it was deleted here
        if change.before != change.item:
            await transaction.items.put(change.item)


async def _imported(transaction: Transaction, library: Library) -> Imported:
    value = await transaction.state.get(_KEY + library.id)
    if value is None:
        raise _here(library)
    return msgspec.json.decode(value, type=Imported)


def _here(library: Library) -> NotAdoptable:
    return NotAdoptable(f"library {library.name!r} ({library.id}) already exists and was not imported from a bundle")


async def _check_item(transaction: Transaction, library_id: str, offered: OfferedItem, item: Item | None) -> None:
    """An item is in one library only, in the trash too."""
    if item is None:
        deleted = await transaction.deleted_items.get(offered.id)
        item = None if deleted is None else deleted.row
    if item is not None and item.library != library_id:
        raise NotAdoptable(f"item {offered.name!r} ({offered.id}) already exists in library {item.library} or in its trash")


async def _known(transaction: Transaction, item_id: str) -> Item | None:
    """The item as it is here, or as it was when it was deleted."""
    item = await transaction.items.get(item_id)
    deleted = None if item is not None else await transaction.deleted_items.get(item_id)
    return item if deleted is None else deleted.row


async def _check_free(transaction: Transaction, library_id: str) -> None:
    if await transaction.deleted_libraries.get(library_id) is not None:
        raise NotAdoptable(f"library {library_id} is in the trash; restore or purge it")


def _names(catalog: Catalog) -> dict[str, str]:
    name = catalog.name or catalog.id
    return {"name": name, "folded_name": fold(name), "description": catalog.description}


def _library(catalog: Catalog, storage: str, version: int, now: int) -> Library:
    names = _names(catalog)
    return Library(
        id=catalog.id,
        name=names["name"],
        folded_name=names["folded_name"],
        description=names["description"],
        type=LibraryType.LOCAL,
        backings=(),
        storage=storage,
        created=min(catalog.created or now, now),
        modified=now,
        version=1,
        revision=version,
    )


def _above(reached: Reached, offered: OfferedItem, now: int) -> OfferedItem:
    """The item with counters above those that a library of its identifier had reached here before."""
    if reached == Reached():
        return offered
    content = max(_number(offered.content_version), reached.version + 1)
    files = [
        replace(file, generation=max(now // 1000 if file.generation is None else file.generation, reached.generation + 1))
        for file in offered.files
    ]
    return replace(offered, content_version=str(content), files=tuple(files))


def _stored(offered: OfferedItem, n: int, contents: Contents, current: Version | None, now: int) -> StoredFile:
    file = offered.files[n]
    blob = contents[offered.id, file.name]
    old = None if current is None else current.file(file.name)
    if old is not None and old.blob == blob.id:
        return old if file.generation is None else replace(old, generation=max(file.generation, old.generation))
    revision, least = (1, 0) if old is None else (old.revision + 1, old.generation + 1)
    generation = max(least, now // 1000 if file.generation is None else file.generation)
    checksum = Checksum(Algorithm.SHA256, blob.sha256)
    return StoredFile(file.name, blob.id, blob.size, revision, checksum, generation)


def _content(files: tuple[StoredFile, ...]) -> dict[str, tuple[str, int]]:
    return {file.name: (file.blob, file.generation) for file in files}


def _item(library_id: str, offered: OfferedItem, before: Item | None, version: Version | None, rise: int, now: int) -> Item:
    """The item; subscribers see `metadata_version + content_version - 1`, which is never lower than at the source."""
    content = _number(offered.content_version) if before is None else before.content_version
    content = content if version is None else version.number
    made = Item(
        id=offered.id,
        library=library_id,
        name=offered.name,
        folded_name=fold(offered.name),
        description=offered.description,
        type=offered.type,
        folded_type=fold(offered.type),
        created=min(offered.created or now, now) if before is None else before.created,
        modified=now if before is None else before.modified,
        version=1 if before is None else before.version,
        metadata_version=max(_number(offered.version) + rise - content + 1, 1 if before is None else before.metadata_version),
        content_version=content,
        size=before.size if before is not None else 0,
        version_id=before.version_id if before is not None else None,
        source=None if before is None else before.source,
    )
    if version is not None:
        made = replace(made, version_id=version.id, size=sum(file.size for file in version.files))
    if before is None or made == before:
        return made
    seen = before.metadata_version + before.content_version + 1  # what was changed here, too, has raised it
    metadata_version = max(made.metadata_version, seen - made.content_version)
    return replace(made, version=before.version + 1, metadata_version=metadata_version, modified=max(now, before.modified))


def _number(version: str | None) -> int:
    """Returns a version as a number, 1 if it is not a number."""
    return max(int(version), 1) if version is not None and version.isascii() and version.isdigit() else 1
