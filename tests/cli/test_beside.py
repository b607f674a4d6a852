"""Commands that write to a data directory beside a server that is at work on it."""

from __future__ import annotations

import asyncio
import itertools
import os
import pwd
import signal
import subprocess
import tarfile
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

import processes
from backends import BACKEND, default_storage
from following import Shelf
from processes import CONTENTLIB, ENVIRONMENT, Running, eventually
from publisher import Publisher, publishing
from trees import read_tree
from vcsp.test_own_publisher import PASSWORD, Publishing
from whole import CONTENT, SESSION

OPEN = {"published": True, "authentication_method": "NONE"}
GRACE = {"CONTENTLIB_COLLECT_GRACE_SECONDS": "1", "CONTENTLIB_UNIQUE_LIBRARY_NAMES": "false"}
ALLOWED = {"CONTENTLIB_OUTBOUND_ALLOW": '["127.0.0.0/8"]', **GRACE}
_MIB = 1 << 20


class Site:
    """A server with a client that is logged in, and commands beside it."""

    def __init__(self, start: Callable[[], Running], data_dir: Path) -> None:
        self.data_dir = data_dir
        self.running: list[subprocess.Popen[str]] = []
        self._start = start
        self.begin()

    def begin(self) -> None:
        """Starts the server."""
        self.server = self._start()
        self.http = httpx.Client(base_url=self.server.url, timeout=60)
        log_in(self.http)

    def kill(self) -> None:
        """Kills the server."""
        self.server.process.kill()
        self.server.process.wait()
        self.http.close()

    def rest(self, method: str, target: str, body: object = None) -> Any:
        """What a call is answered with."""
        answer = self.http.request(method, CONTENT + target, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()["value"] if answer.content else None

    def run(self, *arguments: object) -> str:
        """What a command says that ends well."""
        answer = processes.run(self.command(*arguments), self.data_dir.parent, **ALLOWED)
        assert (answer.returncode, answer.stderr) == (0, ""), answer
        return answer.stdout

    def command(self, *arguments: object) -> list[str]:
        """The command line."""
        return [str(CONTENTLIB), *map(str, arguments), "--data-dir", str(self.data_dir)]

    def begun(self, *arguments: object) -> subprocess.Popen[str]:
        """A command that runs."""
        command, pipe = self.command(*arguments), subprocess.PIPE
        self.running.append(subprocess.Popen(command, env=ENVIRONMENT | ALLOWED, stdout=pipe, stderr=pipe, text=True))
        return self.running[-1]

    def publish(self, library: str) -> None:
        """Publishes a library to everybody."""
        self.rest("PATCH", f"/local-library/id:{library}", {"update_spec": {"publish_info": OPEN}})

    def seen(self, library: str) -> dict[str, dict[str, bytes]]:
        """What a subscriber finds, by item and file."""
        root = f"/cls/vcsp/lib/{library}/"
        items = self.http.get(f"{root}items.json").json()["items"]
        return {
            each["name"]: {file["name"]: self.http.get(root + file["hrefs"][0]).content for file in each["files"]}
            for each in items
        }

    def libraries(self) -> list[str]:
        """All local libraries."""
        return list(self.rest("GET", "/local-library"))


@pytest.fixture
def site(serve: Callable[..., Running], tmp_path: Path) -> Iterator[Site]:
    def start() -> Running:
        return serve("--no-tls", CONTENTLIB_ADMIN_PASSWORD=PASSWORD, CONTENTLIB_VERSIONS_KEPT="1000", **GRACE)

    made = Site(start, tmp_path / "data")
    yield made
    made.http.close()
    for each in made.running:
        each.kill()
        each.communicate()


@pytest.fixture(scope="module")
def source_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("source")


@pytest.fixture(scope="module")
def source_http(source_dir: Path) -> Iterator[httpx.Client]:
    """A server from which bundles come."""
    command = [str(CONTENTLIB), "serve", "--data-dir", str(source_dir / "data"), "--listen", "127.0.0.1:0", "--no-tls"]
    server = processes.start(command, source_dir, CONTENTLIB_ADMIN_PASSWORD=PASSWORD, CONTENTLIB_UNIQUE_LIBRARY_NAMES="false")
    with httpx.Client(base_url=server.url, timeout=60) as http:
        log_in(http)
        yield http
    server.process.kill()
    server.process.wait()
    server.output.close()


def log_in(http: httpx.Client) -> None:
    answer = http.post(SESSION, auth=httpx.BasicAuth(b"administrator@vsphere.local", PASSWORD.encode()))
    http.headers["vmware-api-session-id"] = answer.json()["value"]


class Source(Publishing):
    """A library there."""

    def __init__(self, http: httpx.Client, directory: Path) -> None:
        super().__init__(http)
        self._directory = directory

    def export(self, *since: object, name: str = "bundle.tar") -> Path:
        """A bundle of it."""
        bundle = self._directory / name
        command = [str(CONTENTLIB), "bundle", "export", self.library, str(bundle), *map(str, since)]
        answer = processes.run([*command, "--data-dir", str(self._directory / "data")], self._directory)
        assert (answer.returncode, answer.stderr) == (0, ""), answer
        return bundle


@pytest.fixture
def source(source_http: httpx.Client, source_dir: Path) -> Source:
    return Source(source_http, source_dir)


@pytest.fixture
async def publisher() -> AsyncIterator[Publisher]:
    async with publishing() as made:
        yield made


async def aside(call: Callable[..., Any], *arguments: object) -> Any:
    return await asyncio.to_thread(call, *arguments)


def test_bundles_are_imported_and_seen_at_once(site: Site, source: Source, tmp_path: Path) -> None:
    item = source.item("debian", "iso", {"a.iso": b"old"})
    site.run("bundle", "import", source.export())
    site.publish(source.library)
    assert site.seen(source.library) == {"debian": {"a.iso": b"old"}}
    told = site.http.get(f"/cls/vcsp/lib/{source.library}/lib.json").json()["version"]
    source.rest("PATCH", f"/library/item/id:{item}", {"update_spec": {"name": "renamed"}})
    source.upload(item, {"a.iso": b"new"})
    site.run("bundle", "import", source.export("--since", 2))
    assert site.rest("GET", f"/library/item/id:{item}")["name"] == "renamed"
    assert site.seen(source.library) == {"renamed": {"a.iso": b"new"}}
    assert int(site.http.get(f"/cls/vcsp/lib/{source.library}/lib.json").json()["version"]) > int(told)


def test_a_library_is_exported_and_published_beside_a_server(site: Site, source: Source, tmp_path: Path) -> None:
    item = source.item("debian", "iso", {"a.iso": b"x" * _MIB})
    bundle = source.export()
    site.run("bundle", "import", bundle)
    site.run("publish-static", source.library, tmp_path / "tree")
    assert read_tree(tmp_path / "tree") == {"debian": {"a.iso": b"x" * _MIB}}
    assert f"({source.library})" in site.run("bundle", "export", source.library, tmp_path / "again.tar")
    assert item in site.rest("GET", f"/library/item?library_id={source.library}")


def test_what_is_written_of_a_library_that_changes_is_one_state_of_it(site: Site, tmp_path: Path) -> None:
    owner = Publishing(site.http)
    item = owner.item("debian", "iso", {"a.iso": b"0", "b.iso": b"0"})
    over = threading.Event()

    def change() -> None:
        for n in itertools.count(1):
            if over.is_set():
                break
            owner.upload(item, {"a.iso": b"%d" % n * 1000, "b.iso": b"%d" % n * 1000})

    changing = threading.Thread(target=change)
    changing.start()
    try:
        for n in range(3):
            site.run("publish-static", owner.library, tmp_path / "tree")
            site.run("bundle", "export", owner.library, tmp_path / f"{n}.tar")
            with tarfile.open(tmp_path / f"{n}.tar") as tar:
                tar.extractall(tmp_path / f"unpacked{n}", filter="data")
            for tree in (tmp_path / "tree", tmp_path / f"unpacked{n}"):
                found = read_tree(tree)["debian"]
                assert found["a.iso"] == found["b.iso"]
    finally:
        over.set()
        changing.join()


async def test_a_library_is_adopted_while_the_server_answers(site: Site, publisher: Publisher) -> None:
    shelf = Shelf(publisher)
    shelf.put("debian", a_iso=b"a" * _MIB, b_iso=b"b")
    publisher.stops["/item1/a.iso"] = 1
    adopting = site.begun("adopt", shelf.url)
    assert await aside(eventually, lambda: any(each.path == "/item1/a.iso" for each in publisher.asked))
    name = await aside(site.rest, "POST", "/local-library", {"create_spec": {"name": "made meanwhile"}})
    assert await aside(site.libraries) == [name]
    publisher.release()
    said, complained = await aside(adopting.communicate)
    assert (adopting.returncode, complained) == (0, "")
    assert shelf.library in said
    assert set(await aside(site.libraries)) == {name, shelf.library}
    await aside(site.publish, shelf.library)
    assert await aside(site.seen, shelf.library) == {"debian": {"a.iso": b"a" * _MIB, "b.iso": b"b"}}


async def test_what_was_fetched_is_held_longer_than_the_servers_grace(site: Site, publisher: Publisher) -> None:
    shelf = Shelf(publisher)
    shelf.put("debian", a_iso=b"first")
    shelf.put("ubuntu", a_iso=b"second" * 4 * _MIB)
    publisher.stops["/item2/a.iso"] = 1
    adopting = site.begun("adopt", shelf.url)
    kept = partial(BACKEND.stored, default_storage(site.data_dir))
    assert await aside(eventually, lambda: bool(kept()))
    fetched = kept()
    for n in range(2):  # the server sweeps what came after that, when its grace is over
        await aside(_forgotten, site, b"other %d" % n)
        assert await aside(eventually, lambda: kept() == fetched)
    publisher.release()
    _, complained = await aside(adopting.communicate)
    assert (adopting.returncode, complained) == (0, "")
    await aside(site.publish, shelf.library)
    assert await aside(site.seen, shelf.library) == {"debian": {"a.iso": b"first"}, "ubuntu": {"a.iso": b"second" * 4 * _MIB}}


def _forgotten(site: Site, data: bytes) -> None:
    """Uploads bytes that nobody wants in the end."""
    made = Publishing(site.http)
    item = made.item("forgotten", "iso", {"a.iso": data})
    for target in (f"/library/item/id:{item}", f"/local-library/id:{made.library}"):
        site.rest("DELETE", target)
        trashed = target.rpartition(":")[2]
        assert site.http.post(f"/api/contentlib/library/trash/{trashed}?action=purge").status_code in (200, 204)


@pytest.mark.parametrize("blobs", [1, 3, 6])
def test_an_import_that_is_killed_leaves_nothing_and_keeps_nobody(
    site: Site, source: Source, tmp_path: Path, blobs: int
) -> None:
    for n in range(6):
        source.item(f"item-{n}", "iso", {"a.iso": bytes([n]) * _MIB})
    bundle = source.export()
    importing = site.begun("bundle", "import", bundle)
    kept = partial(BACKEND.stored, default_storage(site.data_dir))
    assert eventually(lambda: len(kept()) >= blobs or importing.poll() is not None)
    importing.send_signal(signal.SIGKILL)
    importing.communicate()
    assert site.libraries() in ([], [source.library])
    site.rest("POST", "/local-library", {"create_spec": {"name": "goes on"}})
    site.kill()
    site.begin()
    site.run("bundle", "import", bundle)
    site.publish(source.library)
    assert site.seen(source.library) == {f"item-{n}": {"a.iso": bytes([n]) * _MIB} for n in range(6)}


def test_an_import_outlives_the_server_that_it_began_beside(site: Site, source: Source, tmp_path: Path) -> None:
    for n in range(6):
        source.item(f"item-{n}", "iso", {"a.iso": bytes([n]) * _MIB})
    importing = site.begun("bundle", "import", source.export())
    kept = partial(BACKEND.stored, default_storage(site.data_dir))
    assert eventually(lambda: bool(kept()))
    site.kill()
    site.begin()
    _, complained = importing.communicate()
    assert (importing.returncode, complained) == (0, "")
    site.publish(source.library)
    assert site.seen(source.library) == {f"item-{n}": {"a.iso": bytes([n]) * _MIB} for n in range(6)}


def test_of_imports_at_once_none_undoes_another(site: Site, source: Source, tmp_path: Path) -> None:
    item = source.item("debian", "iso", {"a.iso": b"1"})
    site.run("bundle", "import", source.export())
    bundles = []
    for n in (2, 3, 4):
        source.upload(item, {"a.iso": b"%d" % n})
        bundles.append(source.export(name=f"{n}.tar"))
    running = [site.begun("bundle", "import", each) for each in bundles]
    said = [each.communicate()[1] for each in running]
    refused = [each for each in said if each]
    assert len(refused) < len(said)
    assert all("was changed by another import" in each or "already" in each for each in refused)
    site.run("bundle", "import", bundles[-1])
    site.publish(source.library)
    assert site.seen(source.library) == {"debian": {"a.iso": b"4"}}


def test_a_library_that_comes_again_with_lower_versions_is_seen_as_it_is(site: Site, source: Source, tmp_path: Path) -> None:
    item = source.item("debian", "iso", {"a.iso": b"1"})
    first = source.export(name="first.tar")
    for n in range(3):
        source.upload(item, {"b.iso": b"2%d" % n})
    site.run("bundle", "import", source.export())
    site.publish(source.library)
    assert site.seen(source.library) == {"debian": {"a.iso": b"1", "b.iso": b"22"}}
    site.rest("DELETE", f"/local-library/id:{source.library}")
    assert site.http.post(f"/api/contentlib/library/trash/{source.library}?action=purge").status_code in (200, 204)
    site.run("bundle", "import", first)
    site.publish(source.library)
    assert site.seen(source.library) == {"debian": {"a.iso": b"1"}}


def test_a_directory_that_no_server_has_made_is_made_by_two_at_once(tmp_path: Path, source: Source) -> None:
    source.item("debian", "iso", {"a.iso": b"1"})
    command = [str(CONTENTLIB), "bundle", "import", str(source.export()), "--data-dir", str(tmp_path / "new")]
    running = [subprocess.Popen(command, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [each.communicate()[1] for each in running]
    assert "" in said
    assert all("is in use by another server" in each or "by another import meanwhile" in each for each in said if each)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory to somebody else")
def test_nothing_is_written_that_the_server_could_not_read(tmp_path: Path, source: Source) -> None:
    there = tmp_path / "theirs"
    there.mkdir()
    os.chown(there, 1, 1)
    answer = processes.run([str(CONTENTLIB), "bundle", "import", str(source.export()), "--data-dir", str(there)], tmp_path)
    assert answer.returncode == 1
    assert answer.stderr == f"contentlib: data directory {there} belongs to user {_name(1)}; run the command as that user\n"
    assert list(there.iterdir()) == []


def _name(user: int) -> str:
    return pwd.getpwuid(user).pw_name
