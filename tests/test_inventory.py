"""How full datastores are, also where a file system hangs."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from contentlib.blobs.filesystem import FilesystemBlobs
from contentlib.inventory import UNREACHABLE, Datastore, Inventory, Space
from contentlib.library.bytes.storages import Lane, Storages
from processes import PATIENCE_SECONDS


class Hanging(Datastore):
    """A datastore whose file system does not answer before it is released; it counts how often it is asked."""

    released = threading.Event()
    asked: ClassVar[list[int]] = []

    def space(self) -> Space:
        self.asked.append(threading.get_ident())
        self.released.wait()
        return super().space()


@pytest.fixture
def datastores(tmp_path: Path) -> Iterator[list[Datastore]]:
    Hanging.released.clear()
    Hanging.asked.clear()
    yield [Datastore("disk", "disk", tmp_path), Hanging("nas", "nas", tmp_path)]
    Hanging.released.set()


def lanes(directory: Path) -> Callable[[str], Lane]:
    return Storages(FilesystemBlobs({"disk": directory, "nas": directory})).on


async def until_accessible(inventory: Inventory, datastore: str) -> Space:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not (found := (await inventory.spaces())[datastore]).accessible:  # noqa: ASYNC110 - no disk tells of changes
            await asyncio.sleep(0.01)
    return found


async def test_one_that_hangs_keeps_nobody_waiting_for_long_and_is_asked_once(
    datastores: list[Datastore], tmp_path: Path
) -> None:
    inventory = Inventory("center", datastores, lanes(tmp_path), patience=0.5)
    assert (await inventory.spaces())["nas"] == UNREACHABLE
    begun = time.monotonic()
    for _ in range(100):
        assert (await inventory.spaces())["nas"] == UNREACHABLE
    assert time.monotonic() - begun < 100 * 0.5
    await until_accessible(inventory, "disk")
    assert len(Hanging.asked) == 1
    assert Hanging.asked != [threading.get_ident()]
    Hanging.released.set()  # the end of the loop waits for its threads


async def test_one_that_answers_again_is_there_again(datastores: list[Datastore], tmp_path: Path) -> None:
    inventory = Inventory("center", datastores, lanes(tmp_path), patience=0.05)
    await inventory.spaces()
    Hanging.released.set()
    assert (await until_accessible(inventory, "nas")).capacity == (await until_accessible(inventory, "disk")).capacity


async def test_what_was_found_is_told_for_a_while(
    datastores: list[Datastore], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inventory = Inventory("center", datastores, lanes(tmp_path), patience=PATIENCE_SECONDS)
    monkeypatch.setattr("contentlib.inventory._FRESH_SECONDS", 3600.0)
    Hanging.released.set()
    for _ in range(3):
        assert (await inventory.spaces())["nas"].accessible
    assert len(Hanging.asked) == 1
    monkeypatch.setattr("contentlib.inventory._FRESH_SECONDS", 0.0)
    await inventory.spaces()
    assert len(Hanging.asked) == 2
