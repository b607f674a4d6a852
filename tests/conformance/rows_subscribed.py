"""The rows of subscribed libraries and their items; what they follow is on the server itself."""

from __future__ import annotations

from uuid import uuid4

from conformance.forms import Arguments
from conformance.rows import NO_CONTENT, AtOnce, How, Make, Row
from conformance.world import NOBODY, NOWHERE, World

_BACKING = {"type": "DATASTORE", "datastore_id": "datastore-1"}
_ALL_IN_A_TASK = "the publisher is asked by a task, which then fails; what is called for is only that it begins"


def _with_one(world: World) -> Arguments:
    """No arguments; there is a subscribed library to be listed."""
    assert world.follower
    return {}


def _created(world: World, **more: object) -> Arguments:
    spec = {"name": world.name("follower"), "subscription_info": world.subscription(), "storage_backings": [_BACKING]}
    return {"client_token": str(uuid4()), "create_spec": {**spec, **more}}


def _changed(world: World, library: str | None = None, **subscription: object) -> Arguments:
    return {"library_id": library or world.following(), "update_spec": {"subscription_info": subscription}}


_LOCAL: Make = lambda world: {"library_id": world.shared}  # noqa: E731 - a cell of the table
_MISSING: Make = lambda _: {"library_id": NOBODY}  # noqa: E731 - a cell of the table
_WRONG: dict[str, How] = {"invalid_element_type": _LOCAL, "not_found": _MISSING}
_DELETE: dict[str, How] = {"not_allowed_in_current_state": lambda world: {"library_id": world.still}, **_WRONG}

LIBRARIES = {
    "create": Row(
        _created,
        {
            "invalid_argument": lambda world: {"create_spec": {"name": world.name("follower")}},
            "resource_inaccessible": lambda world: _created(world, subscription_info=world.subscription(NOWHERE)),
            "unsupported": lambda world: _created(world, storage_backings=[_BACKING, _BACKING]),
        },
    ),
    "get": Row(lambda world: {"library_id": world.follower}, _WRONG),
    "list": Row(_with_one),
    "update": Row(
        lambda world: _changed(world, automatic_sync_enabled=True, on_demand=False),
        {
            "concurrent_change": lambda world: {"library_id": world.follower, "update_spec": {"version": "99"}},
            "invalid_argument": lambda world: _changed(world, world.follower, subscription_url="ftp://example/lib.json"),
            "invalid_element_type": lambda world: _changed(world, world.shared, on_demand=True),
            "not_allowed_in_current_state": NO_CONTENT,
            "not_found": lambda world: _changed(world, NOBODY, on_demand=True),
            "resource_busy": AtOnce(lambda world: _changed(world, subscription_url=world.address(world.published()))),
            "resource_inaccessible": lambda world: _changed(world, world.follower, subscription_url=NOWHERE),
        },
    ),
    "delete": Row(lambda world: {"library_id": world.following()}, _DELETE),
    "force_delete": Row(lambda world: {"library_id": world.following()}, _WRONG),
    "sync": Row(
        lambda world: {"library_id": world.following()},
        {
            **_DELETE,
            "invalid_argument": "there is nothing in the call that could be wrong but the library",
            "resource_inaccessible": _ALL_IN_A_TASK,
        },
    ),
    "evict": Row(
        lambda world: {"library_id": world.following()},
        {**_WRONG, "not_allowed_in_current_state": lambda world: {"library_id": world.keeper}},
    ),
    "probe": Row(lambda world: {"subscription_info": world.subscription()}),
}

ITEMS = {
    "sync": Row(
        lambda world: {"library_item_id": world.followed, "force_sync_content": True, "sync_optional_files": True},
        {
            "invalid_element_type": lambda world: {"library_item_id": world.kept, "force_sync_content": True},
            "not_allowed_in_current_state": lambda world: {
                "library_item_id": world.item_in(world.still),
                "force_sync_content": True,
            },
            "not_found": lambda _: {"library_item_id": NOBODY, "force_sync_content": True},
        },
    ),
    "evict": Row(
        lambda world: {"library_item_id": world.followed},
        {
            "invalid_element_configuration": lambda world: {"library_item_id": world.item_in(world.keeper)},
            "invalid_element_type": lambda world: {"library_item_id": world.kept},
            "not_allowed_in_current_state": lambda world: {"library_item_id": world.item_in(world.still)},
            "not_found": lambda _: {"library_item_id": NOBODY},
        },
    ),
}
