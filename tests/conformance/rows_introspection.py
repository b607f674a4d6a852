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
