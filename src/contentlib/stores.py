"""Opens the configured database and storages, and verifies that the storages belong to the database."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import structlog

from contentlib.blobs.bucket import BucketAddress
from contentlib.blobs.cached import CachedBlobs
from contentlib.blobs.filesystem import FilesystemBlobs
from contentlib.blobs.locks import FileClaims
from contentlib.blobs.marks import MarkedPlace
from contentlib.blobs.mixed import MixedBlobs, StorageBlobs
from contentlib.blobs.piece_cache import PieceCache
from contentlib.blobs.reserves import DiskReserve
from contentlib.blobs.s3 import S3Blobs
from contentlib.library.clock import Clock, SystemClock
from contentlib.library.identifiers import new_identifier
from contentlib.library.ports import AccessStore, MetadataStore, Nodes, UploadClaims
from contentlib.library.signals import unheard
from contentlib.metadata import migrate
from contentlib.metadata.database import Database, NodeOptions, SqliteDatabase
from contentlib.settings import Settings, Storage

if TYPE_CHECKING:
    from contentlib.metadata.moves.move import Moved, MoveWatcher
    from contentlib.metadata.postgresql.address import Address as PostgresqlAddress

_SERVER_GUID = "server_guid"  # the server's identifier, which its storages bear too
_CLAIMED = "claimed_storage."
_AT_ONCE = 1000
_LOG = structlog.stdlib.get_logger(__name__)


def database_of(settings: Settings) -> Database:
    """The configured database, which is not opened yet."""
    url = settings.database_url
    if url is None:
        return SqliteDatabase(settings.database_file)
    from contentlib.metadata.postgresql.database import PostgresqlDatabase  # large packages, which other servers do not import

    return PostgresqlDatabase(_postgresql(settings, url))


def _postgresql(settings: Settings, url: str) -> PostgresqlAddress:
    from contentlib.metadata.postgresql.address import Address

    wait, statement = settings.database_wait_seconds, settings.database_statement_seconds
    return Address(url, settings.database_connections, wait, statement)


def move_database(settings: Settings, url: str, watcher: MoveWatcher) -> Moved:
    """Moves the rows of the configured SQLite database to PostgreSQL; servers that use it continue meanwhile."""
    from contentlib.metadata.moves import move

    if not migrate.is_moved(settings.database_file):
        database_of(settings).check_current()
    return move.move_rows(settings.database_file, _postgresql(settings, url), watcher)


def count_rows(settings: Settings, url: str) -> dict[str, int]:
    """The rows of each table that `move_database` would move."""
    from contentlib.metadata.moves import move

    database_of(settings).check_current()
    return move.count_source_rows(settings.database_file, _postgresql(settings, url))


def undo_move(settings: Settings, url: str | None) -> None:
    """Makes the configured SQLite database usable again after a move."""
    from contentlib.metadata.moves import move

    move.reopen_source(settings.database_file, None if url is None else _postgresql(settings, url))


def open_rows(settings: Settings, clock: Clock | None = None, *, remembers: bool = False) -> AccessStore:
    """Opens the database. Changes are dated by the clock of the server in its audit log. Only a server `remembers` rows."""
    return database_of(settings).open((clock or SystemClock()).now, remembers=remembers)


def nodes_directory(settings: Settings) -> Path:
    """Where the worker processes of this machine find each other."""
    return settings.data_dir / "nodes"


def open_nodes(settings: Settings, local: Nodes, steer: Callable[[int], object] = unheard) -> Nodes:
    """The processes that serve the same data. `steer` receives how far the time that they share is ahead of the machine's."""
    name = settings.node_name or socket.gethostname()
    return database_of(settings).nodes(local, NodeOptions(name, settings.node_lease_seconds, steer))


def open_claims(settings: Settings) -> UploadClaims:
    """Claims on uploads to buckets, for all processes that use the database. Directories have locks of their own."""
    directory = settings.data_dir / "uploads"
    return database_of(settings).claims(FileClaims(directory), directory, settings.node_lease_seconds)


def open_bytes(settings: Settings, claims: UploadClaims | None = None) -> StorageBlobs:
    """Opens the storages. Nothing is written to them before they are assigned to a server."""
    directories = {storage.id: storage.path for storage in settings.storage if storage.path is not None}
    reserves = {storage.id: _reserve(storage.reserve) for storage in settings.storage if storage.reserve is not None}
    files = FilesystemBlobs(directories, settings.storage_reserve_bytes, reserves)
    buckets = {storage.id: _address(storage) for storage in settings.storage if storage.url is not None}
    if not buckets:
        return files
    objects: StorageBlobs = S3Blobs(buckets, claims or open_claims(settings), settings.s3_parts)
    caches = {
        each.id: PieceCache(each.cache / each.id, each.cache_bytes) for each in settings.storage if each.cache is not None
    }
    if caches:
        objects = CachedBlobs(objects, caches)
    return MixedBlobs([files, objects]) if directories else objects


def _address(storage: Storage) -> BucketAddress:
    parts = urlsplit(storage.place)
    return BucketAddress(
        parts.netloc,
        parts.path.strip("/"),
        storage.endpoint,
        storage.region,
        storage.path_style,
        storage.credentials,
        storage.ca_bundle,
        storage.redirect,
        storage.redirect_endpoint,
    )


def _reserve(text: str) -> DiskReserve:
    """The reserve of a storage: bytes, or a percentage of the disk."""
    if text.endswith("%"):
        return DiskReserve(percent=int(text[:-1]), limited=False)
    return DiskReserve(int(text), limited=False)


async def own_storages(metadata: MetadataStore, store: StorageBlobs) -> str:
    """Assigns the storages to their server and returns its identifier. Raises RuntimeError if there is none yet."""
    async with metadata.reading() as transaction:
        server = await transaction.state.get(_SERVER_GUID)
    if server is None:
        raise RuntimeError("the database is not initialized; start the server once")
    store.own(server)
    return server


async def claim_storages(metadata: MetadataStore, store: StorageBlobs) -> None:
    """Makes new directories storages of this server, and creates its identifier if necessary.

    Raises RuntimeError if one belongs to another server. A directory that is missing, or unexpectedly empty, is not changed,
    because its disk may not be mounted. The server serves the other storages until it is.
    """
    async with metadata.transaction(durable=True) as transaction:
        if await transaction.state.get(_SERVER_GUID) is None:
            await transaction.state.put(_SERVER_GUID, new_identifier())
    await own_storages(metadata, store)
    for place in store.places.values():
        try:
            claimed = await _claim(metadata, store, place)
        except OSError as error:
            _LOG.error("storage not available", storage=place.storage, told=str(error))
            continue
        if not claimed:
            told = f"{place.where} is not marked as a storage of this server; mount its disk, and it is used immediately"
            _LOG.error("storage not available", storage=place.storage, told=told)


async def _claim(metadata: MetadataStore, store: StorageBlobs, place: MarkedPlace) -> bool:
    """Whether the place is a storage of this server now."""
    key = f"{_CLAIMED}{place.storage}"
    if place.read() is None:
        async with metadata.reading() as transaction:
            used = await transaction.state.get(key) is not None or await transaction.blobs.are_on(place.storage)
        known = await _knows_blobs(metadata, place)
        if known is None and used:
            return False
        if known is False:
            raise RuntimeError(
                f"storage {place.storage}: {place.where} contains files that are unknown to this database; "
                "use another directory or prefix, or restore the matching database"
            )
        place.claim()
    mark = place.read()
    if mark is not None and (why := place.foreign(mark)):
        raise RuntimeError(why)
    store.make_parts(place.storage)
    async with metadata.transaction(durable=True) as transaction:
        if await transaction.state.get(key) is None:
            await transaction.state.put(key, "yes")
    return True


async def _knows_blobs(metadata: MetadataStore, place: MarkedPlace) -> bool | None:
    """Whether the database knows any blob in an unmarked place; None if it contains none."""
    found = place.found()
    some = None
    while batch := list(islice(found, _AT_ONCE)):
        some = False
        async with metadata.reading() as transaction:
            if await transaction.blobs.known(batch):
                return True
    return some


def hold_storages(settings: Settings) -> None:
    """Locks the storages that are there for this process and those that it forks; RuntimeError when another server has one.

    Servers that share a database share its storages.
    """
    store, shared = open_bytes(settings), database_of(settings).is_shared
    asyncio.run(_own(open_rows(settings), store))
    for place in store.places.values():
        if place.is_marked():
            place.hold(shared=shared)


async def _own(metadata: MetadataStore, store: StorageBlobs) -> None:
    try:
        await own_storages(metadata, store)
    finally:
        await metadata.close()
