"""`contentlib adopt`, as a process, of libraries as every generator that is known of writes them."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

import processes
from packages import archive, package
from processes import CONTENTLIB
from publisher import Publisher, publishing
from vcsp.shapes import SHAPES, Generator, Shape, Tree
from whole import HandClock, Whole, whole

Answer = subprocess.CompletedProcess[str]
PAYLOAD = {
    "web01": {**package(), "50% off+é.nvram": b"nvram"},
    "tools": {"tools.iso": b"iso" * 100_000},
    "script é": {"run.sh": b"echo"},
}
OPEN = {"published": True, "authentication_method": "NONE"}
ALLOWED = {"CONTENTLIB_OUTBOUND_ALLOW": '["127.0.0.0/8"]'}


@pytest.fixture
def adopt(data_dir: Path, tmp_path: Path) -> Callable[..., Awaitable[Answer]]:
    """Runs the command."""

    async def run(source: object, *options: object, **variables: str) -> Answer:
        command = [str(CONTENTLIB), "adopt", str(source), *map(str, options), "--data-dir", str(data_dir)]
        return await asyncio.to_thread(processes.run, command, tmp_path, **variables)

    return run


Adopt = Callable[..., Awaitable[Answer]]


async def published(data_dir: Path) -> tuple[str, Any, dict[str, Any], dict[str, dict[str, bytes]]]:
    """The one library that there is: id, lib.json, items by name, and what is downloaded."""
    async with whole(data_dir, HandClock()) as app:
        (library,) = await app.rest("GET", "/local-library")
        await app.rest("PATCH", f"/local-library/id:{library}", {"update_spec": {"publish_info": OPEN}})
        root = f"/cls/vcsp/lib/{library}"
        lib, items = [(await app.client.get(f"{root}/{name}")).json() for name in ("lib.json", "items.json")]
        found = {each["name"]: each for each in items["items"]}
        return library, lib, found, {name: await _content(app, each) for name, each in found.items()}


async def _content(app: Whole, item: Any) -> dict[str, bytes]:
    return await app.content(item["id"].removeprefix("urn:uuid:"))


def documents(tree: Tree) -> tuple[Any, dict[str, Any]]:
    """What a generator wrote: its library, and its items by name."""
    lib = json.loads(tree.files[tree.entry])
    path = f"{tree.entry}/items" if lib["itemsHref"] == "items" else "items.json"
    return lib, {each["name"]: each for each in json.loads(tree.files[path])["items"]}


def bare(identifier: str) -> str:
    return identifier.removeprefix("urn:uuid:")


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
async def test_ids_are_kept_and_counters_continued(shape: Shape, adopt: Adopt, data_dir: Path, tmp_path: Path) -> None:
    """Checklist 14."""
    tree = Generator(shape).publish(PAYLOAD)
    (tmp_path / "password").write_text("secret\n")
    options = ["--user", "", "--password-file", tmp_path / "password"] if tree.basic else []
    async with publishing() as publisher:
        answer = await adopt(tree.serve(publisher), *options, **ALLOWED)
    assert (answer.returncode, answer.stderr) == (0, ""), answer
    old_lib, old = documents(tree)
    library, lib, items, content = await published(data_dir)
    assert (library, lib["name"]) == (bare(old_lib["id"]), "lab")
    assert int(lib["version"]) > int(old_lib["version"])
    assert content == {
        name: {each: data for each, data in files.items() if shape.takes(each)} for name, files in PAYLOAD.items()
    }
    for name, item in items.items():
        before = old[name]
        assert bare(item["id"]) == bare(before["id"])
        assert int(item["version"]) > int(before["version"])
        assert int(item["contentVersion"]) >= int(before.get("contentVersion", "1"))
        generations = {file["name"]: file["generationNum"] for file in item["files"]}
        assert all(generations[file["name"]] >= file.get("generationNum", 1) for file in before["files"])


async def test_what_changes_afterwards_rises_above_what_was(adopt: Adopt, data_dir: Path, tmp_path: Path) -> None:
    """Checklist 14: the publisher's clock was ahead, so its numbers are."""
    dz = next(shape for shape in SHAPES if shape.name == "DZ")
    tree = Generator(dz).publish({"tools": PAYLOAD["tools"]})
    future = 9_999_999_999
    old, new = b'"generationNum": 17', b'"generationNum": %d, "was": 17' % future
    ahead = {path: data.replace(old, new) for path, data in tree.files.items()}
    Tree(ahead).write(tmp_path / "lab")
    assert (await adopt(tmp_path / "lab")).returncode == 0
    _, _, before, _ = await published(data_dir)
    assert before["tools"]["files"][0]["generationNum"] == future
    async with whole(data_dir, HandClock()) as app:
        await app.fill(bare(before["tools"]["id"]), tools_iso=b"new")
    _, _, after, content = await published(data_dir)
    assert after["tools"]["files"][0]["generationNum"] > future
    assert int(after["tools"]["contentVersion"]) > int(before["tools"]["contentVersion"])
    assert content == {"tools": {"tools.iso": b"new"}}


async def test_a_library_is_adopted_once(adopt: Adopt, tmp_path: Path) -> None:
    Generator(SHAPES[0]).publish(PAYLOAD).write(tmp_path / "lab")
    first = await adopt(tmp_path / "lab")
    assert first.stdout.endswith(f"is here, 3 items: version 1 of {tmp_path / 'lab'}\n")
    again = await adopt(tmp_path / "lab")
    assert again.returncode == 1
    assert again.stderr.endswith("already exists and was not imported from a bundle\n")


async def test_nothing_is_there_when_a_file_is_not_what_it_is_said_to_be(adopt: Adopt, data_dir: Path, tmp_path: Path) -> None:
    tree = Generator(SHAPES[0]).publish(PAYLOAD)
    tree.write(tmp_path / "lab")
    (tmp_path / "lab" / "tools" / "tools.iso").write_bytes(b"short")
    answer = await adopt(tmp_path / "lab")
    assert answer.returncode == 1
    assert "file 'tools.iso' differs from what its publisher declares: " in answer.stderr
    async with whole(data_dir, HandClock()) as app:
        assert await app.rest("GET", "/local-library") == []
    tree.write(tmp_path / "lab")
    assert (await adopt(tmp_path / "lab")).returncode == 0


async def test_what_was_left_out_is_told(adopt: Adopt, tmp_path: Path) -> None:
    tree = Generator(SHAPES[0]).publish(PAYLOAD)
    items = json.loads(tree.files["items.json"])
    items["items"][1]["files"][0]["name"] = "../tools.iso"
    Tree({**tree.files, "items.json": json.dumps(items).encode()}).write(tmp_path / "lab")
    answer = await adopt(tmp_path / "lab")
    assert answer.returncode == 0
    assert answer.stderr.startswith("warning: item 'tools' was skipped: ")
    assert " is here, 2 items" in answer.stdout


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
async def test_an_archive_is_unpacked(shape: Shape, adopt: Adopt, data_dir: Path, tmp_path: Path) -> None:
    tree = Generator(shape).publish({"packed": {"a.OVA": archive(package())}, "tools": PAYLOAD["tools"]})
    (tmp_path / "password").write_text("secret\n")
    options = ["--user", "", "--password-file", tmp_path / "password"] if tree.basic else []
    async with publishing() as publisher:
        answer = await adopt(tree.serve(publisher), *options, **ALLOWED)
    assert (answer.returncode, answer.stderr) == (0, "")
    before = documents(tree)[1]["packed"]
    _, _, items, content = await published(data_dir)
    assert content["packed"] == package()
    assert items["packed"]["type"] == "vcsp.ovf"
    assert int(items["packed"]["contentVersion"]) > int(before.get("contentVersion", "0"))
    assert int(items["packed"]["version"]) > int(before["version"])
    async with whole(data_dir, HandClock()) as app:
        item = await app.rest("GET", f"/library/item/id:{bare(items['packed']['id'])}")
    assert (item["type"], item["size"]) == ("ovf", sum(map(len, package().values())))


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({"a.ova": b"archive"}, "cannot unpack archive: truncated at byte 7"),
        ({"a.ova": archive({"a.iso": b"iso"})}, "descriptor (*.ovf) is missing; add it"),
        ({"a.ova": archive({**package(), "disk1.vmdk": b"disk"})}, "file 'disk1.vmdk' has SHA256 checksum "),
        ({"a.ova": archive(package()), "b.ova": archive(package())}, "item has 2 archives; a package has exactly one"),
    ],
)
async def test_an_archive_that_holds_no_whole_package_is_taken_with_a_warning(
    adopt: Adopt, data_dir: Path, tmp_path: Path, files: dict[str, bytes], why: str
) -> None:
    Generator(SHAPES[0]).publish({"packed": files, **PAYLOAD}).write(tmp_path / "lab")
    answer = await adopt(tmp_path / "lab")
    assert answer.returncode == 0
    assert answer.stderr.startswith(f"warning: item 'packed' remains an archive that subscribers cannot deploy: {why}")
    _, _, _, content = await published(data_dir)
    assert content["packed"] == files


async def test_what_is_no_library_is_refused(adopt: Adopt, tmp_path: Path) -> None:
    answer = await adopt(tmp_path)
    assert answer.returncode == 1
    assert answer.stderr.startswith(
        f"contentlib: cannot read the published library: file {tmp_path.as_uri()}/lib.json does not exist"
    )
    async with publishing({"/lib.json": b"<html>"}) as publisher:
        answer = await adopt(publisher.uri("/lib.json"))
        assert "outbound_" in answer.stderr
        answer = await adopt(publisher.uri("/lib.json"), **ALLOWED)
        assert "is an HTML page, not JSON" in answer.stderr


async def test_a_wrong_password_is_told(adopt: Adopt, publisher_of_cloud_director: tuple[Publisher, str]) -> None:
    _, uri = publisher_of_cloud_director
    answer = await adopt(uri, **ALLOWED)
    assert answer.returncode == 1
    assert "401" in answer.stderr


@pytest.fixture
async def publisher_of_cloud_director() -> Any:
    tree = Generator(SHAPES[-1]).publish(PAYLOAD)
    async with publishing() as publisher:
        yield publisher, tree.serve(publisher)
