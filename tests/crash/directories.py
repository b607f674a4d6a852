"""The storage directories against the database: nothing on disk without a row, no row without its bytes."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing

from crash.servers import STORAGES, Server


def faults(server: Server) -> Iterator[str]:
    """What does not fit, in sentences."""
    with closing(sqlite3.connect(f"file:{server.data / 'contentlib.db'}?mode=ro", uri=True)) as database:
        yield from _staging(server)
        yield from _blobs(server, database)
        yield from _texts(server, database)
        yield from row_faults(database.execute)


def _staging(server: Server) -> Iterator[str]:
    for each in server.unfinished():
        yield f"{each.path} is left of an upload"


def _blobs(server: Server, database: sqlite3.Connection) -> Iterator[str]:
    rows = {
        (storage, name): (size, sha256)
        for name, storage, size, sha256 in database.execute("SELECT id, storage, size, sha256 FROM blobs")
    }
    files = {(each.storage, each.path.name): each for each in server.stored()}
    for key in files.keys() - rows.keys():
        yield f"{files[key].path} has no row"
    for storage, name in rows.keys() - files.keys():
        yield f"blob {name} has a row, but no bytes on {storage}"
    for key in files.keys() & rows.keys():
        try:
            data = files[key].read()
        except FileNotFoundError:  # of an item that was just deleted; the next look finds no row either
            yield f"{files[key].path} went while it was read"
            continue
        if (len(data), hashlib.sha256(data).hexdigest()) != rows[key]:
            yield f"{files[key].path} holds {len(data)} bytes, which are not those of its row {rows[key]}"


def _texts(server: Server, database: sqlite3.Connection) -> Iterator[str]:
    versions = {(item, version) for item, version in database.execute("SELECT item, id FROM versions")}
    found: set[tuple[str, str]] = set()
    for storage in STORAGES:
        for path in (server.storage(storage) / "items").glob("*/*"):
            found.add((path.parent.name, path.stem))
            if (path.parent.name, path.name.removesuffix(".json")) not in versions or path.suffix != ".json":
                yield f"{path} describes no version"
    for item, version in versions - found:
        yield f"version {version} of item {item} is not described on any storage"


def row_faults(execute: Callable[[str], Iterable[tuple[str, ...]]]) -> Iterator[str]:
    """Rows that belong to nothing."""
    for (blob,) in execute("SELECT id FROM blobs WHERE id NOT IN (SELECT blob FROM stored_files)"):
        yield f"blob {blob} belongs to no version"
    for version, item in execute("SELECT id, item FROM versions WHERE item NOT IN (SELECT id FROM items)"):
        yield f"version {version} belongs to item {item}, which is gone"
    for (item,) in execute("SELECT item FROM versions GROUP BY item HAVING count(*) > 1"):
        yield f"item {item} has more versions than are kept"
    for table in ("update_sessions", "download_sessions"):
        for session, state in execute(f"SELECT id, state FROM {table}"):
            yield f"{table} has {session}, {state}, long after its end"
    for (session,) in execute("SELECT session FROM update_files WHERE session NOT IN (SELECT id FROM update_sessions)"):
        yield f"a file is left of update session {session}"
