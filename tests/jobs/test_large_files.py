"""Files of more than 4 GiB: most of them is a hole, which stands in the place of bytes that have come already."""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
import tarfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from backends import BACKEND, StoredBlob, default_storage
from contentlib.vcsp.trees.bundles import FORMAT, Bundle, BundleEntry, Manifest
from following import Follower, Shelf, until
from listening import listening
from publisher import ALLOW, Publisher
from pulling import Pulling
from whole import HandClock, whole

COME = 4 << 30
SIZE = COME + 7
SHA256 = "8bfc028943c6cd8d43e54f9b91c380e0ce43eea4b54c4c567b33069385c2c7b9"


@dataclass
class Zeros:
    """Serves so many zeros: at first only one of them, and from where it is asked on to the end."""

    url: str = ""
    asked: list[str] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        wanted = next((line.partition(":")[2].strip() for line in request.splitlines() if line.startswith("range:")), "")
        self.asked.append(wanted)
        try:
            if wanted:
                await self._rest(writer, int(wanted.removeprefix("bytes=").rstrip("-")))
            else:
                writer.write(f'HTTP/1.1 200 OK\r\nETag: "1"\r\nContent-Length: {SIZE}\r\n\r\n\0'.encode())
                await reader.read()  # until the client goes
        finally:
            writer.close()

    async def _rest(self, writer: asyncio.StreamWriter, start: int) -> None:
        head = f'HTTP/1.1 206 Part\r\nETag: "1"\r\nContent-Range: bytes {start}-{SIZE - 1}/{SIZE}\r\n'
        writer.write(f"{head}Content-Length: {SIZE - start}\r\nConnection: close\r\n\r\n".encode() + bytes(SIZE - start))
        await writer.drain()


@asynccontextmanager
async def zeros() -> AsyncIterator[Zeros]:
    made = Zeros()
    async with listening(made.serve) as port:
        made.url = f"http://127.0.0.1:{port}/large.iso"
        yield made


def staged(data_dir: Path) -> list[StoredBlob]:
    return [each for each in BACKEND.unfinished(default_storage(data_dir)) if each.size()]


async def test_a_subscribed_file_goes_on_beyond_4_gib_and_is_evicted(
    data_dir: Path, clock: HandClock, publisher: Publisher
) -> None:
    shelf = Shelf(publisher)
    shelf.put("large", a_iso=b"")
    async with zeros() as there:
        (entry,) = shelf.items.values()
        entry["files"][0] |= {"size": SIZE, "hrefs": [there.url]}
        shelf.write()
        async with whole(data_dir, clock, outbound_allow=ALLOW) as app:
            follower = await Follower.new(app, clock, shelf.url, on_demand=True)
            await follower.synced()
            item = (await follower.items())["large"]["id"]
            path = f"/library/subscribed-item/id:{item}"
            await app.rest("POST", f"{path}?~action=sync", {"force_sync_content": True})
            await until(lambda: bool(staged(data_dir)))
        os.truncate(staged(data_dir)[0].path, COME)
        async with whole(data_dir, clock, outbound_allow=ALLOW) as follower.app:
            assert (await follower.ended(item))["status"] == "SUCCEEDED"
            assert there.asked == ["", f"bytes={COME}-"]
            assert (await follower.items())["large"]["size"] == SIZE
            (file,) = await follower.app.rest("GET", f"/library/item/file?library_item_id={item}")
            assert (file["size"], file["cached"]) == (SIZE, True)
            await follower.app.rest("POST", f"{path}?~action=evict")
            assert (await follower.items())["large"]["size"] == 0


async def test_a_pulled_file_goes_on_beyond_4_gib(data_dir: Path, clock: HandClock, publisher: Publisher) -> None:
    async with zeros() as there:
        async with whole(data_dir, clock, outbound_allow=ALLOW) as app:
            item = await app.item()
            session = await app.session(item)
            checksum = {"algorithm": "SHA256", "checksum": SHA256}
            source = {"source_type": "PULL", "source_endpoint": {"uri": there.url}}
            await app.add(session, "large.iso", size=SIZE, checksum_info=checksum, **source)
            await until(lambda: bool(staged(data_dir)))
        os.truncate(staged(data_dir)[0].path, COME)
        async with whole(data_dir, clock, outbound_allow=ALLOW) as app:
            pulling = Pulling(app, clock, publisher)
            file = (await pulling.settled(session))["large.iso"]
            assert (file["status"], file["size"], file["bytes_transferred"]) == ("READY", SIZE, SIZE)
            assert there.asked == ["", f"bytes={COME}-"]
            await app.complete(session)
            assert (await app.rest("GET", f"/library/item/id:{item}"))["size"] == SIZE


def test_a_bundle_says_of_a_file_of_more_than_4_gib_how_long_it_is(tmp_path: Path) -> None:
    path, large = tmp_path / "bundle", BundleEntry("item/large.iso", SIZE, SHA256)
    text = msgspec.json.encode(Manifest(FORMAT, "id", "lab", "1", None, (), (large,)))
    with tarfile.open(path, "w") as tar:
        for name, body in (("manifest.json", text), ("manifest.json.sha256", _sha256(text))):
            _add(tar, name, body)
        start = tar.offset
    with path.open("r+b") as file:
        file.truncate(start)
        file.seek(start)
        entry = tarfile.TarInfo(large.path)
        entry.size = SIZE
        file.write(entry.tobuf(tarfile.PAX_FORMAT))
        file.truncate(file.tell() + SIZE)
    with path.open("rb") as source, Bundle(path, source, path.stat().st_size) as bundle:
        entry_read, pieces = next(bundle.payload())
        assert (entry_read.size, next(pieces)) == (SIZE, bytes(1 << 20))


def _add(tar: tarfile.TarFile, name: str, body: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(body)
    tar.addfile(entry, io.BytesIO(body))


def _sha256(body: bytes) -> bytes:
    return hashlib.sha256(body).hexdigest().encode()
