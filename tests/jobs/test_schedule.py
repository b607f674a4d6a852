"""When libraries are synchronized by themselves."""

from __future__ import annotations

import msgspec
import pytest
from msgspec.structs import replace

from contentlib.access.key_ring import KeyRing
from contentlib.access.sealing import RingEncryption
from contentlib.jobs.schedule import Schedule, local_hour
from contentlib.library.catalog.configuration import Configurations
from contentlib.library.catalog.libraries import NewLibrary
from contentlib.library.following.contacts import Contacts
from contentlib.library.following.mirror import Mirror
from contentlib.library.following.own_catalogs import OwnCatalogs, OwnProbes
from contentlib.library.following.own_readers import OwnReaders
from contentlib.library.following.subscribed import SubscribedLibraries
from contentlib.library.following.subscriber_credentials import SubscriberCredentials
from contentlib.library.following.subscription_passwords import SubscriptionPasswords
from contentlib.library.following.subscriptions import Subscriptions
from contentlib.library.following.sync_tasks import SyncArguments, SyncTasks
from contentlib.library.model import LibraryType, Subscription, Task
from contentlib.library.sessions.pulls import takes_http
from contentlib.library.tasks import Tasks, fire
from contentlib.outbound.client import Outbound
from contentlib.outbound.policy import OutboundPolicy
from contentlib.outbound.sources import Sources
from contentlib.vcsp.reading.probing import SubscriptionProbes
from contentlib.vcsp.reading.reader import CatalogReader
from library.world import SaltedPasswords, World

MINUTE = 60_000
INTERVAL = 240 * MINUTE


class Scheduled:
    """Libraries, the schedule, and a clock on the wall that is set by hand."""

    def __init__(self, world: World) -> None:
        client, sources = Outbound(OutboundPolicy()), Sources()
        passwords = SubscriptionPasswords(RingEncryption(KeyRing(world.directory / "key")))
        readers = OwnReaders(
            SaltedPasswords(), SubscriberCredentials(world.metadata, world.clock), Contacts(world.metadata, world.clock)
        )
        catalogs = OwnCatalogs(world.metadata, readers, CatalogReader(client, sources))
        probes = OwnProbes(catalogs, SubscriptionProbes(client, sources))
        subscriptions = Subscriptions(catalogs, probes, passwords, takes_http)
        syncs = SyncTasks(Tasks(world.metadata, world.clock), world.clock)
        subscribed = SubscribedLibraries(world.metadata, world.clock, world.libraries, subscriptions, syncs)
        self.world = world
        self.configurations = Configurations(world.metadata)
        self.hour = 22
        self.mirror = Mirror(world.metadata, world.blobs, world.clock)
        self.schedule = Schedule(world.metadata, subscribed, self.configurations, world.clock, lambda _: self.hour)

    async def library(self, *, automatic: bool = True) -> str:
        draft = await self.world.libraries.draft(NewLibrary("mirror", None, ()), LibraryType.SUBSCRIBED)
        subscription = Subscription("https://publisher.example/lib.json", automatic_sync=automatic)
        async with self.world.metadata.transaction(durable=True) as rows:
            await rows.libraries.add(replace(draft, subscription=subscription))
        return draft.id

    async def begun(self) -> list[str]:
        """The libraries that are synchronized now; their syncs are over at once, as those that find nothing new."""
        await self.schedule.run()
        async with self.world.metadata.transaction(durable=True) as rows:
            tasks = [task for task in await rows.tasks.all() if task.ended is None]
            for task in tasks:
                await rows.tasks.put(replace(fire(task, "canceled"), ended=self.world.clock.time))
        for task in tasks:
            await self.mirror.begin(await self.mirror.library(_library(task)))
        return [_library(task) for task in tasks]


def _library(task: Task) -> str:
    return msgspec.json.decode(task.arguments, type=SyncArguments).library


@pytest.fixture
def scheduled(world: World) -> Scheduled:
    return Scheduled(world)


async def test_a_library_is_synchronized_at_its_interval(scheduled: Scheduled) -> None:
    library = await scheduled.library()
    assert await scheduled.begun() == [library]
    scheduled.world.wait(INTERVAL * 8 // 10)
    assert await scheduled.begun() == []
    scheduled.world.wait(INTERVAL * 4 // 10)
    assert await scheduled.begun() == [library]


async def test_a_clock_that_was_set_back_keeps_no_library_waiting(scheduled: Scheduled) -> None:
    library = await scheduled.library()
    assert await scheduled.begun() == [library]
    scheduled.world.wait(-10 * INTERVAL)
    assert await scheduled.begun() == [library]


async def test_libraries_do_not_all_ask_at_the_same_time(scheduled: Scheduled) -> None:
    libraries = [await scheduled.library() for _ in range(20)]
    assert sorted(await scheduled.begun()) == sorted(libraries)
    scheduled.world.wait(INTERVAL)
    assert 0 < len(await scheduled.begun()) < 20


async def test_only_those_that_take_part_are_synchronized(scheduled: Scheduled) -> None:
    await scheduled.library(automatic=False)
    await scheduled.world.library()
    assert await scheduled.begun() == []


async def test_all_of_it_can_be_turned_off(scheduled: Scheduled) -> None:
    library = await scheduled.library()
    await scheduled.configurations.update({"automatic_sync_enabled": False})
    assert await scheduled.begun() == []
    await scheduled.configurations.update({"automatic_sync_enabled": True})
    assert await scheduled.begun() == [library]


HOURS = (0, 2, 6, 7, 8, 9, 10, 12, 19, 20, 23)


@pytest.mark.parametrize(
    ("start", "stop", "hours"),
    [(20, 7, [0, 2, 6, 20, 23]), (8, 10, [8, 9]), (2, 2, list(HOURS))],
    ids=["over-midnight", "by-day", "all-day"],
)
async def test_outside_its_hours_nothing_begins(scheduled: Scheduled, start: int, stop: int, hours: list[int]) -> None:
    await scheduled.configurations.update({"automatic_sync_start_hour": start, "automatic_sync_stop_hour": stop})
    await scheduled.library()
    begun = []
    for scheduled.hour in HOURS:
        scheduled.world.wait(2 * INTERVAL)
        begun += [scheduled.hour] * len(await scheduled.begun())
    assert begun == hours


def test_hours_are_those_of_this_machine() -> None:
    assert (local_hour(7_200_000) - local_hour(3_600_000)) % 24 == 1


async def test_other_hours_are_in_force_after_the_time_that_the_configuration_said_at_the_start(scheduled: Scheduled) -> None:
    await scheduled.configurations.update({"automatic_sync_setting_refresh_interval": 100})
    library = await scheduled.library()
    scheduled.hour = 12
    assert await scheduled.begun() == []
    await scheduled.configurations.update({"automatic_sync_start_hour": 12, "automatic_sync_setting_refresh_interval": 1})
    scheduled.world.wait(99_000)
    assert await scheduled.begun() == []
    scheduled.world.wait(1_000)
    assert await scheduled.begun() == [library]
