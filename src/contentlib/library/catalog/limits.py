"""Applies the configured transfer limits in a process.

Values that need no restart take effect as soon as they are read. A transfer acquires a place for its host before one in its
pool, so that a slow host does not use up the pool.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from contentlib.library.bytes.slots import Slots
from contentlib.library.bytes.throttle import Throttle
from contentlib.library.catalog.configuration import Configuration, Configurations
from contentlib.library.packages import ovf


class TransferLimits:
    """The limits of one of some `processes`, which share each of them; a process may always do one thing at a time."""

    def __init__(self, configurations: Configurations, processes: int = 1) -> None:
        self._configurations = configurations
        self._processes = processes
        defaults = Configuration()
        self.throttle = Throttle()
        self.item_syncs = Slots(self._part(defaults.maximum_concurrent_item_syncs))
        self.pool = self._part(defaults.transfer_threads_pool_size)
        self._files = Slots(self.pool)
        self._descriptors = Slots(self._part(defaults.priority_transfer_threads_pool_size))
        self._hosts: dict[str, Slots] = {}
        self._per_host = self._part(defaults.transfer_nfc_max_concurrent_transfers_per_host)

    async def start(self) -> None:
        """Puts all of the configuration in force; the sizes of the pools stay as they are then."""
        found = await self._configurations.get()
        self.pool = self._part(found.transfer_threads_pool_size)
        self._files.allow(self.pool)
        self._descriptors.allow(self._part(found.priority_transfer_threads_pool_size))
        self._apply(found)

    async def refresh(self) -> None:
        """Applies changed values that need no restart. Must be called periodically."""
        self._apply(await self._configurations.get())

    @asynccontextmanager
    async def transfer(self, name: str, host: str | None = None) -> AsyncIterator[None]:
        """A place for the transfer of a file, from another host or on this one; descriptors do not wait for large files."""
        pool = self._descriptors if ovf.is_descriptor(name) else self._files
        async with self._at(host), pool.one():
            yield

    @asynccontextmanager
    async def _at(self, host: str | None) -> AsyncIterator[None]:
        if host is None:
            yield
            return
        places = self._hosts.setdefault(host, Slots(self._per_host))
        try:
            async with places.one():
                yield
        finally:
            if places.idle:
                self._hosts.pop(host, None)

    def _apply(self, found: Configuration) -> None:
        self.throttle.limit = found.transfer_throttling_bandwidth_total / self._processes
        self.item_syncs.allow(self._part(found.maximum_concurrent_item_syncs))
        self._per_host = self._part(found.transfer_nfc_max_concurrent_transfers_per_host)
        for places in self._hosts.values():
            places.allow(self._per_host)

    def _part(self, all_together: int) -> int:
        return max(1, all_together // self._processes)
