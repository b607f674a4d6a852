"""How full datastores are, also where a file system hangs."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from contentlib.inventory import UNREACHABLE, Datastore, Inventory, Space


class Hanging(Datastore):
    """A datastore whose file system does not answer before it is released; it counts how often it is asked."""

    released = threading.Event()
    asked: ClassVar[list[int]] = []

    def space(self) -> Space:
        self.asked.append(threading.get_ident())
        self.released.wait()
        return super().space()


@pytest.fixture
def inventory(tmp_path: Path) -> Iterator[Inventory]:
    Hanging.released.clear()
    Hanging.asked.clear()
    yield Inventory("center", [Datastore("disk", "disk", tmp_path), Hanging("nas", "nas", tmp_path)], patience=0.05)
    Hanging.released.set()


async def test_one_that_hangs_keeps_nobody_waiting_for_long_and_is_asked_once(inventory: Inventory) -> None:
    spaces = await inventory.spaces()
    assert (spaces["disk"].accessible, spaces["nas"]) == (True, UNREACHABLE)
    begun = time.monotonic()
    for _ in range(20):
        assert (await inventory.spaces())["nas"] == UNREACHABLE
    assert time.monotonic() - begun < 20 * 0.05
    assert await inventory.silent() == ["nas"]
    assert len(Hanging.asked) == 1
    assert Hanging.asked != [threading.get_ident()]


async def test_one_that_answers_again_is_there_again(inventory: Inventory) -> None:
    await inventory.spaces()
    Hanging.released.set()
    for _ in range(100):
        found = await inventory.spaces()
        if found["nas"].accessible:
            break
        await asyncio.sleep(0.01)
    assert found["nas"].capacity == found["disk"].capacity
    assert await inventory.silent() == []


async def test_what_was_found_is_told_for_a_second(inventory: Inventory, monkeypatch: pytest.MonkeyPatch) -> None:
    Hanging.released.set()
    for _ in range(3):
        assert (await inventory.spaces())["nas"].accessible
    assert len(Hanging.asked) == 1
    monkeypatch.setattr("contentlib.inventory._FRESH_SECONDS", 0.0)
    await inventory.spaces()
    assert len(Hanging.asked) == 2
