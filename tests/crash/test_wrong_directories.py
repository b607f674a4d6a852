"""A data directory or a storage that is not the one that it should be: nothing is lost, and the server says what is wrong."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from crash.clients import Client, Refused
from crash.conftest import Start
from crash.servers import Server
from crash.worlds import DOWNLOAD_FILES, DOWNLOADS, ITEMS, UPDATE_FILES, UPDATES
from processes import PATIENCE_SECONDS

_FAST: dict[str, Any] = {"collect_grace_seconds": 1, "strays_kept_seconds": 1}


async def _item(client: Client, name: str, data: bytes, storage: str = "datastore-1") -> str:
    """An item with one file."""
    backing = [{"type": "DATASTORE", "datastore_id": storage}]
    library = await client.call("POST", "/local-library", {"create_spec": {"name": name, "storage_backings": backing}})
    item = await client.call("POST", ITEMS, {"create_spec": {"library_id": library, "name": name}})
    session = await client.call("POST", UPDATES, {"create_spec": {"library_item_id": item}})
    spec = {"file_spec": {"name": "a.bin", "source_type": "PUSH"}}
    file = await client.call("POST", f"{UPDATE_FILES}/id:{session}?~action=add", spec)
    await client.raw("PUT", file["upload_endpoint"]["uri"], content=data)
    await client.call("POST", f"{UPDATES}/id:{session}?~action=complete")
    return str(item)


async def _content(client: Client, item: str) -> bytes:
    session = await client.call("POST", DOWNLOADS, {"create_spec": {"library_item_id": item}})
    file = await client.call("POST", f"{DOWNLOAD_FILES}/id:{session}?~action=prepare", {"file_name": "a.bin"})
    return (await client.send("GET", file["download_endpoint"]["uri"])).content


def _blobs(server: Server, storage: str = "datastore-1") -> set[str]:
    return {each.path.name for each in server.stored(storage)}


def _strays(server: Server) -> set[str]:
    return {path.name for path in server.storage("datastore-1").glob("strays/*")}


async def _refused(server: Server) -> str:
    """What a server says that does not start."""
    server.begin()
    assert server.process is not None
    assert await asyncio.to_thread(server.process.wait) == 1
    server.process = None
    return server.said()


async def _until(holds: object) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():  # type: ignore[operator] # a lambda
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


async def test_a_new_database_does_not_take_the_storages_of_another(start: Start) -> None:
    """The disk of the data directory is not mounted."""
    server, client = await start(**_FAST)
    item = await _item(client, "a", b"kept")
    blobs = _blobs(server)
    server.kill()
    server.data.rename(server.directory / "away")
    said = await _refused(server)
    assert "storage datastore-1: " in said
    assert "belongs to server" in said
    assert "restore the database that belongs to it" in said
    assert _blobs(server) == blobs
    shutil.rmtree(server.data)
    (server.directory / "away").rename(server.data)
    await server.start()
    again = Client(server.url, client.token)
    assert await _content(again, item) == b"kept"
    await again.close()


async def test_a_storage_without_a_mark_is_taken_only_by_the_database_that_knows_its_files(start: Start) -> None:
    """As it was before storages had marks."""
    server, client = await start(**_FAST)
    await _item(client, "a", b"kept")
    server.kill()
    for storage in ("datastore-1", "datastore-2"):
        (server.storage(storage) / "storage.json").unlink()
    shutil.copytree(server.data, server.directory / "away")
    shutil.rmtree(server.data)
    said = await _refused(server)
    assert "contains files that are unknown to this database" in said
    assert len(_blobs(server)) == 1
    shutil.rmtree(server.data)
    (server.directory / "away").rename(server.data)
    await server.start()
    assert (server.storage("datastore-1") / "storage.json").exists()


async def test_a_copy_of_the_data_directory_cannot_serve_the_same_storages(start: Start, tmp_path: Path) -> None:
    server, _ = await start(**_FAST)
    shutil.copytree(server.data, tmp_path / "copy")
    second = Server(tmp_path, **_FAST)
    second.data, second.log = tmp_path / "copy", tmp_path / "second.log"
    assert "is in use by another server" in await _refused(second)


async def test_two_storages_whose_paths_were_exchanged_are_refused(start: Start) -> None:
    server, _ = await start(**_FAST)
    server.kill()
    first, second = server.storage("datastore-1"), server.storage("datastore-2")
    first.rename(server.directory / "other")
    second.rename(first)
    (server.directory / "other").rename(second)
    assert "is storage datastore-2 of this server; correct the paths" in await _refused(server)


@pytest.mark.parametrize("empty", [True, False])
async def test_a_storage_that_is_not_mounted_takes_nothing_and_comes_back_by_itself(start: Start, empty: bool) -> None:
    server, client = await start(**_FAST)
    item, other = await _item(client, "a", b"kept"), await _item(client, "b", b"other", "datastore-2")
    server.kill()
    mounted, away = server.storage("datastore-1"), server.directory / "away"
    mounted.rename(away)
    if empty:
        mounted.mkdir()
    await server.start()
    assert "storage datastore-1 is not mounted" in server.said() or "is not marked as a storage of this server" in server.said()
    again = Client(server.url, client.token)
    async with httpx.AsyncClient() as plain:
        ready = await plain.get(f"{server.url}/readyz")
    assert ready.status_code == 503
    assert "storage datastore-1 is not mounted" in ready.text
    assert await _content(again, other) == b"other"
    with pytest.raises(Refused):
        await _item(again, "c", b"lost?")
    assert not mounted.exists() or os.listdir(mounted) == []  # noqa: PTH208 - names are enough
    if empty:
        mounted.rmdir()
    away.rename(mounted)
    assert await _content(again, item) == b"kept"
    assert await _content(again, await _item(again, "d", b"new")) == b"new"
    await again.close()


async def test_what_an_older_database_does_not_know_is_kept_until_the_newer_one_is_back(start: Start) -> None:
    server, client = await start(collect_grace_seconds=1, strays_kept_seconds=3600)
    await _item(client, "a", b"old")
    server.kill()
    older, newer = server.directory / "older", server.directory / "newer"
    shutil.copytree(server.data, older)
    await server.start()
    again = Client(server.url, client.token)
    item = await _item(again, "b", b"new")
    await again.close()
    new = _blobs(server)
    server.kill()
    server.data.rename(newer)
    shutil.copytree(older, server.data)
    with sqlite3.connect(server.data / "contentlib.db") as rows:  # as if no sweep had been since the copy
        rows.execute("INSERT OR REPLACE INTO state VALUES ('sweep', '1000000')")
    await server.start()
    await _until(lambda: _strays(server))
    assert len(_blobs(server)) == 1
    server.kill()
    shutil.rmtree(server.data)
    newer.rename(server.data)
    await server.start()
    await _until(lambda: _blobs(server) == new)
    last = Client(server.url, client.token)
    assert await _content(last, item) == b"new"
    await last.close()


async def test_storages_that_have_seen_more_sweeps_than_the_database_are_not_swept(start: Start) -> None:
    server, client = await start(collect_grace_seconds=1, strays_kept_seconds=3600, log_level="warning")
    await _item(client, "a", b"kept")
    blobs = _blobs(server)
    server.kill()
    with sqlite3.connect(server.data / "contentlib.db") as rows:
        rows.execute("DELETE FROM stored_files")
        rows.execute("DELETE FROM blobs")
        rows.execute("DELETE FROM state WHERE key = 'sweep'")
    (server.storage("datastore-1") / "storage.lock").write_text("7")
    await server.start()
    await _until(lambda: "database is older than storage" in server.said())
    await _until(lambda: (server.storage("datastore-1") / "storage.lock").read_text().strip() >= "10")
    assert _blobs(server) == blobs
    assert _strays(server) == set()
