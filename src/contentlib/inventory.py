"""The little of a vSphere inventory that tools look up before they use a content library.

One datacenter with its four folders, and a datastore for each storage; nothing of it can be changed.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

DATACENTER = "datacenter-1"


@dataclass(frozen=True, slots=True)
class Space:
    """Bytes of a datastore, and whether it can be reached."""

    capacity: int
    free: int
    accessible: bool


@dataclass(frozen=True, slots=True)
class Datastore:
    """A storage as tools see it."""

    id: str
    name: str
    path: Path

    def space(self) -> Space:
        """What the file system says now."""
        try:
            found = os.statvfs(self.path)
        except OSError:
            return Space(0, 0, accessible=False)
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


@dataclass(frozen=True, slots=True)
class Inventory:
    """The datacenter's name and its datastores."""

    datacenter: str
    datastores: Sequence[Datastore]
