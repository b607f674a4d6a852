"""The publisher under its readers' hands: over sockets, while it changes, with large files, behind a proxy."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from urllib.parse import urljoin

import httpx
import pytest

import processes
from backends import stored
from processes import Running, serving
from transfer.raw import Raw
from vcsp.test_own_publisher import PASSWORD, Publishing
from whole import SESSION, HandClock, Whole, whole

OPEN = {"published": True, "authentication_method": "NONE"}
_MIB = 1 << 20


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serving(
        tmp_path_factory.mktemp("server"),
        "--no-tls",
        CONTENTLIB_ADMIN_PASSWORD=PASSWORD,
        CONTENTLIB_UNIQUE_LIBRARY_NAMES="false",
    ) as running:
        yield running


def log_in(client: httpx.Client) -> None:
    answer = client.post(SESSION, auth=httpx.BasicAuth(b"administrator@vsphere.local", PASSWORD.encode()))
    client.headers["vmware-api-session-id"] = answer.json()["value"]


@pytest.fixture
def http(server: Running) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=60) as client:
        log_in(client)
        yield client


@pytest.fixture
def published(http: httpx.Client) -> Publishing:
    made = Publishing(http)
    opened(made)
    return made


def opened(owner: Publishing) -> str:
    """A library that is published to everybody."""
    info = {**OPEN, "current_password": "secret"}
    owner.rest("PATCH", f"/local-library/id:{owner.library}", {"update_spec": {"publish_info": info}})
    return str(owner.library)


def test_what_a_reader_was_told_is_there_while_others_publish(server: Running, published: Publishing) -> None:
    """Checklist 17: the version in lib.json is never ahead of items.json, and every reference leads somewhere."""
    items = [published.item(f"item-{n}", "iso", {"a.iso": b"0"}) for n in range(3)]
    root = f"{server.url}/cls/vcsp/lib/{published.library}/"
    over = threading.Event()
    ahead = sum(int(each["contentVersion"]) for each in httpx.get(f"{root}items.json", timeout=60).json()["items"])
    ahead -= int(httpx.get(f"{root}lib.json", timeout=60).json()["version"])

    def change() -> None:
        for n in range(1, 25):
            published.upload(items[n % 3], {"a.iso": b"x" * n})
        over.set()

    changing = threading.Thread(target=change)
    changing.start()
    with httpx.Client(base_url=root, timeout=60) as reader:
        while not over.is_set():
            version = int(reader.get("lib.json").json()["version"])
            found = reader.get("items.json").json()["items"]
            assert sum(int(each["contentVersion"]) for each in found) >= version + ahead  # each change raises both by one
            for each in found:
                assert reader.get(each["selfHref"]).status_code == 200
                assert reader.get(each["files"][0]["hrefs"][0]).status_code == 200
    changing.join()


def test_a_download_that_began_before_a_replacement_ends_with_the_old_bytes(server: Running, published: Publishing) -> None:
    """Checklist 18."""
    old, new = os.urandom(_MIB) * 32, os.urandom(_MIB) * 32
    item = published.item("large", "iso", {"a.iso": old})
    path = f"/cls/vcsp/lib/{published.library}/{item}/a.iso"
    with Raw(server.url) as reader:
        reader.send("GET", path)
        status, headers = reader.head()
        begun = reader.body(_MIB)
        published.upload(item, {"a.iso": new})
        rest = reader.body(len(old) - _MIB)
    assert (status, headers["content-length"]) == (200, str(len(old)))
    assert hashlib.sha256(begun + rest).digest() == hashlib.sha256(old).digest()
    assert httpx.get(server.url + path, timeout=60).content == new


def test_five_large_downloads_at_once_need_no_memory(server: Running, published: Publishing) -> None:
    """Checklist 19: readers that have begun and stand still."""
    size = 32 * _MIB
    item = published.item("large", "iso", {"a.iso": os.urandom(_MIB) * 32})
    with ExitStack() as stack:
        before = _memory(server.process.pid)
        readers = [stack.enter_context(Raw(server.url)) for _ in range(5)]
        for reader in readers:
            reader.send("GET", f"/cls/vcsp/lib/{published.library}/{item}/a.iso")
            assert reader.head()[0] == 200
        assert [len(reader.body(8 * _MIB)) for reader in readers] == [8 * _MIB] * 5
        assert _memory(server.process.pid) - before < size
        assert [len(reader.body(size - 8 * _MIB)) for reader in readers] == [size - 8 * _MIB] * 5


def _memory(parent: int) -> int:
    """Resident bytes of a process's children."""
    pids = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") for pid in pids)


def test_versions_that_were_seen_are_not_seen_lower_after_a_kill(tmp_path: Path) -> None:
    """Checklist 13: the server dies while it publishes, and its next start goes on from what readers have seen."""
    library, seen = None, [0]
    for _ in range(3):
        running = processes.serve(tmp_path, "--no-tls", CONTENTLIB_ADMIN_PASSWORD=PASSWORD)
        with httpx.Client(base_url=running.url, timeout=60) as client:
            log_in(client)
            owner = Publishing(client, library)
            if library is None:
                library = opened(owner)
                owner.item("a", "iso", {"a.iso": b"0"})
            assert all(now >= before for now, before in zip(_counts(running, library), seen, strict=False))
            writing = threading.Thread(target=_publish_until_it_ends, args=(owner,))
            writing.start()
            for _ in range(10):
                seen = _counts(running, library)
            running.kill()
            writing.join()


def _publish_until_it_ends(owner: Publishing) -> None:
    (item,) = owner.rest("GET", f"/library/item?library_id={owner.library}")
    for session in owner.rest("GET", "/library/item/update-session"):  # the killed server may have left one
        if owner.rest("GET", f"/library/item/update-session/id:{session}")["state"] == "ACTIVE":
            owner.rest("POST", f"/library/item/update-session/id:{session}?~action=cancel")
    with suppress(httpx.TransportError):
        while True:
            owner.upload(item, {"a.iso": os.urandom(9)})


def _counts(server: Running, library: str) -> list[int]:
    """All that may not fall."""
    root = f"{server.url}/cls/vcsp/lib/{library}/"
    (item,) = httpx.get(f"{root}items.json", timeout=60).json()["items"]
    (file,) = item["files"]
    lib = httpx.get(f"{root}lib.json", timeout=60).json()
    counts = [lib["version"], item["version"], item["contentVersion"], file["etag"], file["generationNum"]]
    return [int(each) for each in counts]


async def test_a_file_of_more_than_4_gib_is_told_and_served_as_it_is(data_dir: Path, clock: HandClock) -> None:
    """Checklist 19: the bytes are a hole in a file, which stands in the place of those that were uploaded."""
    size = (5 << 30) + 7
    async with whole(data_dir, clock) as app:
        library = await app.library(publish_info=OPEN)
        item = await app.item("large", library)
        await app.fill(item, a_iso=b"begin")
        (blob,) = stored(app.settings)
    blob.path.chmod(0o600)
    os.truncate(blob.path, size)
    found = blob.path.stat()
    with closing(sqlite3.connect(data_dir / "contentlib.db")) as database, database:
        database.execute("UPDATE blobs SET size = ?, mark = ?", (size, f"{found.st_ino}:{found.st_mtime_ns}"))
        database.execute("UPDATE stored_files SET size = ?", (size,))
    async with whole(data_dir, clock) as app:
        root = f"/cls/vcsp/lib/{library}/"
        (entry,) = (await app.client.get(f"{root}items.json")).json()["items"]
        path = root + entry["files"][0]["hrefs"][0]
        assert entry["files"][0]["size"] == size
        assert (await app.client.head(path)).headers["content-length"] == str(size)
        end = await app.client.get(path, headers={"range": f"bytes={size - 9}-"})
        assert (end.status_code, end.content) == (206, bytes(9))
        assert end.headers["content-range"] == f"bytes {size - 9}-{size - 1}/{size}"


class Proxy(httpx.AsyncBaseTransport):
    """Serves a library at another host, port and path."""

    def __init__(self, app: Whole, here: str, there: str) -> None:
        self._app = app
        self._here = here
        self._there = there

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.decode()
        assert path.startswith(self._here), path
        url = self._app.client.base_url.copy_with(raw_path=(self._there + path.removeprefix(self._here)).encode())
        answer = await self._app.client.request(request.method, url)
        return httpx.Response(answer.status_code, content=answer.content)


async def test_a_library_is_read_at_another_host_port_and_path(app: Whole) -> None:
    """Checklist 21."""
    library = await app.library(publish_info=OPEN)
    session = await app.session(await app.item("a", library))
    for name in ("a b#.iso", "é%.iso"):
        await app.push(session, name, name.encode())
    await app.complete(session)
    start = "http://proxy.example:8080/some/where/lib.json"
    transport = Proxy(app, "/some/where/", f"/cls/vcsp/lib/{library}/")
    async with httpx.AsyncClient(transport=transport) as reader:
        lib = (await reader.get(start)).json()
        (item,) = (await reader.get(urljoin(start, lib["itemsHref"]))).json()["items"]
        assert json.loads((await reader.get(urljoin(start, item["selfHref"]))).content) == item
        found = {file["name"]: (await reader.get(urljoin(start, file["hrefs"][0]))).content for file in item["files"]}
    assert found == {name: name.encode() for name in ("a b#.iso", "é%.iso")}
