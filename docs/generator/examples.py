"""Example requests in `/rest` JSON: made of the declared types, and of a few chosen arguments where all is optional."""

from __future__ import annotations

import json
import re
import uuid
from typing import Any
from urllib.parse import urlencode

from contentlib.vapi.declare import Operation
from contentlib.vapi.types import Field, Type, fields_of
from contentlib.wire.dispatch import rest_address
from contentlib.wire.walk import part


def example_id(name: str) -> str:
    """An identifier that is the same in every run."""
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, name))


_TEXTS = {"name": "photon-5", "file_name": "photon-5.iso", "client_error_message": "the disk is full"}
_PLACE = re.compile(r"{(\w+)}")
_NUMBERS = {"progress": 50, "client_progress": 50}
_LIBRARY, _ITEM = example_id("library_id"), example_id("library_item_id")

CHOSEN: dict[str, dict[str, Any]] = {
    "contentlib.access.audit.verify": {"kept": {"hash": "9f86d081884c7d659a2feaa0c55ad015", "sequence": 1042}},
    "contentlib.access.audit.list": {"marker": "1042", "size": 50},
    "contentlib.events.list": {"after": "1041"},
    "contentlib.library.query": {"spec": {"text": "images", "sort": "SIZE", "descending": True}},
    "contentlib.library.item.query": {"spec": {"text": "ubuntu server", "library": _LIBRARY, "size": 20}},
    "contentlib.library.item.labels.set": {"spec": {"notes": "LTS", "labels": [{"key": "env", "value": "prod"}]}},
    "contentlib.library.labels.set": {"spec": {"notes": "ours", "labels": [{"key": "team", "value": "blue"}]}},
    "com.vmware.content.configuration.update": {"model": {"transfer_throttling_bandwidth_total": 1000}},
    "com.vmware.content.library.find": {"spec": {"name": "images", "type": "LOCAL"}},
    "com.vmware.content.library.update": {"update_spec": {"description": "installation media"}},
    "com.vmware.content.library.item.copy": {"destination_create_spec": {"library_id": _LIBRARY, "name": "copy of photon-5"}},
    "com.vmware.content.library.item.create": {"create_spec": {"library_id": _LIBRARY, "name": "photon-5", "type": "iso"}},
    "com.vmware.content.library.item.find": {"spec": {"library_id": _LIBRARY, "name": "photon-5"}},
    "com.vmware.content.library.item.update": {"update_spec": {"description": "Photon OS 5.0"}},
    "com.vmware.content.library.item.download_session.create": {"create_spec": {"library_item_id": _ITEM}},
    "com.vmware.content.library.item.update_session.create": {"create_spec": {"library_item_id": _ITEM}},
    "com.vmware.content.library.item.update_session.update": {
        "update_spec": {"warning_behavior": [{"type": "SELF_SIGNED_CERTIFICATE", "ignored": True}]}
    },
    "com.vmware.content.library.item.updatesession.file.add": {
        "file_spec": {"name": "photon-5.iso", "source_type": "PUSH", "size": 1073741824}
    },
    "com.vmware.content.local_library.create": {
        "create_spec": {
            "name": "images",
            "description": "installation media",
            "storage_backings": [{"type": "DATASTORE", "datastore_id": "datastore-1"}],
        }
    },
    "com.vmware.content.local_library.update": {
        "update_spec": {"publish_info": {"published": True, "authentication_method": "NONE"}}
    },
    "com.vmware.content.subscribed_library.create": {
        "create_spec": {
            "name": "mirror",
            "subscription_info": {
                "subscription_url": "https://images.example/cls/vcsp/lib/0b9c6f1e-5a53-4c55-9c0e-1d6b0f2a7a11/lib.json",
                "authentication_method": "BASIC",
                "user_name": "vcsp",
                "password": "secret",
                "automatic_sync_enabled": True,
                "on_demand": False,
            },
        }
    },
    "com.vmware.content.subscribed_library.probe": {
        "subscription_info": {"subscription_url": "https://images.example/lib.json", "authentication_method": "NONE"}
    },
    "com.vmware.content.subscribed_library.update": {"update_spec": {"subscription_info": {"on_demand": True}}},
}


def request(operation: Operation) -> tuple[str, str, str | None]:
    """Method, address and body of an example."""
    method, address = rest_address(operation)
    values = arguments(operation)
    for name in _PLACE.findall(address):
        address = address.replace(f"{{{name}}}", str(values.pop(name)))
    if method in ("GET", "DELETE"):
        return method, address + ("?" + urlencode(values) if values else ""), None
    return method, address, json.dumps(values, indent=2) if values else None


def arguments(operation: Operation) -> dict[str, Any]:
    """The arguments of an example: what is chosen, and the required ones."""
    chosen = CHOSEN.get(operation.id, {})
    listed = operation.name == "list"
    return {
        field.name: chosen[field.name] if field.name in chosen else _value(field)
        for field in operation.parameters
        if field.name in chosen or field.required or (listed and _plain(field.type))
    }


def _plain(declared: Type) -> bool:
    return declared.kind == "optional" and part(declared.of).kind in ("id", "string")


def _value(field: Field) -> Any:
    return _of(field.type, field.name)


def _of(declared: Type, name: str) -> Any:
    match declared.kind:
        case "optional" | "list" | "set":
            inner = _of(part(declared.of), name)
            return inner if declared.kind == "optional" else [inner]
        case "structure":
            return {field.name: _value(field) for field in fields_of(declared.python) if field.required}
        case "enumeration":
            return next(iter(declared.python)).value
        case "id":
            return example_id(name)
        case "integer":
            return _NUMBERS.get(name, 1)
        case "boolean":
            return True
    return _TEXTS.get(name, name)
