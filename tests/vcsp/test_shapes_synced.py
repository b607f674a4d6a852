"""A subscribed library follows publishers of every shape: what changes there changes here, and no more than that is fetched."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from urllib.parse import unquote

import pytest

from following import Follower
from publisher import Publisher
from vcsp.shapes import SHAPES, Generator, Shape, Tree
from whole import HandClock, Whole

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
