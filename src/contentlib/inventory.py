"""The little of a vSphere inventory that tools look up before they use a content library.

One datacenter with its four folders, and a datastore for each storage; nothing of it can be changed.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

DATACENTER = "datacenter-1"
_FRESH_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Space:
    """Bytes of a datastore, and whether it can be reached."""

    capacity: int
    free: int
    accessible: bool


UNREACHABLE = Space(0, 0, accessible=False)


@dataclass(frozen=True, slots=True)
class Datastore:
    """A storage as tools see it."""

    id: str
    name: str
    path: Path

    def space(self) -> Space:
        """What the file system says now; it may take its time, or not answer at all."""
        try:
            found = os.statvfs(self.path)
        except OSError:
            return UNREACHABLE
        return Space(found.f_blocks * found.f_frsize, found.f_bavail * found.f_frsize, accessible=True)


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder; `kind` is what it holds: DATACENTER, DATASTORE, HOST, NETWORK or VIRTUAL_MACHINE."""

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

    How full they are is looked up in threads, for all who ask within a second. A datastore whose file system does not answer
    for `patience` seconds counts as one that cannot be reached, until it does.
    """

    def __init__(self, datacenter: str, datastores: Sequence[Datastore], patience: float = 2.0) -> None:
        self.datacenter = datacenter
        self.datastores = datastores
        self._patience = patience
        self._threads = ThreadPoolExecutor(len(datastores) or 1, "space")
        self._looks: dict[str, _Look] = {}

    async def spaces(self) -> dict[str, Space]:
        """The space of each datastore, by its identifier."""
        found = await asyncio.gather(*(self.space(each) for each in self.datastores))
        return {each.id: space for each, space in zip(self.datastores, found, strict=True)}

    async def silent(self) -> list[str]:
        """The identifiers of the datastores whose file system does not answer."""
        await self.spaces()
        return [identifier for identifier, look in self._looks.items() if not look.found.done()]

    async def space(self, datastore: Datastore) -> Space:
        """The space of a datastore."""
        look, now = self._looks.get(datastore.id), time.monotonic()
        if look is None or (look.found.done() and now - look.begun >= _FRESH_SECONDS):
            found = asyncio.get_running_loop().run_in_executor(self._threads, datastore.space)
            look = self._looks[datastore.id] = _Look(found, now)
        await asyncio.wait({look.found}, timeout=max(0.0, look.begun + self._patience - now))
        return look.found.result() if look.found.done() else UNREACHABLE


@dataclass(frozen=True, slots=True)
class _Look:
    """A look at a file system; there is no second one while it lasts."""

    found: asyncio.Future[Space]
    begun: float
