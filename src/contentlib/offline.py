"""Creates the parts for commands that read or write a data directory directly, with or without a running server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from io import BufferedReader
from pathlib import Path

from msgspec.structs import replace

from contentlib.access.passwords import Argon2Passwords
from contentlib.blobs.mixed import StorageBlobs
from contentlib.fetching.bringing import Bringing, BringingContext
from contentlib.fetching.fetch import Transport
from contentlib.jobs.clearing import Cleared, Clearing, ClearingWatcher
from contentlib.jobs.ended_nodes import release
from contentlib.jobs.migrating import Migrating
from contentlib.jobs.worker import Worker, WorkLimits
from contentlib.library.bytes.blobs import Blobs
from contentlib.library.bytes.held_blobs import HeldBlobs
from contentlib.library.bytes.storages import Storages
from contentlib.library.catalog.configuration import Configurations
from contentlib.library.catalog.libraries import Libraries, LibraryRules
from contentlib.library.catalog.library_names import LibraryNames
from contentlib.library.catalog.limits import TransferLimits
from contentlib.library.catalog.migration import Migrations
from contentlib.library.catalog.storage_contents import StorageContents, contents_of
from contentlib.library.catalog.upkeep import CLEARING, Upkeep
from contentlib.library.catalogs import Catalog
from contentlib.library.clock import SystemClock
from contentlib.library.errors import Missing
from contentlib.library.following.adoption import Adoption, Contents
from contentlib.library.following.archives import Archives, NotOpened, is_archived
from contentlib.library.leases import Leases
from contentlib.library.model import Subscription
from contentlib.library.names import fold
from contentlib.library.ports import AccessStore, MetadataStore, space_of
from contentlib.library.regular import open_regular
from contentlib.library.signals import unheard
from contentlib.nodes.local import LocalNodes
from contentlib.outbound.configured import outbound_of
from contentlib.outbound.sources import Sources
from contentlib.settings import Settings
from contentlib.stores import (
    claim_storages,
    database_of,
    nodes_directory,
    open_bytes,
    open_nodes,
    open_rows,
    own_storages,
)
from contentlib.vcsp.publishing.documents import Counters
from contentlib.vcsp.publishing.offers import read_offer, read_unchanged
from contentlib.vcsp.reading.asking import DocumentLimits as AskingLimits
from contentlib.vcsp.reading.reader import CatalogReader
from contentlib.vcsp.trees.bundles import Bundle, Manifest, write_bundle
from contentlib.vcsp.trees.directories import DirectoryTree
from contentlib.vcsp.trees.importing import import_bundle
from contentlib.vcsp.trees.static import StaticLibrary, Watcher, Written, publish, static_library

Warned = Callable[[str], None]
_POLL_SECONDS = 0.2  # between searches for tasks
_HELD_SECONDS = 60.0  # the server may have been told a shorter grace than the command


def publish_static(
    settings: Settings, library: str, target: str, watcher: Watcher, *, link: bool
) -> tuple[StaticLibrary, Written]:
    """Writes a library to a directory or a bucket; answers what it is and what was written."""
    store = _reading(settings)
    offered, _ = asyncio.run(_offered(settings, store, library, None))
    if target.startswith("s3://"):
        from contentlib.vcsp.trees.objects import ObjectTree  # a large package that is only needed here

        return offered, publish(offered, ObjectTree(target, store), watcher)
    tree = DirectoryTree(Path(target), store, link=link)
    with tree.locked():
        return offered, publish(offered, tree, watcher)


def export_bundle(settings: Settings, library: str, target: Path, since: int | None, watcher: Watcher) -> Manifest:
    """Writes a library to a file, or what has changed of it since a version."""
    store = _reading(settings)
    offered, left_out = asyncio.run(_offered(settings, store, library, since))
    told = None if since is None else str(since)
    return write_bundle(target, offered, store, since=told, left_out=left_out, watcher=watcher)


def take_bundle(settings: Settings, path: Path, watcher: Watcher) -> tuple[Manifest, bool]:
    """Imports a bundle. Returns its description, and whether anything was new."""

    async def taken(bundle: Bundle) -> bool:
        async with _writing(settings) as (_, _, adoption):
            return await import_bundle(bundle, adoption, watcher)

    with BufferedReader(open_regular(path)) as file, Bundle(path, file, path.stat().st_size) as bundle:
        return bundle.manifest, asyncio.run(taken(bundle))


def adopt(settings: Settings, source: Subscription, warned: Warned, watcher: Watcher) -> Catalog:
    """Adopts a library from a directory or a publisher, and returns its description."""
    return asyncio.run(_adopt(settings, source, warned, watcher))


async def _adopt(settings: Settings, source: Subscription, warned: Warned, watcher: Watcher) -> Catalog:
    client, local = outbound_of(settings), Path(source.url).is_dir()
    sources = Sources([Path(source.url)] if local else [])
    source = replace(source, url=Path(source.url).resolve().as_uri()) if local else source
    try:
        catalog = await _read(
            CatalogReader(client, sources, AskingLimits(items=settings.subscribed_items_limit)), source, warned
        )
        async with _writing(settings) as (metadata, blobs, adoption):
            limits = TransferLimits(Configurations(metadata))
            await limits.start()
            context = BringingContext(metadata, blobs, Transport(client, sources, limits))
            bringing = Bringing(context, await adoption.prospect(catalog), source)
            contents = await _contents(bringing, catalog, blobs, watcher)
            catalog, contents = await _unpacked(Archives(adoption, blobs), catalog, contents, warned)
            await adoption.adopt(catalog, contents)
    finally:
        await client.close()
    return catalog


async def _read(reader: CatalogReader, source: Subscription, warned: Warned) -> Catalog:
    found = await reader.read(source)
    if found is None:
        raise RuntimeError(f"{source.url} answered 304 Not Modified to an unconditional request")
    for warning in found[0].warnings:
        warned(warning.text)
    return found[0]


async def _contents(bringing: Bringing, catalog: Catalog, blobs: Blobs, watcher: Watcher) -> Contents:
    """The bytes of all files, fetched and verified."""
    watcher.expect(sum(file.size or 0 for item in catalog.items for file in item.files))
    found = {}
    for item in catalog.items:
        for file in await bringing.item(item, None, 0):
            found[item.id, file.name] = await blobs.check(file.blob, file.name)
            watcher.advance(file.size)
    return found


async def _unpacked(archives: Archives, catalog: Catalog, contents: Contents, warned: Warned) -> tuple[Catalog, Contents]:
    """The library with the files of its archives in their place."""
    items, found = [], dict(contents)
    for item in catalog.items:
        if is_archived(item):
            try:
                item, files = await archives.open(item, *(contents[item.id, file.name] for file in item.files))
                found |= {(item.id, name): blob for name, blob in files.items()}
            except NotOpened as error:
                warned(f"item {item.name!r} remains an archive that subscribers cannot deploy: {error}")
        items.append(item)
    return replace(catalog, items=tuple(items)), found


async def _offered(settings: Settings, store: StorageBlobs, wanted: str, since: int | None) -> tuple[StaticLibrary, set[str]]:
    """The tree of a library, and the paths in it whose bytes have not changed since a version."""
    counters, metadata = Counters(settings.published_version_floor), open_rows(settings)
    try:
        await own_storages(metadata, store)
        library_id = await _library_id(metadata, wanted)
        unchanged: set[str] = set()
        if since is not None:
            unchanged = await read_unchanged(metadata, library_id, since - settings.published_version_floor)
        offer = await read_offer(metadata, Storages(store), library_id)
    finally:
        await metadata.close()
    offered = static_library(offer, counters)
    if since is not None and not 0 < since - settings.published_version_floor <= offer.library.revision:
        raise RuntimeError(f"library {offered.name!r} is at version {offered.version} and has never been at version {since}")
    return offered, {path for path, each in offered.payload.items() if f"{path.split('/')[0]}/{each.blob.id}" in unchanged}


def clear_storage(settings: Settings, source: str, target: str, watcher: ClearingWatcher) -> Cleared:
    """Moves everything on a storage to another one, beside a server or without one."""
    store = _reading(settings)
    return asyncio.run(_clear(settings, store, source, target, watcher))


async def _clear(settings: Settings, store: StorageBlobs, source: str, target: str, watcher: ClearingWatcher) -> Cleared:
    metadata = open_rows(settings)
    try:
        await claim_storages(metadata, store)
        need = (await contents_of(metadata, source)).bytes
        space = await asyncio.to_thread(space_of, store, target)
        if space is not None and space.room < need:
            raise RuntimeError(f"storage {target} has room for {max(space.room, 0)} bytes, {need} bytes are to be moved")
        migrations = _migrations(settings, metadata, store)
        async with _Attendance(settings, metadata, migrations, watcher) as attendance:
            return await Clearing(metadata, migrations, attendance.attend, watcher).run(source, target)
    finally:
        await metadata.close()


def _migrations(settings: Settings, metadata: MetadataStore, store: StorageBlobs) -> Migrations:
    clock, storages = SystemClock(), {storage.id: storage.name for storage in settings.storage}
    blobs = Blobs(metadata, store, clock)
    libraries = Libraries(metadata, clock, Argon2Passwords(), LibraryRules(storages, settings.trash_seconds * 1000))
    return Migrations(metadata, blobs, clock, libraries, Upkeep(metadata, Leases(clock, settings.lease_seconds * 1000)))


class _Attendance:
    """Does the tasks that clear a storage in this process while no server runs."""

    def __init__(self, settings: Settings, metadata: AccessStore, migrations: Migrations, watcher: ClearingWatcher) -> None:
        self._metadata = metadata
        self._nodes = open_nodes(settings, LocalNodes(nodes_directory(settings)))
        self._handlers = {CLEARING: Migrating(migrations).clear}
        self._lease = settings.task_lease_seconds
        self._watcher = watcher
        self._worker: Worker | None = None

    async def attend(self) -> bool:
        """Whether a server runs."""
        others = await self._nodes.running() - {self._nodes.here}
        if not others and self._worker is None:
            await self._nodes.start(unheard, unheard)
            await release(self._metadata, self._nodes)
            limits = WorkLimits(lease=self._lease, poll=_POLL_SECONDS)
            self._worker = Worker(self._metadata, SystemClock(), self._handlers, self._failed, self._nodes.here, limits)
            self._worker.start()
        return bool(others)

    def _failed(self, name: str, error: BaseException) -> None:
        self._watcher.say(f"{name}: {error}")

    async def __aenter__(self) -> _Attendance:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._worker is not None:
            await self._worker.stop()
        await self._nodes.stop()
        if self._worker is not None:
            await self._nodes.forget({self._nodes.here})


def storage_contents(settings: Settings) -> list[StorageContents]:
    """What needs each storage: those of the settings, then others that the database still names."""
    return asyncio.run(_storage_contents(settings))


async def _storage_contents(settings: Settings) -> list[StorageContents]:
    metadata = open_rows(settings)
    try:
        async with metadata.reading() as transaction:
            named = await transaction.blobs.storages()
        known = [storage.id for storage in settings.storage]
        return [await contents_of(metadata, each) for each in [*known, *sorted(named.difference(known))]]
    finally:
        await metadata.close()


@asynccontextmanager
async def _writing(settings: Settings) -> AsyncIterator[tuple[MetadataStore, Blobs, Adoption]]:
    """Opens the database and storages beside a server or without one, and protects new blobs meanwhile."""
    store, clock = _reading(settings), SystemClock()
    names = LibraryNames(unique=settings.unique_library_names)
    metadata = open_rows(settings)
    await claim_storages(metadata, store)
    blobs = HeldBlobs(metadata, store, clock)
    holding = asyncio.create_task(blobs.hold(min(settings.collect_grace_seconds / 4, _HELD_SECONDS)))
    try:
        kept = settings.trash_seconds * 1000
        yield metadata, blobs, Adoption(metadata, blobs, clock, settings.storage[0].id, kept, names)
    finally:
        holding.cancel()
        with suppress(asyncio.CancelledError):
            await holding
        await metadata.close()


def _reading(settings: Settings) -> StorageBlobs:
    """The storages of a data directory whose database can be read as it is, beside a server or without one."""
    database_of(settings).check_current()
    return open_bytes(settings)


async def _library_id(metadata: MetadataStore, wanted: str) -> str:
    """Returns the id of a library given by its id or, if unique, its name."""
    async with metadata.reading() as transaction:
        if await transaction.libraries.get(wanted) is not None:
            return wanted
        found = await transaction.libraries.find(folded_name=fold(wanted))
    if len(found) > 1:
        raise RuntimeError(f"{len(found)} libraries are named {wanted!r}; use an id: {', '.join(found)}")
    if not found:
        raise Missing("library", wanted)
    return found[0]
