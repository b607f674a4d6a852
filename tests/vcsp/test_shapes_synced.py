"""A subscribed library follows publishers of every shape: what changes there changes here, and no more than that is fetched."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote

import pytest

from following import Follower, subscription
from publisher import Publisher
from vcsp.shapes import SHAPES, Generator, Shape, Tree
from whole import HandClock, Whole, whole

DISK, SETTINGS, DESCRIPTOR = "disk 50% off+é.vmdk", "#1?.nvram", "photon.ovf"
MACHINE = {DESCRIPTOR: b"<Envelope/>", DISK: b"disk", SETTINGS: b"settings"}
FIRST = {
    "web01": MACHINE,
    "tools": {"tools.iso": b"iso"},
    "script é": {"run.sh": b"echo"},
    "old": {"old.iso": b"old"},
}
CHANGED = {**FIRST, "web01": {**MACHINE, DISK: b"Disk"}}  # of the same size
RENAMED = {("shell é" if name == "script é" else name): files for name, files in CHANGED.items()}
DELETED = {name: files for name, files in RENAMED.items() if name != "old"}
ADDED = {**DELETED, "new": {"new.iso": b"new", "more.bin": b"more"}}

Digests = dict[str, dict[str, str]]
trees = [shape for shape in SHAPES if not shape.cloud_director]  # its files are behind redirects, which no directory has
of_every_shape = pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)


def credentials(tree: Tree) -> dict[str, object]:
    if tree.basic is None:
        return {}
    user, _, password = tree.basic.partition(":")
    return {"authentication_method": "BASIC", "user_name": user, "password": password}


def digests(content: Mapping[str, Mapping[str, bytes]]) -> Digests:
    return {item: {name: hashlib.sha256(data).hexdigest() for name, data in files.items()} for item, files in content.items()}


def fetched(publisher: Publisher, payload: Mapping[str, Mapping[str, bytes]]) -> set[str]:
    """The names of the files that were asked for since the last time."""
    names = {unquote(each.path).rpartition("/")[2] for each in publisher.asked}
    publisher.asked.clear()
    return names & {name for files in payload.values() for name in files}


@of_every_shape
async def test_a_library_follows_what_changes(shape: Shape, publisher: Publisher, app: Whole, clock: HandClock) -> None:
    """Checklist 24."""
    generator = Generator(shape)
    tree = generator.publish(FIRST)
    follower = await Follower.new(app, clock, tree.serve(publisher), **credentials(tree))
    assert (await follower.synced())["status"] == "SUCCEEDED"
    assert digests(await follower.content()) == digests(FIRST)
    assert fetched(publisher, FIRST) == {name for files in FIRST.values() for name in files}
    ids = {name: item["id"] for name, item in (await follower.items()).items()}

    async def follow(payload: Mapping[str, Mapping[str, bytes]]) -> set[str]:
        """What was fetched of the next state, after which everything is as it is there."""
        generator.publish(payload).serve(publisher)
        assert (await follower.sync())["status"] == "SUCCEEDED"
        names = fetched(publisher, payload)
        assert digests(await follower.content()) == digests(payload)
        return names

    assert await follow(CHANGED) == ({DISK} if shape.generations else set(MACHINE))
    generator.rename("script é", "shell é")
    assert await follow(RENAMED) == set()
    assert (await follower.items())["shell é"]["id"] == ids["script é"]
    assert await follow(DELETED) == set()
    assert await follow(ADDED) == {"new.iso", "more.bin"}
    assert await follow(ADDED) == set()
    assert {name: item["id"] for name, item in (await follower.items()).items() if name in ids} == {
        name: ids[name] for name in ("web01", "tools")
    }


@pytest.mark.parametrize("shape", trees, ids=lambda shape: shape.name)
async def test_a_library_follows_what_changes_in_a_directory(
    shape: Shape, data_dir: Path, clock: HandClock, tmp_path: Path
) -> None:
    generator, tree = Generator(shape), tmp_path / "tree é"
    async with whole(data_dir, clock, import_roots=[tree]) as app:
        follower = await Follower.new(app, clock, generator.publish(FIRST).write(tree))
        assert (await follower.synced())["status"] == "SUCCEEDED"
        assert digests(await follower.content()) == digests(FIRST)
        ids = {name: item["id"] for name, item in (await follower.items()).items()}
        for payload in (CHANGED, RENAMED, DELETED, ADDED, ADDED):
            if payload is RENAMED:
                generator.rename("script é", "shell é")
            shutil.rmtree(tree)
            generator.publish(payload).write(tree)
            assert (await follower.sync())["status"] == "SUCCEEDED"
            assert digests(await follower.content()) == digests(payload)
        items = await follower.items()
        assert [items[name]["id"] for name in ("web01", "shell é")] == [ids[name] for name in ("web01", "script é")]


async def test_a_directory_outside_the_roots_is_not_followed(data_dir: Path, clock: HandClock, tmp_path: Path) -> None:
    url = Generator(SHAPES[0]).publish(FIRST).write(tmp_path / "tree")
    async with whole(data_dir, clock, import_roots=[tmp_path / "other"]) as app:
        spec = {"create_spec": {"name": "mirror", "subscription_info": subscription(url)}}
        status, _, said = await app.refusal("POST", "/subscribed-library", spec)
        assert (status, "subscription_url is not a file below a directory of import_roots" in said) == (400, True)
