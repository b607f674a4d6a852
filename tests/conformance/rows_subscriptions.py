"""The rows of the subscriptions of published libraries."""

from __future__ import annotations

from uuid import uuid4

from conformance.forms import Arguments
from conformance.rows import ONE_ADMINISTRATOR, STORAGE_FAILS, How, Row
from conformance.world import NOBODY, World

_BACKING = {"type": "DATASTORE", "datastore_id": "datastore-1"}
_NEW = {"automatic_sync_enabled": False, "on_demand": True, "storage_backings": [_BACKING]}
_PLACEMENT = {
    "cluster": "domain-c1",
    "folder": "group-v3",
    "host": "host-1",
    "network": "network-2",
    "resource_pool": "resgroup-4",
}
_NEVER_ASKED = "no vCenter is asked when a subscription is changed, but when it is published to"


def _created(world: World, library: str | None = None, **more: object) -> Arguments:
    new = {"name": world.name("subscriber"), "description": "new", **_NEW}
    return _subscribed(library or world.publisher, target="CREATE_NEW", new_subscribed_library=new, **more)


def _again(world: World) -> Arguments:
    """The library that was made for a subscription is used for another one."""
    info = world.call("library.subscriptions.get", library=world.publisher, subscription=world.subscriber)
    return _subscribed(world.publisher, target="USE_EXISTING", subscribed_library=info["subscribed_library"])


def _subscribed(library: str, **more: object) -> Arguments:
    spec = {"location": "LOCAL", "placement": _PLACEMENT, **more}
    return {"client_token": str(uuid4()), "library": library, "spec": {"subscribed_library": spec}}


def _one(world: World, library: str | None = None, **more: object) -> Arguments:
    return {"library": library or world.publisher, "subscription": world.subscriber, **more}


def _changed(world: World, library: str | None = None, **more: object) -> Arguments:
    return _one(world, library, spec={"subscribed_library_placement": _PLACEMENT, **more})


def _listed(world: World) -> Arguments:
    assert world.subscriber
    return {"library": world.publisher}


_ON_ONE: dict[str, How] = {
    "error": STORAGE_FAILS,
    "invalid_element_type": lambda world: _one(world, world.follower),
    "not_allowed_in_current_state": lambda world: _one(world, world.shared),
    "not_found": lambda world: {"library": world.publisher, "subscription": NOBODY},
    "unauthorized": ONE_ADMINISTRATOR,
}

SUBSCRIPTIONS = {
    "create": Row(
        _created,
        {
            "already_exists": _again,
            "error": STORAGE_FAILS,
            "invalid_argument": lambda world: _created(world, location="REMOTE", vcenter={"hostname": ""}),
            "invalid_element_type": lambda world: _created(world, world.follower),
            "not_allowed_in_current_state": lambda world: _created(world, world.shared),
            "not_found": lambda world: _created(world, NOBODY),
            "resource_inaccessible": lambda world: _created(world, location="REMOTE", vcenter={"hostname": "vc.example"}),
            "unauthorized": ONE_ADMINISTRATOR,
        },
    ),
    "get": Row(_one, {"invalid_argument": "an identifier that no subscription has is not found", **_ON_ONE}),
    "list": Row(
        _listed,
        {
            "error": STORAGE_FAILS,
            "invalid_element_type": lambda world: {"library": world.follower},
            "not_allowed_in_current_state": lambda world: {"library": world.shared},
            "not_found": lambda _: {"library": NOBODY},
            "unauthorized": ONE_ADMINISTRATOR,
        },
    ),
    "update": Row(
        _changed,
        {
            "error": STORAGE_FAILS,
            "invalid_argument": lambda world: _changed(world, subscribed_library_vcenter={"hostname": "vc.example"}),
            "invalid_element_type": lambda world: _changed(world, world.follower),
            "not_allowed_in_current_state": lambda world: _changed(world, world.shared),
            "not_found": lambda world: _changed(world, NOBODY),
            "resource_inaccessible": _NEVER_ASKED,
            "unauthorized": ONE_ADMINISTRATOR,
        },
    ),
    "delete": Row(lambda world: {"library": world.publisher, "subscription": world.new_subscriber()}, _ON_ONE),
}
