"""How much is transferred at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from contentlib.library.bytes.blobs import Blobs
from contentlib.library.catalog.configuration import Configurations
from contentlib.library.catalog.limits import TransferLimits
from contentlib.nodes.local import LocalNodes
from contentlib.nodes.places import LockedPlaces
from library.world import World
from nodes.taken_places import others_places
from processes import PATIENCE_SECONDS


class Crowd:
    """Transfers that begin as soon as they may and go on until they are ended."""

    def __init__(self, limits: TransferLimits) -> None:
        self._limits = limits
        self._ends: dict[str, asyncio.Event] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.running: list[str] = []

    async def begin(self, *names: str, host: str | None = None) -> None:
        for name in names:
            self._ends[name] = asyncio.Event()
            self._tasks[name] = asyncio.create_task(self._transfer(name, host))
        await turns()

    async def end(self, name: str) -> None:
        self._ends[name].set()
        await turns()

    async def cancel(self, name: str) -> None:
        self._tasks[name].cancel()
        await turns()

    async def over(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _transfer(self, name: str, host: str | None) -> None:
        async with self._limits.transfer(name, host):
            self.running.append(name)
            try:
                await self._ends[name].wait()
            finally:
                self.running.remove(name)


async def turns() -> None:
    """Lets everybody go on who can; nothing here waits for anything but one another."""
    for _ in range(20):
        await asyncio.sleep(0)


@pytest.fixture
def configurations(world: World) -> Configurations:
    return Configurations(world.metadata)


@pytest.fixture
async def limits(configurations: Configurations) -> TransferLimits:
    small = {"transfer_threads_pool_size": 2, "priority_transfer_threads_pool_size": 1}
    await configurations.update({**small, "transfer_nfc_max_concurrent_transfers_per_host": 1})
    limits = TransferLimits(configurations)
    await limits.start()
    return limits


@pytest.fixture
async def crowd(limits: TransferLimits) -> AsyncIterator[Crowd]:
    async with AsyncExitStack() as stack:
        crowd = Crowd(limits)
        stack.push_async_callback(crowd.over)
        yield crowd


async def test_no_more_files_are_transferred_at_once_than_the_pool_has(crowd: Crowd) -> None:
    await crowd.begin("a", "b", "c", "d")
    assert crowd.running == ["a", "b"]
    await crowd.end("a")
    assert crowd.running == ["b", "c"]


async def test_descriptors_have_a_pool_of_their_own(crowd: Crowd) -> None:
    await crowd.begin("a", "b", "c", "x.ovf", "Y.OVF")
    assert crowd.running == ["a", "b", "x.ovf"]
    await crowd.end("x.ovf")
    assert crowd.running == ["a", "b", "Y.OVF"]


async def test_one_host_keeps_nothing_of_the_pool_from_others(crowd: Crowd) -> None:
    await crowd.begin("a", "b", "c", host="slow.example")
    await crowd.begin("d", host="other.example")
    assert crowd.running == ["a", "d"]
    await crowd.end("a")
    assert crowd.running == ["d", "b"]


async def test_who_waits_hears_of_a_higher_limit(crowd: Crowd, limits: TransferLimits, configurations: Configurations) -> None:
    await crowd.begin("a", "b", host="slow.example")
    await configurations.update({"transfer_nfc_max_concurrent_transfers_per_host": 2})
    await limits.refresh()
    await turns()
    assert crowd.running == ["a", "b"]


async def test_a_lower_limit_lets_those_end_who_have_begun(
    crowd: Crowd, limits: TransferLimits, configurations: Configurations
) -> None:
    await configurations.update({"transfer_nfc_max_concurrent_transfers_per_host": 2})
    await limits.refresh()
    await crowd.begin("a", "b", "c", host="slow.example")
    await configurations.update({"transfer_nfc_max_concurrent_transfers_per_host": 1})
    await limits.refresh()
    await crowd.end("a")
    assert crowd.running == ["b"]
    await crowd.end("b")
    assert crowd.running == ["c"]


async def test_who_is_cancelled_while_waiting_takes_nobodys_place(crowd: Crowd) -> None:
    await crowd.begin("a", "b", "c", "d", host="slow.example")
    await crowd.cancel("b")
    await crowd.end("a")
    assert crowd.running == ["c"]
    await crowd.cancel("c")
    assert crowd.running == ["d"]


async def test_the_size_of_a_pool_changes_with_the_next_start(
    crowd: Crowd, limits: TransferLimits, configurations: Configurations
) -> None:
    await configurations.update({"transfer_threads_pool_size": 3})
    await limits.refresh()
    await crowd.begin("a", "b", "c")
    assert crowd.running == ["a", "b"]
    await limits.start()
    await turns()
    assert crowd.running == ["a", "b", "c"]


async def test_a_copy_to_another_storage_takes_a_place(crowd: Crowd, limits: TransferLimits, world: World) -> None:
    item = await world.item(await world.library(datastore="datastore-1"))
    await world.complete(item, {"a.iso": b"one"})
    _, file = await world.items.file(item, "a.iso")
    blobs = Blobs(world.metadata, world.store, world.clock, limits.transfer)
    await crowd.begin("a", "b")
    seen: list[list[str]] = []
    copying = asyncio.create_task(blobs.at("datastore-2", file, lambda _: seen.append([*crowd.running])))
    await asyncio.wait({copying}, timeout=0.1)
    await crowd.end("a")
    await copying
    assert seen == [["b"]]


async def test_processes_divide_the_bandwidth_and_nothing_else(configurations: Configurations) -> None:
    changes = {"transfer_threads_pool_size": 7, "transfer_throttling_bandwidth_total": 30, "maximum_concurrent_item_syncs": 2}
    await configurations.update(changes)
    limits = TransferLimits(configurations, processes=3)
    await limits.start()
    assert (limits.pool, limits.throttle.limit, limits.item_syncs.most) == (7, 10, 2)


async def test_a_transfer_waits_for_a_place_that_another_process_has(configurations: Configurations, tmp_path: Path) -> None:
    await configurations.update({"transfer_threads_pool_size": 2, "transfer_nfc_max_concurrent_transfers_per_host": 1})
    limits = TransferLimits(configurations, LockedPlaces(tmp_path / "places"))
    await limits.start()
    with others_places(tmp_path / "places", "files", 2) as release:
        waiting = asyncio.create_task(_transferred(limits))
        await asyncio.wait({waiting}, timeout=0.3)
        assert not waiting.done()
        release()
        async with asyncio.timeout(PATIENCE_SECONDS):
            await waiting


async def _transferred(limits: TransferLimits) -> None:
    async with limits.transfer("a.iso", "host"):
        pass


class _Machines(LocalNodes):
    """The processes of two machines, of which this one has as many as are named first."""

    def __init__(self, here: int, everywhere: int) -> None:
        super().__init__(Path("unused"))
        self._numbers = here, everywhere

    async def here_running(self) -> set[str]:
        """Those of this machine."""
        return {f"process {number}" for number in range(self._numbers[0])}

    async def running(self) -> set[str]:
        """All."""
        return {f"process {number}" for number in range(self._numbers[1])}


async def test_several_machines_divide_the_limits(configurations: Configurations) -> None:
    limits = TransferLimits(configurations, processes=2, nodes=_Machines(2, 6))
    await configurations.update({"maximum_concurrent_item_syncs": 10})
    await limits.start()
    assert limits.item_syncs.most == 10
    await limits.refresh()
    assert limits.item_syncs.most == 4  # a third, rounded up


async def test_old_and_new_processes_of_one_machine_share_its_limits(configurations: Configurations) -> None:
    limits = TransferLimits(configurations, processes=2, nodes=_Machines(4, 4))
    await configurations.update({"maximum_concurrent_item_syncs": 10})
    await limits.start()
    await limits.refresh()
    assert limits.item_syncs.most == 10
