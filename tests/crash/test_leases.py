"""What a killed process knew of activity is lost; no session ends because of it."""

from __future__ import annotations

from pathlib import Path

from contentlib.jobs.expire import Expiry
from contentlib.library.model import State
from library.world import LEASE, World


def expiry(world: World) -> Expiry:
    return Expiry(world.metadata, world.updates, world.downloads, world.leases, world.clock, kept=LEASE, idle=10 * LEASE)


async def test_a_start_gives_every_active_session_a_whole_lease(tmp_path: Path) -> None:
    world = World(tmp_path)
    item = await world.item()
    update, download = await world.update(item), await world.download(item)
    world.wait(LEASE - 1)
    await world.updates.get(update)  # the touch is in the memory of a process that is killed now
    world = await world.reopened()
    await expiry(world).renew()
    world.wait(LEASE - 1)
    await expiry(world).run()
    assert (await world.updates.get(update)).state is State.ACTIVE
    assert (await world.downloads.get(download)).state is State.ACTIVE
    await world.metadata.close()


async def test_a_session_that_has_ended_is_not_renewed(tmp_path: Path) -> None:
    world = World(tmp_path)
    update = await world.update(await world.item())
    await world.updates.cancel(update)
    ended = await world.updates.get(update)
    world.wait(1)
    await expiry(world).renew()
    assert await world.updates.get(update) == ended
    await world.metadata.close()
