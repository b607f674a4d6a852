"""Tests which items are gathered, and that those that are there are taken together."""

from __future__ import annotations

import asyncio

import pytest

from contentlib.fetching.gathering import GatheredItem, Gathering, can_be_gathered
from contentlib.library.catalogs import OfferedFile, OfferedItem

SMALL = OfferedFile("a.iso", 10, ("https://theirs.example/a.iso",))


def offered(*files: OfferedFile, kind: str = "iso") -> OfferedItem:
    return OfferedItem("1", "one", kind, "1", files)


async def test_items_that_are_there_are_taken_together_up_to_a_limit() -> None:
    gathering, fetched = Gathering(), GatheredItem(offered(), [])

    async def add() -> None:
        for _ in range(60):
            await gathering.add(fetched)
        await gathering.end()

    adding = asyncio.create_task(add())
    await asyncio.sleep(0)
    taken = []
    while batch := await gathering.take():
        taken.append(len(batch))
    await adding
    assert (sum(taken), max(taken)) == (60, 25)


async def test_an_item_is_not_kept_waiting_for_others() -> None:
    gathering, fetched = Gathering(), GatheredItem(offered(), [])
    await gathering.add(fetched)
    assert await gathering.take() == [fetched]


@pytest.mark.parametrize(
    ("item", "small"),
    [
        (offered(), True),
        (offered(SMALL, SMALL), True),
        (offered(OfferedFile("a.iso", None, SMALL.uris)), False),
        (offered(OfferedFile("a.iso", 1 << 20, SMALL.uris)), False),
        (offered(OfferedFile("a.iso", 1, ("blob:there",))), False),
        (offered(OfferedFile("a.iso", 1, ("file:///import/a.iso",))), False),
        (offered(SMALL, kind="ovf"), False),
        (offered(OfferedFile("a.ovf", 1, SMALL.uris), kind=""), False),
        (offered(*[SMALL] * 9), False),
    ],
)
def test_few_small_files_of_another_server_are_gathered(item: OfferedItem, small: bool) -> None:
    assert can_be_gathered(item) is small
