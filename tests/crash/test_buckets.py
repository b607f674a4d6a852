"""A server on a bucket is killed under an upload, and moves a library between a bucket and a directory."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

import object_stores
from contentlib.blobs.bucket import Bucket, BucketAddress
from contentlib.blobs.segments import measured, pointers
from contentlib.library.identifiers import new_identifier
from crash.clients import Client
from crash.conftest import Start
from crash.journeys import add, again, complete, file_of, fill, new_item, new_update, prepared, read
from processes import CONTENTLIB, PATIENCE_SECONDS, run

MIB = 1 << 20
PART = 8 * MIB
DATA = b"".join(bytes([number]) * MIB for number in range(30))


@pytest.fixture
def address() -> BucketAddress:
    return object_stores.seaweedfs().address("crash", new_identifier())


def storages(address: BucketAddress, directory: Path) -> str:
    """The setting of a bucket, and of a directory beside it."""
    bucket = {"url": address.url, "endpoint": address.endpoint, "path_style": True, "credentials": str(address.credentials)}
    other = {"id": "datastore-2", "name": "directory", "path": str(directory)}
    return json.dumps([{"id": "datastore-1", "name": "bucket", **bucket}, other])


async def there(address: BucketAddress, least: int) -> None:
    """Returns when the bucket has so many bytes of uploads."""
    bucket = Bucket(address)

    def size() -> int:
        return sum(each.size for pointer in pointers(bucket) if (each := measured(bucket, pointer)) is not None)

    async with asyncio.timeout(PATIENCE_SECONDS):
        while await asyncio.to_thread(size) < least:  # noqa: ASYNC110 - no bucket tells of changes
            await asyncio.sleep(0.01)


async def test_an_upload_goes_on_from_the_last_part_after_the_server_was_killed(
    start: Start, address: BucketAddress, tmp_path: Path
) -> None:
    server, client = await start(storage=storages(address, tmp_path / "other"))
    item = await new_item(client)
    session = await new_update(client, item)
    target = await add(client, session, "disk.iso", size=len(DATA))

    async def body() -> AsyncIterator[bytes]:
        yield DATA[: 20 * MIB]
        await asyncio.Event().wait()

    sending = asyncio.create_task(client.raw("PUT", target, content=body(), headers={"content-length": str(len(DATA))}))
    await there(address, 2 * PART)
    server.kill()
    sending.cancel()
    async with again(server, client) as later:
        answer = await later.send("HEAD", target)
        offset = int(answer.headers["upload-offset"])
        assert offset == 2 * PART
        span = {"content-range": f"bytes {offset}-{len(DATA) - 1}/{len(DATA)}"}
        answer = await later.raw("PUT", target, content=DATA[offset:], headers=span)
        assert answer.status_code == 200, answer.text
        assert (await file_of(later, session, "disk.iso"))["status"] == "READY"
        await complete(later, session)
        assert sha256(await read(later, item, "disk.iso")).digest() == sha256(DATA).digest()
    assert list(Bucket(address).unfinished("")) == []
    assert pointers(Bucket(address)) == []


async def _moved(client: Client, library: str, storage: str) -> Any:
    spec = {"migrate_spec": {"storage_backings": [{"type": "DATASTORE", "datastore_id": storage}]}}
    await client.call("POST", f"/library/id:{library}?~action=migrate", spec)
    async with asyncio.timeout(2 * PATIENCE_SECONDS):
        while (found := await client.call("GET", f"/library/id:{library}"))["state_info"]["state"] != "ACTIVE":  # noqa: ASYNC110 - no server tells of changes
            await asyncio.sleep(0.05)
    assert found["storage_backings"][0]["datastore_id"] == storage


async def test_a_library_moves_between_a_bucket_and_a_directory(start: Start, address: BucketAddress, tmp_path: Path) -> None:
    _, client = await start(storage=storages(address, tmp_path / "other"))
    files = {"disk.iso": DATA, "small.iso": b"small", "empty.txt": b""}
    item = await new_item(client)
    await fill(client, item, **files)
    library = (await client.call("GET", f"/library/item/id:{item}"))["library_id"]
    for storage in ("datastore-2", "datastore-1"):
        await _moved(client, library, storage)
        for name, data in files.items():
            assert await read(client, item, name) == data
        target = await prepared(client, item, "disk.iso")
        part = await client.send("GET", target, headers={"range": f"bytes={MIB - 1}-{MIB}"})
        assert (part.status_code, part.content) == (206, b"\0\1")
        assert (await client.send("HEAD", target)).headers["content-length"] == str(len(DATA))
        found = await client.call("GET", f"/library/item/storage?library_item_id={item}")
        assert {each["storage_backing"]["datastore_id"] for each in found} == {storage}


async def test_commands_beside_the_server_read_content_from_a_bucket(
    start: Start, address: BucketAddress, tmp_path: Path
) -> None:
    server, client = await start(storage=storages(address, tmp_path / "other"))
    item = await new_item(client)
    await fill(client, item, **{"disk.iso": DATA[:MIB], "empty.txt": b""})
    library = (await client.call("GET", f"/library/item/id:{item}"))["library_id"]
    config = {f"CONTENTLIB_{name.upper()}": str(value) for name, value in server.settings.items()}
    tree, bundle = tmp_path / "tree", tmp_path / "bundle"
    for command in (["publish-static", library, str(tree)], ["bundle", "export", library, str(bundle)]):
        ran = run([str(CONTENTLIB), *command, "--data-dir", str(server.data)], tmp_path, **config)
        assert ran.returncode == 0, ran.stdout + ran.stderr
    (found,) = tree.rglob("disk.iso")
    assert found.read_bytes() == DATA[:MIB]
    assert bundle.stat().st_size > MIB


async def _tree(address: BucketAddress, library: str, there: bool) -> dict[str, bytes]:
    """The objects of the tree of a library, when it is there or is gone."""
    bucket, prefix = Bucket(address), f"contentlib-{library}/"
    async with asyncio.timeout(PATIENCE_SECONDS):
        while bool(keys := await asyncio.to_thread(lambda: list(bucket.keys(prefix)))) != there or (  # noqa: ASYNC110 - no bucket tells of changes
            there and f"{prefix}lib.json" not in keys
        ):
            await asyncio.sleep(0.05)
    return {key.removeprefix(prefix): bucket.get(key) for key in keys}


async def test_a_published_library_is_kept_as_static_files_beside_its_content(
    start: Start, address: BucketAddress, tmp_path: Path
) -> None:
    _, client = await start(storage=storages(address, tmp_path / "other"))
    item = await new_item(client)
    await fill(client, item, **{"disk.iso": DATA[:MIB], "empty.txt": b""})
    library = (await client.call("GET", f"/library/item/id:{item}"))["library_id"]
    published = {"published": True, "authentication_method": "NONE", "persist_json_enabled": True}
    await client.call("PATCH", f"/local-library/id:{library}", {"update_spec": {"publish_info": published}})
    tree = await _tree(address, library, there=True)
    lib, items = json.loads(tree["lib.json"]), json.loads(tree["items.json"])
    assert lib["id"] == f"urn:uuid:{library}"
    (listed,) = items["items"]
    files = {file["name"]: tree[file["hrefs"][0]] for file in listed["files"]}
    assert files == {"disk.iso": DATA[:MIB], "empty.txt": b""}
    await client.call("PATCH", f"/local-library/id:{library}", {"update_spec": {"publish_info": {"published": False}}})
    await _tree(address, library, there=False)
