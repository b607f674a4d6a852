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
from contentlib.library.ports import Nodes, Places


class TransferLimits:
    """The limits of one of the `processes` of a server, which share `places`.

    Where there are other `nodes`, each process has an equal part of the bandwidth, and a machine has a part of the places.
    """

    def __init__(
        self,
        configurations: Configurations,
        places: Places | None = None,
        processes: int = 1,
        nodes: Nodes | None = None,
    ) -> None:
        self._configurations = configurations
        self.places = places
        self._processes = processes
        self._nodes = nodes
        self._all = self._here = processes
        defaults = Configuration()
        self.throttle = Throttle()
        self.item_syncs = Slots(defaults.maximum_concurrent_item_syncs, "item syncs", places)
        self.pool = defaults.transfer_threads_pool_size
        self._priority_pool = defaults.priority_transfer_threads_pool_size
        self._files = Slots(self.pool, "files", places)
        self._descriptors = Slots(self._priority_pool, "descriptors", places)
        self._hosts: dict[str, Slots] = {}
        self._per_host = defaults.transfer_nfc_max_concurrent_transfers_per_host

    async def start(self) -> None:
        """Puts all of the configuration in force; the sizes of the pools stay as they are then."""
        found = await self._configurations.get()
        self.pool = found.transfer_threads_pool_size
        self._priority_pool = found.priority_transfer_threads_pool_size
        self._apply(found)

    async def refresh(self) -> None:
        """Applies changed values that need no restart, and the number of processes. Must be called periodically."""
        if self._nodes is not None:
            self._here = max(len(await self._nodes.here_running()), self._processes)
            self._all = max(len(await self._nodes.running()), self._here)
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
        places = self._hosts.setdefault(host, Slots(self._per_host, f"host {host}", self.places))
        try:
            async with places.one():
                yield
        finally:
            if places.idle:
                self._hosts.pop(host, None)

    def _apply(self, found: Configuration) -> None:
        self.throttle.limit = found.transfer_throttling_bandwidth_total / self._all
        self._files.allow(self.part(self.pool))
        self._descriptors.allow(self.part(self._priority_pool))
        self.item_syncs.allow(self.part(found.maximum_concurrent_item_syncs))
        self._per_host = self.part(found.transfer_nfc_max_concurrent_transfers_per_host)
        for places in self._hosts.values():
            places.allow(self._per_host)

    def part(self, all_together: int) -> int:
        """Returns the part of this machine of a limit, at least one; all machines together have about the whole."""
        return -(-all_together * self._here // self._all)
