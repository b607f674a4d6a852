"""Tests the objects of login sessions: how many there may be, and how long they are kept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from backends import BACKEND
from contentlib.library.ports import MetadataStore
from contentlib.vim.faults import VimFault
from contentlib.vim.login_objects import LONGEST, LoginObjects
from contentlib.vim.values import Reference
from whole import HandClock

VIEW = Reference("ListView", "list-1:2")
HOUR = 3600


@pytest.fixture
async def store(data_dir: Path) -> AsyncIterator[MetadataStore]:
    opened = BACKEND.open_rows(data_dir / "contentlib.db")
    yield opened
    await opened.close()


async def forget(store: MetadataStore, clock: HandClock) -> None:
    async with store.transaction(durable=False) as transaction:
        await transaction.tokens.forget(clock.now())


async def test_objects_are_kept_in_order_for_their_session(store: MetadataStore, clock: HandClock) -> None:
    objects = LoginObjects(store, clock)
    async with objects.changing("a") as kept:
        kept |= {Reference("X", "2"): "two", VIEW: "a view", Reference("X", "1"): "one"}
    assert list((await objects.of("a")).items()) == list(kept.items())
    assert await objects.of("b") == {}


async def test_what_is_used_is_kept_and_what_is_not_is_dropped(store: MetadataStore, clock: HandClock) -> None:
    objects = LoginObjects(store, clock)
    async with objects.changing("a") as kept:
        kept[VIEW] = "a view"
    for _ in range(5):
        clock.pass_seconds(0.7 * HOUR)
        await forget(store, clock)
        assert await objects.of("a") == {VIEW: "a view"}
    clock.pass_seconds(1.1 * HOUR)
    await forget(store, clock)
    assert await objects.of("a") == {}


async def test_nothing_is_left_of_a_session_without_objects(store: MetadataStore, clock: HandClock) -> None:
    objects = LoginObjects(store, clock)
    async with objects.changing("a") as kept:
        kept[VIEW] = "a view"
    async with objects.changing("a") as kept:
        del kept[VIEW]
    clock.pass_seconds(24 * HOUR)
    async with store.transaction(durable=False) as transaction:
        assert await transaction.tokens.forget(clock.now()) == 0


async def test_too_much_changes_nothing(store: MetadataStore, clock: HandClock) -> None:
    objects = LoginObjects(store, clock)
    async with objects.changing("a") as kept:
        kept[VIEW] = "a view"
    with pytest.raises(VimFault, match="a session has at most 64 filters"):
        async with objects.changing("a") as kept:
            kept[Reference("X", "1")] = "x" * LONGEST
    assert await objects.of("a") == {VIEW: "a view"}
