"""The rows of OVF packages and their deployment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import packages
from conformance.forms import Arguments
from conformance.rows import ONE_ADMINISTRATOR, How, Row
from conformance.world import NOBODY, World

_TARGET = {"target": {"resource_pool_id": "resgroup-1"}}
_NO_HOSTS = "nothing is deployed here: the answer is `unsupported`, which says where the item can be deployed from"
_NO_MACHINES = "there are no virtual machines here: the answer is `unsupported`, which says so"


def package(world: World) -> str:
    """A new item with an OVF package."""
    item = world.item(type="ovf")
    session = world.changing(item)
    for name, content in packages.package().items():
        world.upload(session, content, name)
    world.call("library.item.update_session.complete", update_session_id=session)
    return item


def _deployment(world: World, **more: Any) -> Arguments:
    return {"ovf_library_item_id": world.kept, **_TARGET, "deployment_spec": {"accept_all_EULA": True}, **more}


_DEPLOY: Mapping[str, How] = {
    "invalid_argument": _NO_HOSTS,
    "not_found": lambda world: _deployment(world, ovf_library_item_id=NOBODY),
    "resource_inaccessible": _NO_HOSTS,
    "unauthorized": ONE_ADMINISTRATOR,
}
_CREATE: Mapping[str, How] = dict.fromkeys(
    ("invalid_argument", "not_allowed_in_current_state", "not_found", "resource_busy", "resource_inaccessible"), _NO_MACHINES
)
_MACHINE = {"source": {"type": "VirtualMachine", "id": "vm-12"}, "create_spec": {"name": "machine"}}

LIBRARY_ITEMS = {
    "filter": Row(
        lambda world: {"ovf_library_item_id": package(world), **_TARGET},
        {
            "invalid_argument": lambda world: {"ovf_library_item_id": world.kept, **_TARGET},
            "not_found": lambda _: {"ovf_library_item_id": NOBODY, **_TARGET},
            "resource_inaccessible": lambda world: {"ovf_library_item_id": world.damaged(package(world)), **_TARGET},
        },
    ),
    "deploy": Row(_deployment, _DEPLOY, refused="unsupported"),
    "create": Row(lambda world: {**_MACHINE, "target": {"library_id": world.shared}}, _CREATE, refused="unsupported"),
}

EXPORT_FLAGS = {"list": Row(lambda _: {})}

IMPORT_FLAGS = {"list": Row(lambda _: {"rp": "resgroup-1"}, {"not_found": "flags do not depend on the resource pool"})}
