"""Tests the reports of quotas that fill up."""

from __future__ import annotations

from contentlib.jobs.quota_watch import QuotaWatch
from contentlib.library.catalog.quotas import Quotas
from contentlib.library.model import FillLevel, HeldAmount, Quota
from library.world import World


async def test_a_quota_is_reported_each_time_that_its_level_rises(world: World) -> None:
    found: list[Quota] = []
    watch = QuotaWatch(Quotas(world.metadata), found.append)
    for held in (79, 80, 90, 95, 100, 10, 81):
        async with world.metadata.transaction(durable=False) as rows:
            await rows.quotas.limit("user:ann", 100, None)
            await rows.quotas.correct("user:ann", HeldAmount(held - 5, 0, 5))
        await watch.run()
    levels = [FillLevel.WARNING, FillLevel.CRITICAL, FillLevel.FULL, FillLevel.WARNING]
    assert [each.level for each in found] == levels


async def test_a_quota_of_items_and_one_without_limits(world: World) -> None:
    assert Quota("user:ann", 1, 19, 0, None, 20).level is FillLevel.CRITICAL
    assert Quota("user:ann", 2**60, 2**60).level is FillLevel.NORMAL
    assert Quota("user:ann", most_bytes=0).level is FillLevel.FULL
    found: list[Quota] = []
    await QuotaWatch(Quotas(world.metadata), found.append).run()
    assert found == []
