"""Opens the configured database and storages, and verifies that the storages belong to the database."""

from __future__ import annotations

import asyncio
from itertools import islice

import structlog

from contentlib.blobs.filesystem import FilesystemBlobs
from contentlib.blobs.marks import MarkedDirectory
from contentlib.blobs.reserves import DiskReserve
from contentlib.library.clock import Clock, SystemClock
from contentlib.library.identifiers import new_identifier
from contentlib.library.ports import AccessStore, MetadataStore
from contentlib.metadata.database import Database, SqliteDatabase
from contentlib.settings import Settings

_SERVER_GUID = "server_guid"  # the server's identifier, which its storages bear too
_CLAIMED = "claimed_storage."
_AT_ONCE = 1000
_LOG = structlog.stdlib.get_logger(__name__)


def database_of(settings: Settings) -> Database:
    """The configured database, which is not opened yet."""
    url = settings.database_url
    if url is None:
        return SqliteDatabase(settings.database_file)
    from contentlib.metadata.postgresql.address import Address  # large packages, which other servers do not import
    from contentlib.metadata.postgresql.database import PostgresqlDatabase

    wait, statement = settings.database_wait_seconds, settings.database_statement_seconds
    return PostgresqlDatabase(Address(url, settings.database_connections, wait, statement))


def open_rows(settings: Settings, clock: Clock | None = None) -> AccessStore:
    """Opens the database. Changes are dated by the clock of the server in its audit log."""
    return database_of(settings).open((clock or SystemClock()).now)


def open_bytes(settings: Settings) -> FilesystemBlobs:
    """Opens the storages. Nothing is written to them before they are assigned to a server."""
    roots = {storage.id: storage.path for storage in settings.storage}
    reserves = {storage.id: _reserve(storage.reserve) for storage in settings.storage if storage.reserve is not None}
    return FilesystemBlobs(roots, settings.storage_reserve_bytes, reserves)


def _reserve(text: str) -> DiskReserve:
    """The reserve of a storage: bytes, or a percentage of the disk."""
    if text.endswith("%"):
        return DiskReserve(percent=int(text[:-1]), limited=False)
    return DiskReserve(int(text), limited=False)


async def own_storages(metadata: MetadataStore, store: FilesystemBlobs) -> str:
    """Assigns the storages to their server and returns its identifier. Raises RuntimeError if there is none yet."""
    async with metadata.reading() as transaction:
        server = await transaction.state.get(_SERVER_GUID)
    if server is None:
        raise RuntimeError("the database is not initialized; start the server once")
    store.own(server)
    return server


async def claim_storages(metadata: MetadataStore, store: FilesystemBlobs) -> None:
    """Makes new directories storages of this server, and creates its identifier if necessary.

    Raises RuntimeError if one belongs to another server. A directory that is missing, or unexpectedly empty, is not changed,
    because its disk may not be mounted. The server serves the other storages until it is.
    """
    async with metadata.transaction(durable=True) as transaction:
        if await transaction.state.get(_SERVER_GUID) is None:
            await transaction.state.put(_SERVER_GUID, new_identifier())
    await own_storages(metadata, store)
    for directory in store.directories.values():
        try:
            claimed = await _claim(metadata, store, directory)
        except OSError as error:
            _LOG.error("storage not available", storage=directory.storage, told=str(error))
            continue
        if not claimed:
            told = f"{directory.path} is not marked as a storage of this server; mount its disk, and it is used immediately"
            _LOG.error("storage not available", storage=directory.storage, told=told)


async def _claim(metadata: MetadataStore, store: FilesystemBlobs, directory: MarkedDirectory) -> bool:
    """Whether the directory is a storage of this server now."""
    key = f"{_CLAIMED}{directory.storage}"
    if directory.read() is None:
        async with metadata.reading() as transaction:
            used = await transaction.state.get(key) is not None or await transaction.blobs.are_on(directory.storage)
        known = await _knows_blobs(metadata, directory)
        if known is None and used:
            return False
        if known is False:
            raise RuntimeError(
                f"storage {directory.storage}: {directory.path} contains files that are unknown to this database; "
                "use another directory, or restore the matching database"
            )
        directory.claim()
    mark = directory.read()
    if mark is not None and (why := directory.foreign(mark)):
        raise RuntimeError(why)
    store.make_parts(directory.storage)
    async with metadata.transaction(durable=True) as transaction:
        if await transaction.state.get(key) is None:
            await transaction.state.put(key, "yes")
    return True


async def _knows_blobs(metadata: MetadataStore, directory: MarkedDirectory) -> bool | None:
    """Whether the database knows any blob in an unmarked directory; None if it contains none."""
    found = (entry.name for entry in (directory.path / "blobs").glob("*/*"))
    some = None
    while batch := list(islice(found, _AT_ONCE)):
        some = False
        async with metadata.reading() as transaction:
            if await transaction.blobs.known(batch):
                return True
    return some


def hold_storages(settings: Settings) -> None:
    """Locks the storages that are there for this process and those that it forks; RuntimeError when another server has one."""
    store = open_bytes(settings)
    asyncio.run(_own(open_rows(settings), store))
    for directory in store.directories.values():
        if directory.is_marked():
            directory.hold()


async def _own(metadata: MetadataStore, store: FilesystemBlobs) -> None:
    try:
        await own_storages(metadata, store)
    finally:
        await metadata.close()
