"""Puts the parts together for commands that read or write a data directory themselves, beside a server or without one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from contentlib.blobs.filesystem import FilesystemBlobs
from contentlib.library.errors import Missing
from contentlib.library.names import fold
from contentlib.library.ports import MetadataStore
from contentlib.metadata.migrate import check_current
from contentlib.metadata.sqlite import SqliteMetadata
from contentlib.settings import Settings
from contentlib.vcsp.directories import DirectoryTree
from contentlib.vcsp.documents import Counters
from contentlib.vcsp.offers import read_offer
from contentlib.vcsp.static import StaticLibrary, Watcher, Written, publish, static_library


def publish_static(
    settings: Settings, library: str, target: str, watcher: Watcher, *, link: bool
) -> tuple[StaticLibrary, Written]:
    """Writes a library to a directory; answers what it is and what was written."""
    check_current(settings.database)
    store = _store(settings)
    offered = asyncio.run(_offered(settings, store, library))
    tree = DirectoryTree(Path(target), store, link=link)
    with tree.alone():
        return offered, publish(offered, tree, watcher)


async def _offered(settings: Settings, store: FilesystemBlobs, library: str) -> StaticLibrary:
    async with _reading(settings) as metadata:
        offer = await read_offer(metadata, store, await _library_id(metadata, library))
    return static_library(offer, Counters(settings.published_version_floor))


@asynccontextmanager
async def _reading(settings: Settings) -> AsyncIterator[MetadataStore]:
    """The database as it is; a server may be at work on it."""
    metadata = SqliteMetadata(settings.database)
    try:
        yield metadata
    finally:
        await metadata.close()


def _store(settings: Settings) -> FilesystemBlobs:
    return FilesystemBlobs({each.id: each.path for each in settings.storage})


async def _library_id(metadata: MetadataStore, wanted: str) -> str:
    """The id of the library that was named by its id or, where there is only one of it, by its name."""
    async with metadata.reading() as transaction:
        if await transaction.libraries.get(wanted) is not None:
            return wanted
        found = await transaction.libraries.find(folded_name=fold(wanted))
    if len(found) > 1:
        raise RuntimeError(f"{len(found)} libraries are named {wanted!r}, name one by its id: {', '.join(found)}")
    if not found:
        raise Missing("library", wanted)
    return found[0]
