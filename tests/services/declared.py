"""Every service that the package declares, and the contract that they are compared with."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

import contentlib.services
from contentlib.vapi.declare import Operation, Service, operations_of
from contentlib.vapi.types import ENUMERATION_NAMES, Enumeration, Structure, Type, fields_of
from contract import bindings

CONTRACT: dict[str, Any] = bindings.whole()


def _services() -> dict[str, type[Service]]:
    for module in pkgutil.iter_modules(contentlib.services.__path__):
        importlib.import_module(f"contentlib.services.{module.name}")
    return {each.vapi_id: each for each in Service.__subclasses__() if each.__module__.startswith("contentlib.services.")}


SERVICES = _services()
"""By identifier, those too that the contract does not know."""

DECLARED: dict[str, Operation] = {
    declared.id: declared
    for name, service in SERVICES.items()
    if name in CONTRACT["services"]
    for declared in operations_of(service)
}
"""The operations of the services that are in the contract, by identifier."""

BESIDE = {"com.vmware.content.library.item.updatesession.file.probe": "govc's `import -pull` asks with it where HEAD fails"}
"""What the contract does not know, and why it is there."""

OPERATIONS = {name: declared for name, declared in DECLARED.items() if name not in BESIDE}


def contract_of(operation: str) -> dict[str, Any]:
    """What the contract says of an operation."""
    service, _, name = operation.rpartition(".")
    found: dict[str, Any] = CONTRACT["services"][service][name]
    return found


def reached() -> tuple[dict[str, type[Structure]], dict[str, type[Enumeration]]]:
    """The structures and enumerations that the operations take or answer, by canonical name."""
    structures: dict[str, type[Structure]] = {}
    enumerations: dict[str, type[Enumeration]] = {}

    def visit(node: Type | None) -> None:
        if node is None:
            return
        if node.kind == "enumeration":
            enumerations[ENUMERATION_NAMES[node.python]] = node.python
        elif node.kind == "structure" and node.python.vapi_name not in structures:
            structures[node.python.vapi_name] = node.python
            for field in fields_of(node.python):
                visit(field.type)
        visit(node.of)
        visit(node.key)

    for operation in DECLARED.values():
        for parameter in operation.parameters:
            visit(parameter.type)
        visit(operation.output)
    return structures, enumerations
