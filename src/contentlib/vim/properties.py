"""Defines the properties of the managed objects.

A property is a function of the world and the object's identifier. None means that the property is unset, which differs from a
property that the type does not have.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from contentlib.inventory import DATASTORE_FOLDER, FOLDERS, HOST_FOLDER, NETWORK_FOLDER, ROOT, VM_FOLDER, Datastore
from contentlib.vapi.types import DateTime
from contentlib.vim import managers
from contentlib.vim.login_objects import MOST
from contentlib.vim.objects import (
    BASES,
    COLLECTOR,
    LIST_VIEW,
    ROOT_FOLDER,
    THE_DATACENTER,
    View,
    World,
    children,
    contained,
    listed_in,
    view_of,
)
from contentlib.vim.values import Array, Data, Enum, Fields, Long, Reference, Typed, Value

Property = Callable[[World, str], Value | None]

_REFERENCE = "ManagedObjectReference"
_CHILD_TYPES = {
    ROOT.id: ("Folder", "Datacenter"),
    VM_FOLDER.id: ("Folder", "VirtualMachine", "VirtualApp"),
    HOST_FOLDER.id: ("Folder", "ComputeResource"),
    DATASTORE_FOLDER.id: ("Folder", "Datastore", "StoragePod"),
    NETWORK_FOLDER.id: ("Folder", "Network", "DistributedVirtualSwitch"),
}
_LARGEST_FILE = 62 * 2**40


def read(world: World, target: Reference, path: str) -> Value | None:
    """The property at a dotted path; KeyError where the type has none of that name."""
    name, *inner = path.split(".")
    value = properties_of(target.type)[name](world, target.id)
    for step in inner:
        if value is None:
            return None
        if not isinstance(value, Data):
            raise KeyError(path)
        value = value.fields[step]
        value = value.value if isinstance(value, Typed) else value
    return value


def properties_of(kind: str) -> Mapping[str, Property]:
    """The properties of a type, the inherited ones among them."""
    own = _PROPERTIES.get(kind, {})
    return {**properties_of(BASES[kind]), **own} if kind in BASES else own


def _none(of: str) -> Property:
    return lambda _world, _identifier: Array(of)


def _constant(value: Value | None) -> Property:
    return lambda _world, _identifier: value


def _unset(_world: World, _identifier: str) -> None:
    return None


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
    space = world.spaces[identifier]
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
    unset = ("timestamp", "containerId", "aliasOf", "supportedVDiskFormats", "logicalSectorSize", "physicalSectorSize")
    fields: Fields = {
        "name": datastore.name,
        "url": _url(datastore),
        "freeSpace": Long(world.spaces[identifier].free),
        "maxFileSize": Long(_LARGEST_FILE),
        "maxVirtualDiskCapacity": Long(_LARGEST_FILE),
        "maxMemoryFileSize": Long(_LARGEST_FILE),
        **dict.fromkeys(unset),
    }
    return Data("DatastoreInfo", fields)


_CAPABILITY = Data(
    "DatastoreCapability",
    {
        "directoryHierarchySupported": True,
        "rawDiskMappingsSupported": False,
        "perFileThinProvisioningSupported": True,
        "storageIORMSupported": False,
        "nativeSnapshotSupported": False,
        "topLevelDirectoryCreateSupported": True,
        "seSparseSupported": False,
        "vmfsSparseSupported": False,
        "vsanSparseSupported": False,
        "upitSupported": None,
        "vmdkExpandSupported": None,
        "clusteredVmdkSupported": None,
    },
)
_SERVER_CAPABILITY = Data(
    "Capability",
    {
        "provisioningSupported": False,
        "multiHostSupported": True,
        "userShellAccessSupported": False,
        "supportedEVCMode": Array("EVCMode"),
        "supportedEVCGraphicsMode": Array("FeatureEVCMode"),
        "networkBackupAndRestoreSupported": False,
        "ftDrsWithoutEvcSupported": None,
        "hciWorkflowSupported": None,
        "computePolicyVersion": None,
        "clusterPlacementSupported": None,
        "lifecycleManagementSupported": None,
        "hostSeedingSupported": None,
        "scalableSharesSupported": None,
        "hadcsSupported": None,
        "configMgmtSupported": None,
    },
)
_LOCALES = Array("string", ("en",))
_TASK_DESCRIPTION = Data(
    "TaskDescription",
    {"methodInfo": Array("ElementDescription"), "state": Array("ElementDescription"), "reason": Array("TypeDescription")},
)


def _view(target: Callable[[World, View], Value]) -> Property:
    def read(world: World, identifier: str) -> Value | None:
        view = view_of(Reference("ContainerView", identifier))
        return None if view is None else target(world, view)

    return read


def _listed(world: World, identifier: str) -> list[Reference]:
    """The objects of a list view that are still there."""
    listed = world.lists.get(identifier) or listed_in(Reference(LIST_VIEW, identifier)) or ()
    return [each for each in listed if world.exists(each)]


OPEN = {
    "ServiceInstance": {"content"},
    "SessionManager": {"currentSession", "defaultLocale", "messageLocaleList", "supportedLocaleList"},
}
"""What can be read without a login; by `currentSession` clients find out whether they still have one."""

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
        "parent": lambda _world, identifier: None if identifier == ROOT.id else THE_DATACENTER,
        "childEntity": lambda world, identifier: _references(world, identifier, "Folder"),
        "childType": lambda _world, identifier: Array("string", _CHILD_TYPES[identifier]),
        "externallyManagedFolderInfo": _unset,
        "namespace": _unset,
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
        "configuration": _constant(Data("DatacenterConfigInfo", {"defaultHardwareVersionKey": None})),
    },
    "Datastore": {
        "name": lambda world, identifier: world.datastore(identifier).name,
        "parent": _constant(Reference("Folder", DATASTORE_FOLDER.id)),
        "browser": lambda _world, identifier: Reference("HostDatastoreBrowser", f"browser-{identifier}"),
        "capability": _constant(_CAPABILITY),
        "host": _none("DatastoreHostMount"),
        "info": _info,
        "iormConfiguration": _unset,
        "summary": _summary,
        "vm": _none(_REFERENCE),
    },
    "HostDatastoreBrowser": {"datastore": _datastores, "supportedType": _none("FileQuery")},
    "Task": {"info": lambda world, identifier: world.searches.get(identifier) or world.tasks[identifier]},
    "TaskManager": {
        "description": _constant(_TASK_DESCRIPTION),
        "maxCollector": _constant(MOST),
        "recentTask": lambda world, _identifier: Array(_REFERENCE, [Reference("Task", each) for each in world.tasks]),
    },
    "HistoryCollector": {"filter": _unset},
    COLLECTOR: {"latestPage": lambda world, identifier: world.pages[identifier]},
    "ServiceInstance": {
        "content": lambda world, _identifier: world.content,
        "capability": _constant(_SERVER_CAPABILITY),
        "serverClock": lambda world, _identifier: DateTime(world.now),
    },
    "PropertyCollector": {"filter": _none(_REFERENCE)},
    "ViewManager": {"viewList": _none(_REFERENCE)},
    "SessionManager": {
        "currentSession": lambda world, _identifier: world.session,
        "sessionList": lambda world, _identifier: Array("UserSession", world.sessions),
        "message": _unset,
        "messageLocaleList": _constant(_LOCALES),
        "supportedLocaleList": _constant(_LOCALES),
        "defaultLocale": _constant("en"),
    },
    "ContainerView": {
        "container": _view(lambda _world, view: Reference(view.container_type, view.container)),
        "recursive": _view(lambda _world, view: view.recursive),
        "type": _view(lambda _world, view: Array("string", view.types)),
        "view": _view(lambda world, view: Array(_REFERENCE, contained(world, view))),
    },
    LIST_VIEW: {"view": lambda world, identifier: Array(_REFERENCE, _listed(world, identifier))},
    **{kind: {name: _constant(value) for name, value in each.items()} for kind, each in managers.PROPERTIES.items()},
}
"""Type -> its own properties."""
