"""Defines the managed objects of this server, their types and their relations."""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from contentlib.inventory import (
    DATACENTER,
    DATASTORE_FOLDER,
    FOLDERS,
    HOST_FOLDER,
    NETWORK_FOLDER,
    ROOT,
    VM_FOLDER,
    Datastore,
    Inventory,
    Space,
)
from contentlib.vim.managers import MANAGERS, SEARCH_INDEX, SESSION_MANAGER
from contentlib.vim.searches import TASK, search_in
from contentlib.vim.values import Array, Data, Reference

ROOT_FOLDER = Reference("Folder", ROOT.id)
THE_DATACENTER = Reference("Datacenter", DATACENTER)
_IN_IT = (VM_FOLDER, HOST_FOLDER, DATASTORE_FOLDER, NETWORK_FOLDER)

SINGLETONS = {
    "ServiceInstance": Reference("ServiceInstance", "ServiceInstance"),
    "PropertyCollector": Reference("PropertyCollector", "propertyCollector"),
    "ViewManager": Reference("ViewManager", "ViewManager"),
    "SessionManager": SESSION_MANAGER,
    "SearchIndex": SEARCH_INDEX,
}


@dataclass(frozen=True, slots=True)
class World:
    """The data from which properties are read."""

    inventory: Inventory
    content: Data
    now: int = 0
    session: Data | None = None  # the caller's own, if any
    sessions: Sequence[Data] = ()  # of the caller's user
    spaces: Mapping[str, Space] = field(default_factory=dict)
    searches: Mapping[str, Data] = field(default_factory=dict)  # the TaskInfo of each search that the call names
    tasks: Mapping[str, Data] = field(default_factory=dict)  # the TaskInfo of each recent task, where the call is about tasks
    lists: Mapping[str, Sequence[Reference]] = field(default_factory=dict)  # the objects of each list view that it names
    pages: Mapping[str, Array] = field(default_factory=dict)  # the latest page of each task collector that it names

    def datastore(self, identifier: str) -> Datastore:
        """The datastore of that identifier, which exists."""
        return next(each for each in self.inventory.datastores if each.id == identifier)

    def exists(self, target: Reference) -> bool:
        """Whether the object exists."""
        if target.type == "ContainerView":  # clients can construct one
            view = view_of(target)
            return view is not None and self.exists(Reference(view.container_type, view.container))
        if target.type == LIST_VIEW:
            return target.id in self.lists or listed_in(target) is not None
        if target.type == COLLECTOR:
            return target.id in self.pages
        if target.type == TASK:
            return target.id in self.tasks or search_in(target) is not None
        return target in _FIXED or _is_of_datastore(self.inventory, target)


MOST_TYPES, LONGEST_TYPE = 64, 80
"""Types of a container view, and characters of each."""


class View(msgspec.Struct, frozen=True):
    """A container view. It is not stored: its identifier contains its definition, so every process knows every view."""

    container: str
    container_type: str
    types: tuple[str, ...]
    recursive: bool

    @property
    def has_few_types(self) -> bool:
        """Whether it names no more types than any client needs."""
        return len(self.types) <= MOST_TYPES and all(len(each) <= LONGEST_TYPE for each in self.types)

    def reference(self) -> Reference:
        """The view as a managed object."""
        packed = base64.urlsafe_b64encode(msgspec.json.encode(self)).decode().rstrip("=")
        return Reference("ContainerView", f"view-{packed}")


def view_of(target: Reference) -> View | None:
    """The view that a reference names, or None."""
    packed = target.id.removeprefix("view-")
    try:
        found = msgspec.json.decode(base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)), type=View)
    except (binascii.Error, ValueError, msgspec.DecodeError):
        return None
    return found if found.has_few_types else None


COLLECTOR = "TaskHistoryCollector"
LIST_VIEW = "ListView"
MOST_LISTED = 1000
"""Objects of a list view."""


def list_view(objects: Iterable[Reference]) -> Reference:
    """A new list view, whose identifier contains its objects. Other list views are left out."""
    listed = [(each.type, each.id) for each in objects if each.type != LIST_VIEW]
    packed = base64.urlsafe_b64encode(msgspec.json.encode(listed)).decode()
    return Reference(LIST_VIEW, f"list-{secrets.token_hex(8)}.{packed}")


def listed_in(target: Reference) -> list[Reference] | None:
    """The objects of the list view that a reference names, or None."""
    try:
        packed = base64.urlsafe_b64decode(target.id.removeprefix("list-").partition(".")[2])
        listed = msgspec.json.decode(packed, type=list[tuple[str, str]])
    except (binascii.Error, ValueError, msgspec.DecodeError):
        return None
    if len(listed) > MOST_LISTED:
        return None
    return [Reference(kind, identifier) for kind, identifier in listed if kind != LIST_VIEW]


BASES = {
    "ManagedEntity": "ExtensibleManagedObject",
    "Folder": "ManagedEntity",
    "Datacenter": "ManagedEntity",
    "Datastore": "ManagedEntity",
    "Task": "ExtensibleManagedObject",
    COLLECTOR: "HistoryCollector",
    "ManagedObjectView": "View",
    "ContainerView": "ManagedObjectView",
    "ListView": "ManagedObjectView",
}
"""Type -> the type that it inherits from."""


TYPES = frozenset(
    (
        *(each.type for each in (*SINGLETONS.values(), *MANAGERS)),
        *(
            "ContainerView",
            "Datacenter",
            "Datastore",
            "Folder",
            "HostDatastoreBrowser",
            LIST_VIEW,
            "PropertyFilter",
            TASK,
            COLLECTOR,
        ),
    )
)
"""The types of the objects of this server."""


def is_a(kind: str, wanted: str) -> bool:
    """Whether a type equals another one or inherits from it."""
    while kind != wanted:
        if kind not in BASES:
            return False
        kind = BASES[kind]
    return True


def children(world: World, target: Reference) -> list[Reference]:
    """Returns the direct children of an object in the inventory."""
    if target == ROOT_FOLDER:
        return [THE_DATACENTER]
    if target == THE_DATACENTER:
        return [Reference("Folder", folder.id) for folder in _IN_IT]
    if target == Reference("Folder", DATASTORE_FOLDER.id):
        return [Reference("Datastore", each.id) for each in world.inventory.datastores]
    return []


def contained(world: World, view: View) -> list[Reference]:
    """The objects of a container view."""
    found, waiting = [], children(world, Reference(view.container_type, view.container))
    while waiting:
        each = waiting.pop(0)
        if not view.types or any(is_a(each.type, wanted) for wanted in view.types):
            found.append(each)
        if view.recursive:
            waiting += children(world, each)
    return found


_FIXED = frozenset((*SINGLETONS.values(), *MANAGERS, *(Reference("Folder", folder.id) for folder in FOLDERS), THE_DATACENTER))
"""The objects of each server. A call may name thousands of objects, so each is looked up in no time."""
_OF_DATASTORES = {"Datastore": "", "HostDatastoreBrowser": "browser-"}


def _is_of_datastore(inventory: Inventory, target: Reference) -> bool:
    prefix = _OF_DATASTORES.get(target.type)
    return prefix is not None and any(target.id == f"{prefix}{each.id}" for each in inventory.datastores)
