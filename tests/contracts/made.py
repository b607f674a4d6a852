"""Rows for the tests: all fields set, each changed by name."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from contentlib.library.call_time import set_call_began
from contentlib.library.checksums import Algorithm, Checksum
from contentlib.library.errors import Fault
from contentlib.library.identifiers import new_identifier
from contentlib.library.model import (
    Authentication,
    Backing,
    BackingType,
    Blob,
    DownloadSession,
    Item,
    Library,
    LibraryType,
    PackageSignature,
    Publishing,
    Source,
    StoredFile,
    Touches,
    TransferStatus,
    UpdateFile,
    UpdateSession,
    Version,
)
from contentlib.library.ports import AccessStore, MetadataStore

FAULT = Fault("file.broken", "the line broke", ("a", "b"))
SHA = "ab" * 32
Made = TypeVar("Made", bound=msgspec.Struct)


def _made(row: Made, changes: Mapping[str, Any]) -> Made:
    return replace(row, **changes)


def library(**changes: Any) -> Library:
    publishing = Publishing(True, Authentication.BASIC, "vcsp", "hash", True)
    backings = (Backing(BackingType.DATASTORE, "datastore-1", None),)
    row = Library(
        new_identifier(), "Images", "images", "of all kinds", LibraryType.LOCAL, backings, "datastore-1", 1, 2, 3, publishing
    )
    return _made(row, changes)


def item(library_id: str, **changes: Any) -> Item:
    name = changes.get("name", "Debian")
    row = Item(new_identifier(), library_id, name, name.lower(), "an image", "iso", "iso", 1, 2, 3, 4, 5, 6)
    return _made(row, changes)


def blob(**changes: Any) -> Blob:
    return _made(Blob(new_identifier(), "datastore-1", 7, SHA, {"SHA256": SHA}, "1:2", 10, 10, "boot"), changes)


def version(item_id: str, *blobs: Blob, **changes: Any) -> Version:
    checksum = Checksum(Algorithm.SHA256, SHA)
    files = tuple(
        StoredFile(f"disk-{place}.vmdk", each.id, each.size, 1, checksum, 1_700_000_000) for place, each in enumerate(blobs)
    )
    signature = PackageSignature(("c2lnbmVy", "aXNzdWVy"), 19)
    return _made(Version(new_identifier(), item_id, 2, 20, files, "ann", "made current again", signature), changes)


def update_session(item_id: str, **changes: Any) -> UpdateSession:
    row = UpdateSession(
        id=new_identifier(), user="ann", login="l", item=item_id, content_version=1, created=1, touched=1, storage="datastore-1"
    )
    return _made(row, changes)


def update_file(session: str, name: str, **changes: Any) -> UpdateFile:
    return _made(UpdateFile(new_identifier(), session, name, Source.PUSH, TransferStatus.WAITING_FOR_TRANSFER), changes)


def download_session(item_id: str, **changes: Any) -> DownloadSession:
    row = DownloadSession(id=new_identifier(), user="ann", login="l", item=item_id, content_version=1, created=1, touched=1)
    return _made(row, changes)


async def add_item(store: MetadataStore, *versions: int, **changes: Any) -> tuple[Item, list[Version]]:
    """An item in a library of its own, with versions of these numbers and no files."""
    home = library()
    made = item(home.id, **changes)
    kept = [version(made.id, number=number, created=number) for number in versions]
    async with store.transaction(durable=False) as transaction:
        await transaction.libraries.add(home)
        await transaction.items.add(made)
        for each in kept:
            await transaction.versions.add(each)
        if kept:
            made = replace(made, version_id=kept[-1].id)
            await transaction.items.put(made)
    return made, kept


def touches(name: str) -> Touches:
    return Touches({name: 1}, {name: 1}, {name: 1})


async def put_state(store: MetadataStore, key: str, value: str, *, durable: bool = False) -> None:
    """Remembers a value."""
    async with store.transaction(durable=durable) as transaction:
        await transaction.state.put(key, value)


async def state_of(store: MetadataStore, key: str) -> str | None:
    """The value that is remembered."""
    async with store.reading() as transaction:
        return await transaction.state.get(key)


async def generation(store: AccessStore) -> int:
    """The generation of users and permissions as a call learns it that has just begun."""
    while True:
        set_call_began(time.perf_counter())
        async with store.reading():
            found = store.access_generation()
        if found is not None:  # else the database took so long to answer that the call is no longer new
            return found
