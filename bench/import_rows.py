"""The rows of the table on imports: a large package, and many small items at once."""

from __future__ import annotations

import asyncio
import hashlib
import io
import shutil
import subprocess
import tarfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from bench import limits, load, servers
from bench.load import MIB, Connection, connect
from bench.place import Place, Stocked, stocked, warm
from bench.rest import ITEM, TOKEN_HEADER, T, UploadFile
from bench.results import Goal, Row, compare, megabytes

_DISKS, _DISK = 2, 1024 * MIB
_CLIENTS, _ITEMS = 8, 1000
_DESCRIPTOR = """<?xml version="1.0" encoding="UTF-8"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1">
<References>{references}</References>
<VirtualSystem ovf:id="machine"><Info>a machine</Info></VirtualSystem>
</Envelope>
"""


def ova(place: Place) -> Iterator[Row]:
    """An OVA of 2 GiB by one curl, unpacked, its manifest verified, its session completed and so flushed to the disk; against
    `tar -x` of the file into a directory and then `sha256sum` of it, which flush nothing."""
    source = _archive(place)
    with servers.contentlib(place.new("contentlib")) as server:
        stock = stocked(server, place)
        measures = partial(_import, stock, source), partial(_unpack_and_sum, place, source)
        yield compare("import an OVA of 2 GiB", "tar -x, sha256sum", Goal(2.5), megabytes, *measures, limit=limits.hashing())


def imports(place: Place) -> Iterator[Row]:
    """Eight clients, each over one connection, import a thousand items of one file of 1 KiB: create the item and the session,
    add the file, `PUT` it, complete, and delete the session."""
    with servers.contentlib(place.new("contentlib")) as server:
        stock = stocked(server, place)
        began = time.monotonic()
        asyncio.run(import_all(stock, _ITEMS))
        rate = _ITEMS / (time.monotonic() - began)
    yield Row(f"small items imported by {_CLIENTS} clients", f"{rate:,.0f}/s", "", "", rate, Goal(400, "/s"), limits.flushing())


def _archive(place: Place) -> Path:
    disks = {f"disk-{n}.vmdk": place.file(_DISK) for n in range(_DISKS)}
    references = "".join(f'<File ovf:id="{name}" ovf:href="{name}" ovf:size="{_DISK}"/>' for name in disks)
    descriptor = _DESCRIPTOR.format(references=references).encode()
    digests = {"machine.ovf": hashlib.sha256(descriptor).hexdigest()}
    for name, disk in disks.items():
        with disk.open("rb") as file:
            digests[name] = hashlib.file_digest(file, "sha256").hexdigest()
    manifest = "".join(f"SHA256({name})= {digest}\n" for name, digest in digests.items()).encode()
    made = place.new("machine.ova")
    with tarfile.open(made, "w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in (("machine.ovf", descriptor), ("machine.mf", manifest)):
            header = tarfile.TarInfo(name)
            header.size = len(content)
            archive.addfile(header, io.BytesIO(content))
        for name, disk in disks.items():
            archive.add(disk, name)
            disk.unlink()
    return made


def _import(stock: Stocked, source: Path) -> float:
    load.settle()
    warm(3 * _DISK)
    size = source.stat().st_size
    item = stock.client.create_item(stock.library, f"machine {time.monotonic_ns()}")
    session, uri = stock.client.begin_upload(item, "machine.ova", size)
    began = time.monotonic()
    load.upload([uri], source, stock.client.token)
    stock.client.complete_upload(session)
    seconds = time.monotonic() - began
    stock.client.delete(f"{ITEM}/id:{item}")
    return size / seconds


def _unpack_and_sum(place: Place, source: Path) -> float:
    load.settle()
    warm(3 * _DISK)
    directory = place.new("unpacked")
    directory.mkdir()
    began = time.monotonic()
    subprocess.run(["tar", "-x", "-f", source, "-C", directory], check=True)
    subprocess.run(["sha256sum", source], check=True, stdout=subprocess.DEVNULL)
    seconds = time.monotonic() - began
    shutil.rmtree(directory)
    return source.stat().st_size / seconds


async def import_all(stock: Stocked, count: int) -> None:
    """Imports small items by eight clients at once."""
    numbers = iter(range(count))
    async with asyncio.TaskGroup() as group:
        for _ in range(_CLIENTS):
            group.create_task(_import_some(stock, numbers))


async def _import_some(stock: Stocked, numbers: Iterator[int]) -> None:
    where = urlsplit(stock.server.url)
    client = _Client(await connect(str(where.hostname), where.port or 80), where.netloc, stock.client.token)
    for number in numbers:
        await _import_one(client, stock.library, number)
    client.close()


async def _import_one(client: _Client, library: str, number: int) -> None:
    content = number.to_bytes(4) * 256
    item = await client.value("POST", ITEM, {"create_spec": {"library_id": library, "name": f"small-{number:06}"}}, str)
    session = await client.value("POST", f"{ITEM}/update-session", {"create_spec": {"library_item_id": item}}, str)
    spec = {"file_spec": {"name": "small.bin", "size": len(content), "source_type": "PUSH"}}
    added = await client.value("POST", f"{ITEM}/updatesession/file/id:{session}?~action=add", spec, UploadFile)
    await client.send("PUT", urlsplit(added.upload_endpoint.uri).path, content)
    await client.send("POST", f"{ITEM}/update-session/id:{session}?~action=complete")
    await client.send("DELETE", f"{ITEM}/update-session/id:{session}")


class _Client:
    """Calls over one kept connection."""

    def __init__(self, connection: Connection, host: str, token: str) -> None:
        self._connection = connection
        self._head = f"Host: {host}\r\n{TOKEN_HEADER}: {token}\r\nContent-Type: application/json\r\n"

    async def value(self, method: str, path: str, body: object, kind: type[T]) -> T:
        """The value that an operation answers with."""
        answer = await self.send(method, path, msgspec.json.encode(body))
        return msgspec.convert(msgspec.json.decode(answer)["value"], kind)

    async def send(self, method: str, path: str, body: bytes = b"") -> bytes:
        """The body of the answer."""
        head = f"{method} {path} HTTP/1.1\r\n{self._head}Content-Length: {len(body)}\r\n\r\n"
        return await self._connection.exchange(head.encode() + body)

    def close(self) -> None:
        """Closes the connection."""
        self._connection.close()
