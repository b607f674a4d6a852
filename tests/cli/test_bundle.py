"""`contentlib bundle export` and `import`, as processes, from one server's directory to another's."""

from __future__ import annotations

import asyncio
import io
import json
import os
import sqlite3
import subprocess
import tarfile
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import processes
from backends import BACKEND, default_storage
from contentlib.cli import lock
from processes import CONTENTLIB, ENVIRONMENT
from trees import read_tree
from whole import HandClock, Whole, copied, whole

Answer = subprocess.CompletedProcess[str]
OPEN = {"published": True, "authentication_method": "NONE"}


class Sites:
    """A server with a library, the directory of another one beyond the gap, and what is carried between them."""

    def __init__(self, app: Whole, there: Path, directory: Path) -> None:
        self.app = app
        self.there = there
        self.directory = directory

    async def run(self, *arguments: object) -> Answer:
        return await asyncio.to_thread(processes.run, [str(CONTENTLIB), *map(str, arguments)], self.directory)

    async def export(self, library: str, name: str = "b", since: str | None = None) -> Path:
        target = self.directory / name
        options = () if since is None else ("--since", since)
        answer = await self.run("bundle", "export", library, target, *options, "--data-dir", self.app.settings.data_dir)
        assert (answer.returncode, answer.stderr) == (0, ""), answer
        return target

    async def take(self, bundle: Path) -> Answer:
        return await self.run("bundle", "import", bundle, "--data-dir", self.there)

    async def taken(self, bundle: Path) -> str:
        answer = await self.take(bundle)
        assert (answer.returncode, answer.stderr) == (0, ""), answer
        return answer.stdout

    async def looked_at(self, look: Callable[[Whole], Awaitable[Any]]) -> Any:
        """What somebody sees on the server there."""
        async with whole(self.there, HandClock()) as app:
            return await look(app)


@pytest.fixture
async def sites(app: Whole, template: Path, tmp_path: Path) -> Sites:
    return Sites(app, copied(template, tmp_path / "there"), tmp_path)


async def all_content(app: Whole) -> Mapping[str, Any]:
    """Every library by id: its name, and its items by id with name, description, type and files."""
    found = {}
    for library in await app.rest("GET", "/local-library"):
        name = (await app.rest("GET", f"/local-library/id:{library}"))["name"]
        items = {}
        for item in await app.rest("GET", f"/library/item?library_id={library}"):
            told = await app.rest("GET", f"/library/item/id:{item}")
            items[item] = (told["name"], told.get("description"), told["type"], await app.content(item))
        found[library] = name, items
    return found


def versions(library: str) -> Callable[[Whole], Awaitable[Any]]:
    """The versions that subscribers see."""

    async def look(app: Whole) -> Any:
        await app.rest("PATCH", f"/local-library/id:{library}", {"update_spec": {"publish_info": OPEN}})
        url = f"/cls/vcsp/lib/{library}/"
        lib, items = [(await app.client.get(url + name)).json() for name in ("lib.json", "items.json")]
        return int(lib["version"]), {
            each["name"]: (
                int(each["version"]),
                int(each["contentVersion"]),
                {file["name"]: file["generationNum"] for file in each["files"]},
            )
            for each in items["items"]
        }

    return look


async def test_a_library_is_carried_with_its_ids_and_counters(sites: Sites) -> None:
    app = sites.app
    library = await app.library("lab", publish_info=OPEN)
    item = await app.item("Debian", library, description="a disk")
    await app.fill(item, netinst_iso=b"x" * 3_000_000, b_iso=b"b")
    await app.fill(item, b_iso=b"B")
    await app.fill(await app.item("é 日", library, type="other"), a=b"")
    bundle = await sites.export("lab")
    assert await sites.taken(bundle) == f"library 'lab' ({library}) is now at version 6\n"
    assert await sites.looked_at(all_content) == await all_content(app)
    lib, items = await versions(library)(app)
    lib_there, items_there = await sites.looked_at(versions(library))
    assert items_there == items
    assert lib_there >= lib


async def test_a_bundle_is_also_a_tree(sites: Sites, tmp_path: Path) -> None:
    library = await sites.app.library()
    await sites.app.fill(await sites.app.item("a", library), a_iso=b"a")
    with tarfile.open(await sites.export(library)) as tar:
        tar.extractall(tmp_path / "tree", filter="data")
    assert read_tree(tmp_path / "tree") == {"a": {"a.iso": b"a"}}


async def test_what_has_changed_is_carried_alone(sites: Sites) -> None:
    app = sites.app
    library = await app.library()
    same, changed, gone, renamed = [await app.item(name, library) for name in ("same", "changed", "gone", "renamed")]
    for item in (same, changed, gone, renamed):
        await app.fill(item, a_iso=item.encode() * 1000, b_iso=b"b" * 1000)
    await sites.taken(await sites.export(library))
    await app.fill(changed, a_iso=b"new")
    await app.rest("DELETE", f"/library/item/id:{gone}")
    await app.rest("PATCH", f"/library/item/id:{renamed}", {"update_spec": {"name": "gone"}})
    await app.fill(await app.item("renamed", library), c_iso=b"c")
    bundle = await sites.export(library, "since", "9")
    with tarfile.open(bundle) as tar:
        assert sorted(name.rpartition("/")[2] for name in tar.getnames() if name.endswith(".iso")) == ["a.iso", "c.iso"]
    assert "version 14\n" in await sites.taken(bundle)
    assert await sites.looked_at(all_content) == await all_content(app)


async def test_a_bundle_on_the_wrong_base_is_refused_and_versions_are_named(sites: Sites) -> None:
    app = sites.app
    library = await app.library()
    item = await app.item("a", library)
    await app.fill(item, a_iso=b"a")
    told = f"contentlib: bundle contains library 'lab' ({library})"
    whole_bundle = await sites.export(library, "whole")
    for n in range(3):
        await app.fill(item, b_iso=b"%d" % n)
    later = await sites.export(library, "later", "5")
    answer = await sites.take(later)
    assert answer.returncode == 1
    assert answer.stderr == f"{told} from version 5 to 6, but the library does not exist here; import a full bundle first\n"
    await sites.taken(whole_bundle)
    answer = await sites.take(later)
    expected = f"{told} from version 5 to 6, but the library here is at version 3; export it since version 3 or in full\n"
    assert answer.stderr == expected
    await sites.taken(await sites.export(library, "right", "3"))
    answer = await sites.take(whole_bundle)
    assert answer.stderr == f"{told} at version 3, but the library here is already at version 6\n"
    answer = await sites.run("bundle", "export", library, "x", "--since", 7, "--data-dir", app.settings.data_dir)
    assert answer.stderr == "contentlib: library 'lab' is at version 6 and has never been at version 7\n"


async def test_an_import_can_be_repeated(sites: Sites) -> None:
    library = await sites.app.library()
    await sites.app.fill(await sites.app.item("a", library), a_iso=b"a")
    bundle = await sites.export(library)
    await sites.taken(bundle)
    before = await sites.looked_at(versions(library))
    assert await sites.taken(bundle) == f"library 'lab' ({library}) was already at version 3\n"
    assert await sites.looked_at(versions(library)) == before


async def test_what_was_published_there_goes_on_rising(sites: Sites) -> None:
    """Checklist 13: publishing there has raised the version beyond the source's."""
    app = sites.app
    library = await app.library()
    item = await app.item("a", library)
    await app.fill(item, a_iso=b"a")
    await sites.taken(await sites.export(library))
    before, _ = await sites.looked_at(versions(library))
    assert before == 4
    await app.fill(item, a_iso=b"A")
    await sites.taken(await sites.export(library, "since", "3"))
    after, _ = await sites.looked_at(versions(library))
    assert after > before


async def test_items_that_were_added_there_stay(sites: Sites) -> None:
    library = await sites.app.library()
    await sites.app.fill(await sites.app.item("a", library), a_iso=b"a")
    await sites.taken(await sites.export(library))

    async def add(app: Whole) -> None:
        await app.fill(await app.item("own", library), o_iso=b"o")

    await sites.looked_at(add)
    await sites.app.fill(await sites.app.item("b", library), b_iso=b"b")
    await sites.taken(await sites.export(library, "since", "3"))
    _, items = (await sites.looked_at(all_content))[library]
    assert {name for name, *_ in items.values()} == {"a", "b", "own"}
    await sites.app.fill(await sites.app.item("own", library), c_iso=b"c")
    answer = await sites.take(await sites.export(library, "clash"))
    assert answer.returncode == 1
    assert "already has an item 'own' (" in answer.stderr
    assert await sites.looked_at(all_content) == {library: ("lab", items)}


@pytest.mark.parametrize("where", [0.0, 0.1, 0.5, 0.97, 0.9999])
async def test_a_bundle_that_was_cut_off_is_refused(sites: Sites, where: float) -> None:
    library = await sites.app.library()
    await sites.app.fill(await sites.app.item("a", library), a_iso=b"a" * 50_000)
    bundle = await sites.export(library)
    size = int(bundle.stat().st_size * where)
    bundle.write_bytes(bundle.read_bytes()[:size])
    answer = await sites.take(bundle)
    assert answer.returncode == 1
    told = f"{bundle} is truncated: it ends after {size} bytes, " if size else f"{bundle} is not a bundle: empty file"
    assert answer.stderr.startswith(f"contentlib: {told}")
    assert await sites.looked_at(all_content) == {}


def altered(bundle: Path, path: str, change: Callable[[bytes], bytes]) -> None:
    """Puts other bytes in the place of a file of a bundle."""
    with tarfile.open(bundle) as tar:
        members = [(member, tar.extractfile(member)) for member in tar]
        found = [(member, file.read() if file else b"") for member, file in members]
    with tarfile.open(bundle, "w") as tar:
        for member, body in found:
            content = change(body) if member.name.endswith(path) else body
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))


@pytest.mark.parametrize(
    ("path", "change", "said"),
    [
        ("a.iso", lambda body: b"b" + body[1:], "a.iso' has SHA256 checksum "),
        ("a.iso", lambda body: body + b"x", "a.iso' with 50001 bytes, expected "),
        ("lib.json", lambda body: body.replace(b"lab", b"bal"), "'lib.json' has SHA256 checksum "),
        ("manifest.json", lambda body: body.replace(b"lab", b"bal"), "the SHA256 checksum of manifest.json does not match"),
    ],
)
async def test_a_bundle_that_was_altered_is_refused(
    sites: Sites, path: str, change: Callable[[bytes], bytes], said: str
) -> None:
    library = await sites.app.library()
    await sites.app.fill(await sites.app.item("a", library), a_iso=b"a" * 50_000)
    bundle = await sites.export(library)
    altered(bundle, path, change)
    answer = await sites.take(bundle)
    assert answer.returncode == 1
    assert answer.stderr.startswith(f"contentlib: {bundle} was modified: ")
    assert said in answer.stderr
    assert await sites.looked_at(all_content) == {}


async def test_what_is_no_bundle_is_refused(sites: Sites, tmp_path: Path) -> None:
    (tmp_path / "image.iso").write_bytes(b"CD001" * 500)
    answer = await sites.take(tmp_path / "image.iso")
    assert answer.returncode == 1
    assert answer.stderr.startswith(f"contentlib: {tmp_path / 'image.iso'} is not a bundle: ")
    os.mkfifo(tmp_path / "pipe")
    answer = await sites.take(tmp_path / "pipe")
    assert (answer.returncode, "it is a pipe, not a regular file" in answer.stderr) == (1, True)
    with tarfile.open(tmp_path / "other.tar", "w") as tar:
        member = tarfile.TarInfo("manifest.json")
        member.size = 2
        tar.addfile(member, io.BytesIO(json.dumps({}).encode()))
    answer = await sites.take(tmp_path / "other.tar")
    assert answer.returncode == 1
    assert answer.stderr.startswith(f"contentlib: {tmp_path / 'other.tar'} is truncated: ")


async def test_tables_are_not_brought_up_to_date_beside_a_server(sites: Sites) -> None:
    library = await sites.app.library()
    bundle = await sites.export(library)
    with closing(sqlite3.connect(sites.there / "contentlib.db")) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '0001'")
    held = lock.hold(sites.there)
    answer = await sites.take(bundle)
    os.close(held)
    assert answer.returncode == 1
    assert answer.stderr.startswith(f"contentlib: data directory {sites.there} is in use by another server, process ")


async def test_a_library_that_is_here_is_not_overwritten(sites: Sites) -> None:
    library = await sites.app.library()
    bundle = await sites.export(library)
    here = copied(sites.app.settings.data_dir, sites.directory / "copy")
    answer = await sites.run("bundle", "import", bundle, "--data-dir", here)
    assert answer.stderr == f"contentlib: library 'lab' ({library}) already exists and was not imported from a bundle\n"


async def test_an_import_that_was_killed_leaves_nothing_visible_and_is_repeated(sites: Sites) -> None:
    app = sites.app
    library = await app.library()
    item = await app.item("a", library)
    session = await app.session(item)
    for n in range(20):
        await app.push(session, f"{n}.iso", bytes([n]) * 4_000_000)
    await app.complete(session)
    bundle = await sites.export(library)
    await asyncio.to_thread(_killed_while_it_stores, bundle, sites.there)
    assert await sites.looked_at(all_content) == {}
    await sites.taken(bundle)
    assert await sites.looked_at(all_content) == await all_content(app)


def _killed_while_it_stores(bundle: Path, data_dir: Path) -> None:
    """Kills an import when it has stored something; so much is left to store that it cannot have ended by then."""
    running = subprocess.Popen([str(CONTENTLIB), "bundle", "import", str(bundle), "--data-dir", str(data_dir)], env=ENVIRONMENT)
    while not BACKEND.stored(default_storage(data_dir)):
        assert running.poll() is None, "the import ended before it stored anything"
        time.sleep(0.001)
    running.kill()
    assert running.wait() == -9, "the import ended before it was killed"


async def test_an_item_that_was_deleted_there_comes_back_with_the_next_bundle(sites: Sites) -> None:
    app = sites.app
    library = await app.library("lab", publish_info=OPEN)
    same, changed = [await app.item(name, library) for name in ("same", "changed")]
    for item in (same, changed):
        await app.fill(item, b_iso=b"b")
    await sites.taken(await sites.export("lab"))

    async def delete(there: Whole) -> None:
        for item in (same, changed):
            await there.rest("DELETE", f"/library/item/id:{item}")

    await sites.looked_at(delete)
    await app.fill(changed, b_iso=b"newer")
    await sites.taken(await sites.export("lab", "c"))
    assert await sites.looked_at(all_content) == await all_content(app)
    assert (await sites.looked_at(versions(library)))[1] == (await versions(library)(app))[1]
