"""Describes the operations that the contract does not know as the contract describes its own, for the clients of the forms."""

from __future__ import annotations

import re

import pytest

from access.asking import ASKED
from conformance.contract import OPERATIONS as CONTRACT
from conformance.contract import STRUCTURES, type_of
from conformance.contract import Operation as ContractOperation
from contentlib.vapi.declare import Operation
from contentlib.vapi.types import ENUMERATION_NAMES, Type, fields_of


def described(declared: Operation) -> ContractOperation:
    """An operation; on `/rest` it is called by its action, with all arguments in the body or the query."""
    path = f"/rest/{declared.service.replace('.', '/').replace('_', '-')}?~action={declared.name.replace('_', '-')}"
    return ContractOperation(
        declared.service,
        declared.name,
        {each.name: type_of(_notation(each.type)) for each in declared.parameters},
        type_of("void"),
        tuple(each.name for each in declared.errors),
        _api(declared),
        {"method": "POST", "path": path},
    )


def _api(declared: Operation) -> dict[str, object]:
    route = declared.api
    return {
        "method": route.method,
        "path": route.path,
        "path_variables": {name: name for name in re.findall(r"{(\w+)}", route.path)},
        "dispatch_query": route.dispatch,
        "query_parameters": (),
        "header_parameters": route.headers,
        "body_is_parameter": route.body,
        "success_status": route.status,
    }


def _notation(declared: Type) -> str:
    """A type as the contract writes it."""
    match declared.kind:
        case "structure":
            return str(declared.python.vapi_name)
        case "enumeration":
            return ENUMERATION_NAMES[declared.python]
        case "optional" | "list" | "set":
            assert declared.of is not None
            return f"{declared.kind}<{_notation(declared.of)}>"
    return declared.kind


@pytest.fixture
def own_structures(monkeypatch: pytest.MonkeyPatch) -> None:
    """The structures of parameters that the contract does not know are known to the clients of the forms."""

    def add(declared: Type | None) -> None:
        if declared is None:
            return
        if declared.kind == "structure" and declared.python.vapi_name not in STRUCTURES:
            fields = fields_of(declared.python)
            name = declared.python.vapi_name
            monkeypatch.setitem(STRUCTURES, name, {each.name: _notation(each.type) for each in fields})
            for each in fields:
                add(each.type)
        add(declared.of)

    for name, operation in ASKED.items():
        if name not in CONTRACT:
            for each in operation.parameters:
                add(each.type)
