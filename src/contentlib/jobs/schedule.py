"""Starts automatic syncs of subscribed libraries, within the hours and at the interval of the configuration."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable

from msgspec.structs import replace

from contentlib.library.catalog.configuration import Configuration, Configurations
from contentlib.library.clock import Clock
from contentlib.library.errors import Missing, WrongState
from contentlib.library.following.subscribed import SubscribedLibraries
from contentlib.library.model import Library, LibraryType
from contentlib.library.ports import MetadataStore

_JITTER = 0.1  # of the interval, so that not all libraries of all servers ask at the same time
_NOBODY = ""


def local_hour(now: int) -> int:
    """The hour of a time on this machine's clock."""
    return time.localtime(now / 1000).tm_hour


class Schedule:
    """Begins the syncs that are due."""

    def __init__(
        self,
        metadata: MetadataStore,
        subscribed: SubscribedLibraries,
        configurations: Configurations,
        clock: Clock,
        hour: Callable[[int], int] = local_hour,
    ) -> None:
        self._metadata = metadata
        self._subscribed = subscribed
        self._configurations = configurations
        self._clock = clock
        self._hour = hour
        self._pause: int | None = None
        self._settings: Configuration | None = None
        self._read = 0

    async def run(self) -> None:
        """Checks once. Must be called periodically."""
        now = self._clock.now()
        configuration = await self._seen(now)
        if not configuration.automatic_sync_enabled or not _inside(self._hour(now), configuration):
            return
        async with self._metadata.reading() as transaction:
            identifiers = await transaction.libraries.find(type=LibraryType.SUBSCRIBED)
            found = [await transaction.libraries.get(each) for each in identifiers]
        for library in found:
            if library is not None and _is_due(library, now, configuration.automatic_sync_refresh_interval * 60_000):
                await self._begin(library)

    async def _seen(self, now: int) -> Configuration:
        """Returns the configuration, whose hours and interval are read as rarely as it specified when this process started."""
        found = await self._configurations.get()
        if self._pause is None:
            self._pause = found.automatic_sync_setting_refresh_interval * 1000
        if self._settings is None or now - self._read >= self._pause:
            self._settings, self._read = found, now
        return replace(self._settings, automatic_sync_enabled=found.automatic_sync_enabled)

    async def _begin(self, library: Library) -> None:
        try:
            await self._subscribed.sync(library.id, _NOBODY)
        except (Missing, WrongState):  # deleted meanwhile, or in maintenance
            return


def _inside(hour: int, configuration: Configuration) -> bool:
    """Whether an hour is one of the window, which may begin in the evening; one without a length is the whole day."""
    start, stop = configuration.automatic_sync_start_hour, configuration.automatic_sync_stop_hour
    if start < stop:
        return start <= hour < stop
    return hour >= start or hour < stop


def _is_due(library: Library, now: int, interval: int) -> bool:
    if library.subscription is None or not library.subscription.automatic_sync:
        return False
    tried = None if library.following is None else library.following.tried
    if tried is None or tried > now:  # the clock was set back since
        return True
    return now - tried >= interval * (1 + _JITTER * _chance(f"{library.id}{tried}"))


def _chance(text: str) -> float:
    """Returns a number from -1 to 1 derived from a text, so that all processes compute the same time for a sync."""
    return hashlib.sha256(text.encode()).digest()[0] / 127.5 - 1
