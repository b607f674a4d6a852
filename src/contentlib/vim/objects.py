"""The managed objects: which types there are, which properties each has, and the objects of this server.

The tables below are all that the property collector knows. A property is a function from the world and the object's
identifier to a value; None is a property that is not set.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

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
)
from contentlib.vim.values import Array, Data, Enum, Fields, Long, Reference, Value

Property = Callable[["World", str], Value | None]

_REFERENCE = "ManagedObjectReference"
ROOT_FOLDER = Reference("Folder", ROOT.id)
_DATACENTER = Reference("Datacenter", DATACENTER)
_INSIDE = (VM_FOLDER, HOST_FOLDER, DATASTORE_FOLDER, NETWORK_FOLDER)
_CHILD_TYPES = {
    ROOT.id: ("Folder", "Datacenter"),
    VM_FOLDER.id: ("Folder", "VirtualMachine", "VirtualApp"),
    HOST_FOLDER.id: ("Folder", "ComputeResource"),
    DATASTORE_FOLDER.id: ("Folder", "Datastore", "StoragePod"),
    NETWORK_FOLDER.id: ("Folder", "Network", "DistributedVirtualSwitch"),
}
_LARGEST_FILE = 62 * 2**40

SINGLETONS = {
    "ServiceInstance": Reference("ServiceInstance", "ServiceInstance"),
    "PropertyCollector": Reference("PropertyCollector", "propertyCollector"),
    "ViewManager": Reference("ViewManager", "ViewManager"),
    "SessionManager": Reference("SessionManager", "SessionManager"),
    "SearchIndex": Reference("SearchIndex", "SearchIndex"),
}


@dataclass(frozen=True, slots=True)
class World:
    """What the properties are read from."""

    inventory: Inventory
    content: Data

    def datastore(self, identifier: str) -> Datastore:
        """The datastore of that identifier, which exists."""
        return next(each for each in self.inventory.datastores if each.id == identifier)

    def exists(self, target: Reference) -> bool:
        """Whether there is such an object."""
        if target.type == "ContainerView":
            return view_of(target) is not None
        return target in SINGLETONS.values() or target in set(_entities(self.inventory))

    def read(self, target: Reference, path: str) -> Value | None:
        """The property at a dotted path; KeyError where the type has none of that name."""
        name, *inner = path.split(".")
        value = properties_of(target.type)[name](self, target.id)
        for step in inner:
            if not isinstance(value, Data):
                raise KeyError(path)
            value = value.fields[step]
        return value


class View(msgspec.Struct, frozen=True):
    """A container view. It is not kept: its identifier holds all that it is, so every process knows every view."""

    container: str
    container_type: str
    types: tuple[str, ...]
    recursive: bool

    def reference(self) -> Reference:
        """The view as a managed object."""
        packed = base64.urlsafe_b64encode(msgspec.json.encode(self)).decode().rstrip("=")
        return Reference("ContainerView", f"view-{packed}")


def view_of(target: Reference) -> View | None:
    """The view that a reference names, or None."""
    packed = target.id.removeprefix("view-")
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)), type=View)
    except (binascii.Error, ValueError, msgspec.DecodeError):
        return None


def is_a(kind: str, wanted: str) -> bool:
    """Whether a type is another one or inherits from it."""
    while kind != wanted:
        if kind not in _BASES:
            return False
        kind = _BASES[kind]
    return True


def properties_of(kind: str) -> Mapping[str, Property]:
    """The properties of a type, the inherited ones among them."""
    own = _PROPERTIES.get(kind, {})
    return {**properties_of(_BASES[kind]), **own} if kind in _BASES else own


def children(world: World, target: Reference) -> list[Reference]:
    """The objects right below another one in the inventory."""
    if target == ROOT_FOLDER:
        return [_DATACENTER]
    if target == _DATACENTER:
        return [Reference("Folder", folder.id) for folder in _INSIDE]
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


def _entities(inventory: Inventory) -> Iterator[Reference]:
    yield from (Reference("Folder", folder.id) for folder in FOLDERS)
    yield _DATACENTER
    for each in inventory.datastores:
        yield Reference("Datastore", each.id)
        yield Reference("HostDatastoreBrowser", f"browser-{each.id}")


def _none(of: str) -> Property:
    return lambda _world, _identifier: Array(of)


def _constant(value: Value) -> Property:
    return lambda _world, _identifier: value


def _references(world: World, identifier: str, kind: str) -> Array:
    return Array(_REFERENCE, children(world, Reference(kind, identifier)))


def _datastores(world: World, _identifier: str) -> Array:
    return Array(_REFERENCE, [Reference("Datastore", each.id) for each in world.inventory.datastores])


def _folder_name(_world: World, identifier: str) -> str:
    return next(folder.name for folder in FOLDERS if folder.id == identifier)


def _url(datastore: Datastore) -> str:
    return f"ds:///vmfs/volumes/{datastore.id}/"


def _summary(world: World, identifier: str) -> Data:
    datastore = world.datastore(identifier)
    space = datastore.space()
    return Data(
        "DatastoreSummary",
        {
            "datastore": Reference("Datastore", identifier),
            "name": datastore.name,
            "url": _url(datastore),
            "capacity": Long(space.capacity),
            "freeSpace": Long(space.free),
            "uncommitted": Long(0),
            "accessible": space.accessible,
            "multipleHostAccess": False,
            "type": "NFS",
            "maintenanceMode": "normal",
        },
    )


def _info(world: World, identifier: str) -> Data:
    datastore = world.datastore(identifier)
    fields: Fields = {
        "name": datastore.name,
        "url": _url(datastore),
        "freeSpace": Long(datastore.space().free),
        "maxFileSize": Long(_LARGEST_FILE),
    }
    return Data("DatastoreInfo", fields)


_CAPABILITY = Data(
    "DatastoreCapability",
    {
        "directoryHierarchySupported": True,
        "rawDiskMappingsSupported": False,
        "perFileThinProvisioningSupported": True,
    },
)


def _view(target: Callable[[World, View], Value]) -> Property:
    def read(world: World, identifier: str) -> Value | None:
        view = view_of(Reference("ContainerView", identifier))
        return None if view is None else target(world, view)

    return read


_BASES = {
    "ManagedEntity": "ExtensibleManagedObject",
    "Folder": "ManagedEntity",
    "Datacenter": "ManagedEntity",
    "Datastore": "ManagedEntity",
    "ManagedObjectView": "View",
    "ContainerView": "ManagedObjectView",
}
"""Type -> the type that it inherits from."""

_PROPERTIES: dict[str, dict[str, Property]] = {
    "ExtensibleManagedObject": {"value": _none("CustomFieldValue"), "availableField": _none("CustomFieldDef")},
    "ManagedEntity": {
        "alarmActionsEnabled": _constant(value=False),
        "configIssue": _none("Event"),
        "configStatus": _constant(Enum("ManagedEntityStatus", "green")),
        "customValue": _none("CustomFieldValue"),
        "declaredAlarmState": _none("AlarmState"),
        "disabledMethod": _none("string"),
        "effectiveRole": _none("int"),
        "overallStatus": _constant(Enum("ManagedEntityStatus", "green")),
        "permission": _none("Permission"),
        "recentTask": _none(_REFERENCE),
        "tag": _none("Tag"),
        "triggeredAlarmState": _none("AlarmState"),
    },
    "Folder": {
        "name": _folder_name,
        "parent": lambda _world, identifier: None if identifier == ROOT.id else _DATACENTER,
        "childEntity": lambda world, identifier: _references(world, identifier, "Folder"),
        "childType": lambda _world, identifier: Array("string", _CHILD_TYPES[identifier]),
    },
    "Datacenter": {
        "name": lambda world, _identifier: world.inventory.datacenter,
        "parent": _constant(ROOT_FOLDER),
        "vmFolder": _constant(Reference("Folder", VM_FOLDER.id)),
        "hostFolder": _constant(Reference("Folder", HOST_FOLDER.id)),
        "datastoreFolder": _constant(Reference("Folder", DATASTORE_FOLDER.id)),
        "networkFolder": _constant(Reference("Folder", NETWORK_FOLDER.id)),
        "datastore": _datastores,
        "network": _none(_REFERENCE),
    },
    "Datastore": {
        "name": lambda world, identifier: world.datastore(identifier).name,
        "parent": _constant(Reference("Folder", DATASTORE_FOLDER.id)),
        "browser": lambda _world, identifier: Reference("HostDatastoreBrowser", f"browser-{identifier}"),
        "capability": _constant(_CAPABILITY),
        "host": _none("DatastoreHostMount"),
        "info": _info,
        "summary": _summary,
        "vm": _none(_REFERENCE),
    },
    "HostDatastoreBrowser": {"datastore": _datastores},
    "ServiceInstance": {"content": lambda world, _identifier: world.content},
    "PropertyCollector": {"filter": _none(_REFERENCE)},
    "ViewManager": {"viewList": _none(_REFERENCE)},
    "SessionManager": {"defaultLocale": _constant("en"), "supportedLocaleList": _constant(Array("string", ("en",)))},
    "ContainerView": {
        "container": _view(lambda _world, view: Reference(view.container_type, view.container)),
        "recursive": _view(lambda _world, view: view.recursive),
        "type": _view(lambda _world, view: Array("string", view.types)),
        "view": _view(lambda world, view: Array(_REFERENCE, contained(world, view))),
    },
}
"""Type -> its own properties."""
