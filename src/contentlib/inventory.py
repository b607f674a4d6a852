"""Provides the part of a vSphere inventory that tools read before they use a content library.

The inventory has one datacenter with four folders, and a datastore for each storage. It cannot be changed.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from contentlib.library.bytes.storages import Lane

DATACENTER = "datacenter-1"
_FRESH_SECONDS = 1.0
_UNLIMITED = 1 << 50


@dataclass(frozen=True, slots=True)
class Space:
    """Bytes of a datastore, and whether it can be reached."""

    capacity: int
    free: int
    accessible: bool


UNREACHABLE = Space(0, 0, accessible=False)


@dataclass(frozen=True, slots=True)
class Datastore:
    """A storage as tools see it. `check` raises OSError if its disk is not the expected one.

    One without a path is not limited; tools see a petabyte, all of it free, because they compare it with what they need.
    """

    id: str
    name: str
    path: Path | None
    check: Callable[[], object] = lambda: None

    def space(self) -> Space:
        """Asks the file system for its space, which can block."""
        try:
            self.check()
            if self.path is None:
                return Space(_UNLIMITED, _UNLIMITED, accessible=True)
            found = os.statvfs(self.path)
        except OSError:
            return UNREACHABLE
        return Space(found.f_blocks * found.f_frsize, found.f_bavail * found.f_frsize, accessible=True)


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder. `kind` is the type of its content: DATACENTER, DATASTORE, HOST, NETWORK or VIRTUAL_MACHINE."""

    id: str
    name: str
    kind: str


ROOT = Folder("group-d1", "Datacenters", "DATACENTER")
VM_FOLDER = Folder("group-v1", "vm", "VIRTUAL_MACHINE")
HOST_FOLDER = Folder("group-h1", "host", "HOST")
DATASTORE_FOLDER = Folder("group-s1", "datastore", "DATASTORE")
NETWORK_FOLDER = Folder("group-n1", "network", "NETWORK")
FOLDERS = (ROOT, VM_FOLDER, HOST_FOLDER, DATASTORE_FOLDER, NETWORK_FOLDER)


class Inventory:
    """The datacenter's name and its datastores.

    Their space is requested in the lanes of the storages, at most once per second. A datastore whose file system does not
    answer for `patience` seconds is not accessible until it answers.
    """

    def __init__(
        self, datacenter: str, datastores: Sequence[Datastore], on: Callable[[str], Lane], patience: float = 0.5
    ) -> None:
        self.datacenter = datacenter
        self.datastores = datastores
        self._patience = patience
        self._on = on
        self._looks: dict[str, _Look] = {}

    def objects(self) -> list[tuple[str, str]]:
        """Type and identifier of all objects, as the Web Services name them."""
        folders, datastores = (("Folder", each.id) for each in FOLDERS), (("Datastore", each.id) for each in self.datastores)
        return [("Datacenter", DATACENTER), *folders, *datastores]

    async def spaces(self) -> dict[str, Space]:
        """The space of each datastore, by its identifier."""
        found = await asyncio.gather(*(self.space(each) for each in self.datastores))
        return {each.id: space for each, space in zip(self.datastores, found, strict=True)}

    async def space(self, datastore: Datastore) -> Space:
        """The space of a datastore."""
        look, now = self._looks.get(datastore.id), time.monotonic()
        if look is None or (look.found.done() and now - look.begun >= _FRESH_SECONDS):
            look = self._looks[datastore.id] = _Look(asyncio.ensure_future(self._ask(datastore)), now)
        await asyncio.wait({look.found}, timeout=max(0.0, look.begun + self._patience - now))
        return look.found.result() if look.found.done() else UNREACHABLE

    async def _ask(self, datastore: Datastore) -> Space:
        try:
            return await self._on(datastore.id).run(datastore.space)
        except OSError:  # it has fallen silent
            return UNREACHABLE


@dataclass(frozen=True, slots=True)
class _Look:
    """A request to a file system. Only one runs at a time."""

    found: asyncio.Future[Space]
    begun: float
