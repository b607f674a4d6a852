"""The rows of items, their files, and the sessions that change and read them."""

from __future__ import annotations

from uuid import uuid4

from conformance.forms import Arguments
from conformance.rows import ONE_ADMINISTRATOR, STORAGE_FAILS, How, Make, Row
from conformance.world import FILE, NOBODY, World, sha256

_MISSING: Make = lambda _: {"library_item_id": NOBODY}  # noqa: E731 - a cell of the table
_FIXED: dict[str, How] = {
    "invalid_element_type": lambda world: {"library_item_id": world.followed},
    "not_allowed_in_current_state": lambda world: {"library_item_id": world.item_kept_still()},
}


def _published(world: World, subscription: str) -> Arguments:
    return {
        "library_item_id": world.item_in(world.publisher),
        "force_sync_content": True,
        "subscriptions": [{"subscription": subscription}],
    }


ITEMS = {
    "create": Row(
        lambda world: {
            "client_token": str(uuid4()),
            "create_spec": {"library_id": world.shared, "name": world.name("item"), "type": "iso", "description": "an image"},
        },
        {
            "already_exists": lambda world: {"create_spec": {"library_id": world.shared, "name": world.kept_name.upper()}},
            "invalid_argument": lambda world: {"create_spec": {"library_id": world.shared}},
            "invalid_element_type": lambda world: {"create_spec": {"library_id": world.follower, "name": "item"}},
            "not_allowed_in_current_state": lambda world: {"create_spec": {"library_id": world.kept_still(), "name": "item"}},
            "not_found": lambda _: {"create_spec": {"library_id": NOBODY, "name": "item"}},
        },
    ),
    "get": Row(lambda world: {"library_item_id": world.kept}, {"not_found": _MISSING}),
    "list": Row(
        lambda world: {"library_id": world.kept and world.shared},
        {"not_found": lambda _: {"library_id": NOBODY}},
    ),
    "find": Row(
        lambda world: {"spec": {"library_id": world.shared, "name": world.kept_name.upper(), "cached": True}},
        {"invalid_argument": lambda _: {"spec": {}}},
    ),
    "update": Row(
        lambda world: {"library_item_id": world.item(), "update_spec": {"name": world.name("item"), "type": "ovf"}},
        {
            "already_exists": lambda world: {"library_item_id": world.item(), "update_spec": {"name": world.kept_name}},
            "invalid_argument": lambda world: {"library_item_id": world.kept, "update_spec": {"name": "n" * 81}},
            "invalid_element_type": lambda world: {"library_item_id": world.followed, "update_spec": {"name": "item"}},
            "not_allowed_in_current_state": lambda world: {
                "library_item_id": world.item_kept_still(),
                "update_spec": {"name": "item"},
            },
            "not_found": lambda _: {"library_item_id": NOBODY, "update_spec": {"name": "item"}},
        },
    ),
    "delete": Row(lambda world: {"library_item_id": world.full()}, {"not_found": _MISSING, **_FIXED}),
    "copy": Row(
        lambda world: {
            "client_token": str(uuid4()),
            "source_library_item_id": world.kept,
            "destination_create_spec": {"library_id": world.shared, "name": world.name("copy")},
        },
        {
            "invalid_argument": lambda world: {
                "source_library_item_id": world.kept,
                "destination_create_spec": {"name": "a copy without a library"},
            },
            "not_found": lambda world: {
                "source_library_item_id": NOBODY,
                "destination_create_spec": {"library_id": world.shared, "name": world.name("copy")},
            },
            "resource_inaccessible": lambda world: {
                "source_library_item_id": world.damaged(),
                "destination_create_spec": {"library_id": world.shared, "name": world.name("copy")},
            },
            "invalid_element_type": lambda world: {
                "source_library_item_id": world.kept,
                "destination_create_spec": {"library_id": world.follower, "name": world.name("copy")},
            },
            "not_allowed_in_current_state": lambda world: {
                "source_library_item_id": world.kept,
                "destination_create_spec": {"library_id": world.kept_still(), "name": "copy"},
            },
        },
    ),
    "publish": Row(
        lambda world: _published(world, world.subscriber),
        {
            "error": lambda world: _published(world, world.elsewhere()),
            "invalid_argument": lambda world: {
                "library_item_id": world.item(world.published()),
                "force_sync_content": False,
                "subscriptions": [{"subscription": NOBODY}],
            },
            "invalid_element_type": lambda world: {"library_item_id": world.followed, "force_sync_content": False},
            "not_allowed_in_current_state": lambda world: {"library_item_id": world.kept, "force_sync_content": False},
            "not_found": lambda _: {"library_item_id": NOBODY, "force_sync_content": False},
            "unauthorized": ONE_ADMINISTRATOR,
        },
    ),
}

_FILES = "items of every type have files here"

FILES = {
    "get": Row(
        lambda world: {"library_item_id": world.kept, "name": FILE},
        {"not_found": lambda world: {"library_item_id": world.kept, "name": "no such file"}, "unsupported": _FILES},
    ),
    "list": Row(lambda world: {"library_item_id": world.kept}, {"not_found": _MISSING, "unsupported": _FILES}),
}

STORAGE = {
    "get": Row(
        lambda world: {"library_item_id": world.kept, "file_name": FILE},
        {"not_found": lambda world: {"library_item_id": world.kept, "file_name": "no such file"}},
    ),
    "list": Row(lambda world: {"library_item_id": world.kept}, {"not_found": _MISSING}),
}

_READING = {"error": STORAGE_FAILS, "unauthorized": ONE_ADMINISTRATOR}

CHANGES = {
    "list": Row(lambda world: {"library_item": world.kept}, {"not_found": lambda _: {"library_item": NOBODY}, **_READING}),
    "get": Row(
        lambda world: {"library_item": world.kept, "version": "2"},
        {"not_found": lambda world: {"library_item": world.kept, "version": "99"}, **_READING},
    ),
}

_WARNING = [{"type": "SELF_SIGNED_CERTIFICATE", "ignored": True}]
_CHANGING_ENDED: dict[str, How] = {
    "not_allowed_in_current_state": lambda world: {"update_session_id": world.canceled()},
    "not_found": lambda _: {"update_session_id": NOBODY},
}
_CHANGING_FAILED: dict[str, How] = {
    "not_allowed_in_current_state": lambda world: {"update_session_id": world.canceled(), "client_error_message": "no"},
    "not_found": lambda _: {"update_session_id": NOBODY, "client_error_message": "no"},
}

UPDATE_SESSIONS = {
    "create": Row(
        lambda world: {
            "client_token": str(uuid4()),
            "create_spec": {"library_item_id": world.item(), "warning_behavior": _WARNING, "client_progress": 1},
        },
        {
            "invalid_argument": lambda _: {"create_spec": {"client_progress": 1}},
            "invalid_element_type": lambda world: {"create_spec": {"library_item_id": world.followed}},
            "not_found": lambda _: {"create_spec": {"library_item_id": NOBODY}},
            "resource_busy": lambda world: {"create_spec": {"library_item_id": world.item_of(world.changing())}},
        },
    ),
    "get": Row(lambda world: {"update_session_id": world.changing()}, {"not_found": lambda _: {"update_session_id": NOBODY}}),
    "list": Row(lambda world: {"library_item_id": world.item_of(world.changing())}, {"not_found": _MISSING}),
    "update": Row(
        lambda world: {"update_session_id": world.changing(), "update_spec": {"warning_behavior": _WARNING}},
        {
            "invalid_argument": lambda world: {
                "update_session_id": world.changing(),
                "update_spec": {"warning_behavior": [{"type": "NO_TYPE", "ignored": True}]},
            },
            "not_allowed_in_current_state": lambda world: {
                "update_session_id": world.canceled(),
                "update_spec": {"warning_behavior": _WARNING},
            },
            "not_found": lambda _: {"update_session_id": NOBODY, "update_spec": {"warning_behavior": _WARNING}},
        },
    ),
    "complete": Row(
        lambda world: {"update_session_id": world.uploaded()},
        {
            "not_allowed_in_current_state": lambda world: {"update_session_id": world.changing()},
            "not_found": lambda _: {"update_session_id": NOBODY},
        },
    ),
    "keep_alive": Row(lambda world: {"update_session_id": world.changing(), "client_progress": 50}, _CHANGING_ENDED),
    "cancel": Row(lambda world: {"update_session_id": world.changing()}, _CHANGING_ENDED),
    "fail": Row(lambda world: {"update_session_id": world.changing(), "client_error_message": "no"}, _CHANGING_FAILED),
    "delete": Row(
        lambda world: {"update_session_id": world.canceled()},
        {
            "not_allowed_in_current_state": lambda world: {"update_session_id": world.changing()},
            "not_found": lambda _: {"update_session_id": NOBODY},
        },
    ),
}


def _added(world: World, name: str = FILE) -> dict[str, object]:
    checksum = {"algorithm": "SHA256", "checksum": sha256(b"")}
    spec = {"name": name, "source_type": "PUSH", "size": 0, "checksum_info": checksum}
    return {"file_spec": spec, "update_session_id": world.changing()}


_ONE_CHANGED: dict[str, How] = {
    "invalid_argument": lambda world: {"file_name": "no such file", "update_session_id": world.changing()},
    "not_found": lambda _: {"file_name": FILE, "update_session_id": NOBODY},
}

UPDATE_FILES = {
    "add": Row(
        _added,
        {
            "invalid_argument": lambda world: _added(world, "../etc/passwd"),
            "not_allowed_in_current_state": lambda world: _added(world) | {"update_session_id": world.canceled()},
            "not_found": lambda world: _added(world) | {"update_session_id": NOBODY},
            "unauthorized": ONE_ADMINISTRATOR,
        },
    ),
    "get": Row(lambda world: {"file_name": FILE, "update_session_id": world.uploaded()}, _ONE_CHANGED),
    "list": Row(lambda world: {"update_session_id": world.uploaded()}, {"not_found": lambda _: {"update_session_id": NOBODY}}),
    "remove": Row(lambda world: {"file_name": FILE, "update_session_id": world.uploaded()}, _ONE_CHANGED),
    "validate": Row(
        lambda world: {"update_session_id": world.uploaded()},
        {
            "not_allowed_in_current_state": lambda world: {"update_session_id": world.waiting()},
            "not_found": lambda _: {"update_session_id": NOBODY},
        },
    ),
}

_READING_ENDED: dict[str, How] = {
    "not_allowed_in_current_state": lambda world: {"download_session_id": world.read()},
    "not_found": lambda _: {"download_session_id": NOBODY},
}
_GONE: dict[str, How] = {"not_found": lambda _: {"download_session_id": NOBODY}}
_UNUSED = {
    "id": "obj-103",
    "state": "ERROR",
    "client_progress": 1,
    "expiration_time": "2015-01-01T22:13:05.651Z",
    "library_item_content_version": "7",
    "error_message": {"id": "an.id", "default_message": "unused", "args": ["one", "", "ünï & <two>"]},
}
"""What may be sent along and is not looked at."""

DOWNLOAD_SESSIONS = {
    "create": Row(
        lambda world: {"client_token": str(uuid4()), "create_spec": {"library_item_id": world.kept, **_UNUSED}},
        {
            "invalid_argument": lambda _: {"create_spec": {"client_progress": 1}},
            "not_found": lambda _: {"create_spec": {"library_item_id": NOBODY}},
        },
    ),
    "get": Row(lambda world: {"download_session_id": world.reading()}, _GONE),
    "list": Row(lambda world: {"library_item_id": world.kept} if world.reading() else {}, {"not_found": _MISSING}),
    "keep_alive": Row(lambda world: {"download_session_id": world.reading(), "progress": 50}, _READING_ENDED),
    "cancel": Row(lambda world: {"download_session_id": world.reading()}, _READING_ENDED),
    "fail": Row(
        lambda world: {"download_session_id": world.reading(), "client_error_message": "no"},
        {
            "not_allowed_in_current_state": lambda world: {"download_session_id": world.read(), "client_error_message": "no"},
            "not_found": lambda _: {"download_session_id": NOBODY, "client_error_message": "no"},
        },
    ),
    "delete": Row(lambda world: {"download_session_id": world.reading()}, _GONE),
}

_ONE_READ: dict[str, How] = {
    "invalid_argument": lambda world: {"download_session_id": world.reading(), "file_name": "no such file"},
    "not_found": lambda _: {"download_session_id": NOBODY, "file_name": FILE},
}

DOWNLOAD_FILES = {
    "list": Row(lambda world: {"download_session_id": world.reading()}, _GONE),
    "get": Row(lambda world: {"download_session_id": world.reading(), "file_name": FILE}, _ONE_READ),
    "prepare": Row(
        lambda world: {"download_session_id": world.reading(), "file_name": FILE, "endpoint_type": "HTTPS"},
        {**_ONE_READ, "unauthorized": ONE_ADMINISTRATOR},
    ),
}
