from __future__ import annotations

import asyncio
import time

import pytest

from contentlib.library.bytes.throttle import Throttle

MEGABIT = 125_000


@pytest.mark.parametrize("readers", [1, 4])
async def test_all_together_get_no_more_than_the_limit(readers: int) -> None:
    throttle = Throttle()
    throttle.limit = 100
    begun = time.monotonic()

    async def read() -> None:
        for _ in range(40 // readers):
            await throttle.spend(MEGABIT)

    await asyncio.gather(*(read() for _ in range(readers)))
    assert time.monotonic() - begun >= 0.38


def test_without_a_limit_nobody_waits() -> None:
    throttle = Throttle()
    with pytest.raises(StopIteration):  # it has ended without waiting for anything
        throttle.spend(1 << 30).send(None)
