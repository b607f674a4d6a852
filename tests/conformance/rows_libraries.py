"""The rows of login sessions, configuration, types and libraries."""

from __future__ import annotations

from uuid import uuid4

from conformance.forms import Arguments
from conformance.rows import NO_CONTENT, ONE_ADMINISTRATOR, STORAGE_FAILS, AtOnce, How, Make, Row
from conformance.servers import ADMINISTRATOR
from conformance.world import NOBODY, World

_BACKING = {"type": "DATASTORE", "datastore_id": "datastore-1"}
_OTHER = {"type": "DATASTORE", "datastore_id": "datastore-2"}
_MISSING: Make = lambda _: {"library_id": NOBODY}  # noqa: E731 - a cell of the table
_LOGIN = {"service_unavailable": STORAGE_FAILS}


def _migration(library: str, *backings: dict[str, str]) -> Arguments:
    """A library that goes to a storage."""
    return {"library_id": library, "migrate_spec": {"storage_backings": list(backings)}}


def _with_one(world: World) -> Arguments:
    """No arguments; there is a library to be listed."""
    assert world.shared
    return {}


SESSIONS = {
    "create": Row(lambda _: {}, _LOGIN, caller=lambda _: ADMINISTRATOR),
    "get": Row(lambda _: {}, _LOGIN),
    "delete": Row(lambda _: {}, _LOGIN, caller=lambda world: world.login()),
}

CONFIGURATION = {
    "get": Row(lambda _: {}),
    "update": Row(
        lambda _: {"model": {"automatic_sync_enabled": True, "automatic_sync_start_hour": 20}},
        {"invalid_argument": lambda _: {"model": {"automatic_sync_start_hour": 24}}},
    ),
}

TYPES = {"list": Row(lambda _: {})}

_UPKEEP_FAILS: dict[str, How] = {"error": STORAGE_FAILS, "not_found": _MISSING, "unauthorized": ONE_ADMINISTRATOR}
_KEPT_STILL: Make = lambda world: {"library_id": world.kept_still()}  # noqa: E731 - a cell of the table
_ACTIVE: Make = lambda world: {"library_id": world.shared}  # noqa: E731 - a cell of the table
_NO_TEMPLATES = "only for templates of virtual machines that are checked out, which are not there"
_IN_USE: Make = lambda world: {"library_id": world.used()}  # noqa: E731 - a cell of the table
_DELETE: dict[str, How] = {"not_allowed_in_current_state": _IN_USE, "not_found": _MISSING}
_FORCE: dict[str, How] = {
    "not_allowed_in_current_state": "only for templates of virtual machines that are checked out, which there are none of here",
    "not_found": _MISSING,
}


def _converted(library: str) -> Arguments:
    return {"library_id": library, "conversion_spec": {"conversion_type": "TO_PUBLISHED_LIBRARY"}}


LIBRARIES = {
    "list": Row(_with_one),
    "get": Row(lambda world: {"library_id": world.shared}, {"not_found": _MISSING}),
    "find": Row(
        lambda world: {"spec": {"name": world.shared_name.upper(), "type": "LOCAL", "storage_backing": _BACKING}},
        {"invalid_argument": lambda _: {"spec": {}}},
    ),
    "update": Row(
        lambda world: {"library_id": world.library(), "update_spec": {"name": "ünïcode & <signs>", "description": "new"}},
        {
            "invalid_argument": lambda world: {"library_id": world.shared, "update_spec": {"name": "n" * 81}},
            "not_found": lambda _: {"library_id": NOBODY, "update_spec": {"name": "new"}},
        },
    ),
    "delete": Row(lambda world: {"library_id": world.library()}, _DELETE),
    "force_delete": Row(lambda world: {"library_id": world.used()}, _FORCE),
    "migrate": Row(
        lambda world: _migration(world.library(), _OTHER),
        {
            "already_in_desired_state": lambda world: _migration(world.shared, _BACKING),
            "error": STORAGE_FAILS,
            "invalid_argument": lambda world: _migration(world.shared, {"type": "NO_TYPE"}),
            "not_allowed_in_current_state": lambda world: _migration(world.kept_still(), _OTHER),
            "not_found": lambda _: _migration(NOBODY, _OTHER),
            "unauthorized": ONE_ADMINISTRATOR,
            "unsupported": lambda world: _migration(world.shared, _OTHER, _OTHER),
        },
    ),
    "convert": Row(
        lambda world: _converted(world.synchronized()),
        {
            "error": STORAGE_FAILS,
            "invalid_argument": lambda world: {**_converted(world.shared), "conversion_spec": {"conversion_type": "NO_TYPE"}},
            "invalid_element_type": lambda world: _converted(world.shared),
            "not_allowed_in_current_state": lambda world: _converted(world.following()),
            "not_found": lambda _: _converted(NOBODY),
            "unauthorized": ONE_ADMINISTRATOR,
        },
    ),
    "enter_maintenance": Row(
        lambda world: {"library_id": world.library()}, {"not_allowed_in_current_state": _KEPT_STILL, **_UPKEEP_FAILS}
    ),
    "exit_maintenance": Row(_KEPT_STILL, {"not_allowed_in_current_state": _ACTIVE, **_UPKEEP_FAILS}),
}

_SECRET = {"published": True, "authentication_method": "BASIC", "password": "s3cret"}
_FOLLOWER: Make = lambda world: {"library_id": world.follower}  # noqa: E731 - a cell of the table
_LOCAL_DELETE: dict[str, How] = {"invalid_element_type": _FOLLOWER, **_DELETE}

LOCAL_LIBRARIES = {
    "create": Row(
        lambda world: {
            "client_token": str(uuid4()),
            "create_spec": {
                "name": world.name("library"),
                "description": "",
                "storage_backings": [_BACKING],
                "publish_info": _SECRET,
                "optimization_info": {"optimize_remote_publishing": True},
                "configuration_info": {"apply_library_usage_to_items": True},
            },
        },
        {
            "invalid_argument": lambda _: {"create_spec": {"description": "without a name"}},
            "unsupported": lambda world: {
                "create_spec": {"name": world.name("library"), "storage_backings": [_BACKING, _BACKING]}
            },
        },
    ),
    "get": Row(lambda world: {"library_id": world.shared}, {"invalid_element_type": _FOLLOWER, "not_found": _MISSING}),
    "list": Row(_with_one),
    "update": Row(
        lambda world: {
            "library_id": world.library(),
            "update_spec": {
                "type": "LOCAL",
                "version": "1",
                "publish_info": {
                    "published": True,
                    "authentication_method": "BASIC",
                    "user_name": "vcsp",
                    "password": "s3cret",
                    "persist_json_enabled": False,
                },
            },
        },
        {
            "concurrent_change": lambda world: {"library_id": world.shared, "update_spec": {"version": "99"}},
            "invalid_argument": lambda world: {
                "library_id": world.shared,
                "update_spec": {"publish_info": {"authentication_method": "BASIC"}},
            },
            "invalid_element_type": lambda world: {"library_id": world.follower, "update_spec": {"name": "new"}},
            "not_allowed_in_current_state": NO_CONTENT,
            "not_found": lambda _: {"library_id": NOBODY, "update_spec": {"name": "new"}},
            "resource_busy": AtOnce(lambda world: {"library_id": world.library(), "update_spec": {"publish_info": _SECRET}}),
        },
    ),
    "delete": Row(lambda world: {"library_id": world.library()}, _LOCAL_DELETE),
    "force_delete": Row(lambda world: {"library_id": world.used()}, {"invalid_element_type": _FOLLOWER, **_FORCE}),
    "publish": Row(
        lambda world: {"library_id": world.publisher, "subscriptions": [{"subscription": world.subscriber}]},
        {
            "error": lambda world: {"library_id": world.publisher, "subscriptions": [{"subscription": world.elsewhere()}]},
            "invalid_argument": lambda world: {"library_id": world.published(), "subscriptions": [{"subscription": NOBODY}]},
            "invalid_element_type": _FOLLOWER,
            "not_allowed_in_current_state": lambda world: {"library_id": world.shared},
            "not_found": _MISSING,
            "unauthorized": ONE_ADMINISTRATOR,
        },
    ),
}

_URN = {"resource_urn": "urn:vmomi:namespace:ns-1"}
_NO_USAGE: dict[str, How] = {
    "not_found": lambda world: {"library": world.shared, "usage": NOBODY},
    "unauthorized": ONE_ADMINISTRATOR,
}


def _usage(world: World) -> Arguments:
    library = world.library()
    return {"library": library, "usage": world.usage(library)}


USAGES = {
    "add": Row(
        lambda world: {"library": world.library(), "spec": _URN},
        {
            "already_exists": lambda world: {"library": world.used(), "spec": {"resource_urn": "urn:vmomi:vm:vm-12"}},
            "invalid_argument": lambda world: {"library": world.shared, "spec": {"resource_urn": "vm-12"}},
            "not_found": lambda _: {"library": NOBODY, "spec": _URN},
            "unauthorized": ONE_ADMINISTRATOR,
        },
    ),
    "get": Row(_usage, _NO_USAGE),
    "list": Row(
        lambda world: {"library": world.used()},
        {"not_found": lambda _: {"library": NOBODY}, "unauthorized": ONE_ADMINISTRATOR},
    ),
    "remove": Row(_usage, _NO_USAGE),
}
