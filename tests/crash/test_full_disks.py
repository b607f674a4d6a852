"""A full or broken disk is said to those whom it concerns, and nobody else; with room again, all goes on."""

from __future__ import annotations

import asyncio
import errno
import json
from pathlib import Path

import httpx

from crash.clients import Client
from crash.conftest import Start
from crash.journeys import add, complete, file_of, fill, new_item, new_update, put, read
from crash.servers import Server
from crash.worlds import ITEMS, UPDATES
from processes import PATIENCE_SECONDS

_MIB = 1 << 20


def fill_up(directory: Path, *, free: int = 0) -> Path:
    """A file that takes all room on a disk but so many bytes."""
    filler = directory / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError as error:
            assert error.errno == errno.ENOSPC
        file.truncate(max(0, file.tell() - free))
    return filler


async def small_disk(start: Start, directory: Path) -> tuple[Server, Client, Path]:
    disk = directory / "datastore-1"
    server, client = await start(tmpfs=(disk, "24m"))
    return server, client, server.seen(disk)


async def test_an_upload_to_a_full_storage_is_told_so_and_can_be_sent_again(start: Start, tmp_path: Path) -> None:
    _, client, disk = await small_disk(start, tmp_path)
    item = await new_item(client)
    await fill(client, item, old=bytes(_MIB))
    session = await new_update(client, item)
    address = await add(client, session, "new", size=6 * _MIB)
    filler = fill_up(disk, free=2 * _MIB)
    answer = await put(client, address, bytes(6 * _MIB))
    assert answer.status_code == 507, answer.text
    assert "storage datastore-1 is full (No space left on device); " in answer.text
    file = await file_of(client, session, "new")
    assert file["status"] == "ERROR"
    assert "storage datastore-1 is full" in file["error_message"]["default_message"]
    assert list((disk / "staging").iterdir()) == []
    assert await read(client, item, "old") == bytes(_MIB)
    filler.unlink()
    assert (await put(client, address, bytes(6 * _MIB))).status_code == 200
    await complete(client, session)
    assert await read(client, item, "new") == bytes(6 * _MIB)


async def test_a_full_storage_concerns_no_other_storage(start: Start, tmp_path: Path) -> None:
    _, client, disk = await small_disk(start, tmp_path)
    fill_up(disk)
    item = await new_item(client, storage="datastore-2")
    await fill(client, item, there=b"x" * _MIB)
    assert await read(client, item, "there") == b"x" * _MIB


async def test_a_session_that_cannot_be_completed_for_lack_of_room_completes_later(start: Start, tmp_path: Path) -> None:
    _, client, disk = await small_disk(start, tmp_path)
    item = await new_item(client)
    session = await new_update(client, item)
    assert (await put(client, await add(client, session, "new"), bytes(_MIB))).status_code == 200
    filler = fill_up(disk)
    answer = await client.raw("POST", f"/rest/com/vmware/content{UPDATES}/id:{session}?~action=complete")
    assert answer.status_code == 503, answer.text
    assert "No space left on device" in answer.text
    assert (await client.call("GET", f"{ITEMS}/id:{item}"))["content_version"] == "1"
    filler.unlink()
    await complete(client, session)
    assert await read(client, item, "new") == bytes(_MIB)


async def test_a_full_database_disk_refuses_changes_and_goes_on_reading(start: Start, tmp_path: Path) -> None:
    server, client = await start(tmpfs=(tmp_path / "data", "16m"))
    item = await new_item(client)
    await fill(client, item, old=bytes(_MIB))
    filler = fill_up(server.seen(tmp_path / "data"))
    refused = await first_refused(client)
    assert refused.status_code == 503, refused.text
    assert "the disk of the database is full" in refused.text
    assert await client.call("GET", f"{ITEMS}/id:{item}")
    assert (await client.raw("GET", "/healthz")).status_code == 200
    filler.unlink()
    await fill(client, item, new=b"new")
    assert await read(client, item, "new") == b"new"


async def first_refused(client: Client) -> httpx.Response:
    """The answer to the first change that the disk has no room for; the log that is there already has some."""
    for number in range(3000):
        spec = {"create_spec": {"name": f"lab {number}", "description": "x" * 2000}}
        answer = await client.raw("POST", "/rest/com/vmware/content/local-library", json=spec)
        if answer.status_code != 200:
            return answer
    raise AssertionError("the disk is full, and 3000 libraries were created")


async def test_a_storage_that_is_read_only_makes_the_server_unready(start: Start, tmp_path: Path) -> None:
    disk = tmp_path / "datastore-1"
    server, client = await start(tmpfs=(disk, "24m"))
    item = await new_item(client)
    await fill(client, item, old=b"old")
    session = await new_update(client, item)
    address = await add(client, session, "new")
    server.remount(disk, "ro")
    ready = await client.raw("GET", "/readyz")
    assert (ready.status_code, ready.text) == (503, "storage datastore-1 is not writable: Read-only file system\n")
    answer = await put(client, address, b"new")
    assert answer.status_code == 400, answer.text
    assert "storage datastore-1 is not writable (Read-only file system)" in answer.text
    assert await read(client, item, "old") == b"old"
    server.remount(disk, "rw")
    assert (await client.raw("GET", "/readyz")).status_code == 200
    assert (await put(client, address, b"new")).status_code == 200
    await complete(client, session)


async def test_a_storage_that_is_gone_makes_the_server_unready(start: Start, tmp_path: Path) -> None:
    server, client = await start()
    item = await new_item(client)
    await fill(client, item, old=b"old")
    session = await new_update(client, item)
    address = await add(client, session, "new")
    server.storage("datastore-1").rename(tmp_path / "elsewhere")
    ready = await client.raw("GET", "/readyz")
    assert ready.status_code == 503
    assert "storage datastore-1 is not mounted: " in ready.text
    answer = await put(client, address, b"new")
    assert answer.status_code == 400, answer.text
    assert "storage datastore-1 is not writable (storage datastore-1 is not mounted: " in answer.text
    assert (await client.raw("GET", "/healthz")).status_code == 200
    (tmp_path / "elsewhere").rename(server.storage("datastore-1"))
    assert (await client.raw("GET", "/readyz")).status_code == 200
    assert (await put(client, address, b"new")).status_code == 200
    await complete(client, session)
    assert await read(client, item, "new") == b"new"


async def test_what_is_purged_makes_room_after_the_grace(start: Start, tmp_path: Path) -> None:
    disk = tmp_path / "datastore-1"
    _, client = await start(tmpfs=(disk, "24m"), collect_grace_seconds=1)
    item = await new_item(client)
    await fill(client, item, old=bytes(16 * _MIB))
    other = await new_item(client)
    session = await new_update(client, other)
    address = await add(client, session, "new")
    await client.call("DELETE", f"{ITEMS}/id:{item}")
    assert (await put(client, address, bytes(12 * _MIB))).status_code == 507
    purged = await client.raw("POST", f"/api/contentlib/library/trash/{item}?action=purge")
    assert purged.status_code == 204, purged.text
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (await put(client, address, bytes(12 * _MIB))).status_code != 200:  # noqa: ASYNC110 - a sweep tells nobody
            await asyncio.sleep(0.1)
    await complete(client, session)
    assert await read(client, other, "new") == bytes(12 * _MIB)


async def one_disk(start: Start, directory: Path) -> tuple[Server, Client, Path]:
    """The default layout: the database and the files on one disk."""
    data = directory / "data"
    storage = json.dumps([{"id": "datastore-1", "name": "datastore-1", "path": str(data / "storage")}])
    server, client = await start(tmpfs=(data, "64m"), storage=storage, collect_grace_seconds=1)
    return server, client, server.seen(data)


async def make_room(client: Client, item: str) -> None:
    """What whoever makes room does."""
    client.token = await client.log_in()
    await client.call("DELETE", f"{ITEMS}/id:{item}")
    purged = await client.raw("POST", f"/api/contentlib/library/trash/{item}?action=purge")
    assert purged.status_code == 204, purged.text


async def test_uploads_leave_room_for_the_database_on_their_disk(start: Start, tmp_path: Path) -> None:
    _, client, _ = await one_disk(start, tmp_path)
    item, small, more = await new_item(client), await new_item(client), await new_item(client)
    await fill(client, item, old=bytes(16 * _MIB))
    await fill(client, small, old=b"old")
    session = await new_update(client, more)
    statuses = []
    for number in range(12):  # different bytes, or they would share a blob
        address = await add(client, session, f"{number}")
        statuses.append((await put(client, address, bytes([number + 1]) * (5 * _MIB))).status_code)
    assert statuses[-1] == 507
    assert set(statuses) == {200, 507}
    assert await read(client, small, "old") == b"old"  # by a download session
    await make_room(client, item)
    address = await add(client, session, "new")
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (await put(client, address, bytes(6 * _MIB))).status_code != 200:  # noqa: ASYNC110 - a sweep tells nobody
            await asyncio.sleep(0.1)


async def test_room_can_be_made_on_a_disk_that_others_have_filled(start: Start, tmp_path: Path) -> None:
    _, client, disk = await one_disk(start, tmp_path)
    item, small = await new_item(client), await new_item(client)
    await fill(client, item, old=bytes(16 * _MIB))
    await fill(client, small, old=b"old")
    session = await new_update(client, item)
    address = await add(client, session, "new")
    fill_up(disk)
    for _ in range(3):
        assert (await put(client, address, b"new")).status_code == 507
    assert await read(client, small, "old") == b"old"
    await make_room(client, item)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(list((disk / "storage" / "blobs").glob("*/*"))) > 1:  # noqa: ASYNC110 - a sweep tells nobody
            await asyncio.sleep(0.1)
