"""The rows of the services that describe the others."""

from __future__ import annotations

from conformance.rows import Row
from conformance.world import NOBODY

_SERVICE = "com.vmware.content.library"

PROVIDERS = {"get": Row(lambda _: {})}

SERVICES = {
    "list": Row(lambda _: {}),
    "get": Row(lambda _: {"id": _SERVICE}, {"not_found": lambda _: {"id": NOBODY}}),
}

OPERATIONS = {
    "list": Row(lambda _: {"service_id": _SERVICE}, {"not_found": lambda _: {"service_id": NOBODY}}),
    "get": Row(
        lambda _: {"service_id": _SERVICE, "operation_id": "update"},
        {"not_found": lambda _: {"service_id": _SERVICE, "operation_id": NOBODY}},
    ),
}

COMPONENTS = {
    "list": Row(lambda _: {}),
    "get": Row(lambda _: {"component_id": "com.vmware.content"}, {"not_found": lambda _: {"component_id": NOBODY}}),
    "fingerprint": Row(lambda _: {"component_id": "com.vmware.content"}, {"not_found": lambda _: {"component_id": NOBODY}}),
}

PACKAGES = {
    "list": Row(lambda _: {}),
    "get": Row(lambda _: {"package_id": "com.vmware.content"}, {"not_found": lambda _: {"package_id": NOBODY}}),
}

PRIVILEGED = {
    "list": Row(lambda _: {}),
    "get": Row(lambda _: {"service_id": _SERVICE}, {"not_found": lambda _: {"service_id": NOBODY}}),
}

STRUCTURES = {
    "list": Row(lambda _: {}),
    "get": Row(lambda _: {"structure_id": f"{_SERVICE}_model"}, {"not_found": lambda _: {"structure_id": NOBODY}}),
}

ENUMERATIONS = {
    "list": Row(lambda _: {}),
    "get": Row(
        lambda _: {"enumeration_id": f"{_SERVICE}_model.library_type"}, {"not_found": lambda _: {"enumeration_id": NOBODY}}
    ),
}

COMMANDS = {
    "list": Row(lambda _: {"path": _SERVICE}, {"not_found": lambda _: {"path": NOBODY}}),
    "get": Row(
        lambda _: {"identity": {"path": _SERVICE, "name": "find"}},
        {"not_found": lambda _: {"identity": {"path": _SERVICE, "name": NOBODY}}},
    ),
    "fingerprint": Row(lambda _: {}),
}

NAMESPACES = {
    "list": Row(lambda _: {}),
    "get": Row(
        lambda _: {"identity": {"path": "com.vmware.content", "name": "library"}},
        {"not_found": lambda _: {"identity": {"path": "com.vmware.content", "name": NOBODY}}},
    ),
    "fingerprint": Row(lambda _: {}),
}

RESOURCES = {"list": Row(lambda _: {})}

MODELS = {
    "list": Row(lambda _: {"resource_id": "com.vmware.content.Library"}, {"not_found": lambda _: {"resource_id": NOBODY}})
}

HIDDEN = {"list": Row(lambda _: {})}

_OWN = {"source_id": "contentlib"}
_NOT_THERE = {"not_found": lambda _: {"source_id": NOBODY}}
_SPEC = {"spec": {"description": "a server", "type": "REMOTE", "address": "https://other.example/api"}}

SOURCES = {
    "create": Row(
        lambda _: {"source_id": "other", **_SPEC},
        {
            "already_exists": lambda _: {**_OWN, **_SPEC},
            "invalid_argument": "no source is ever added, so none is looked at",
            "not_found": "the same",
        },
        refused="unsupported",
    ),
    "delete": Row(lambda _: _OWN, _NOT_THERE, refused="unsupported"),
    "get": Row(lambda _: _OWN, _NOT_THERE),
    "list": Row(lambda _: {}),
    "reload": Row(lambda _: {}, _NOT_THERE),
    "fingerprint": Row(lambda _: _OWN, _NOT_THERE),
}
